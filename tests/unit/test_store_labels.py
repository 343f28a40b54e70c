"""Label files: they follow the journal, name the edit they show, and are never overwritten behind anybody's back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.errors import BadMask, CannotWrite, LabelNotWritten
from studio.core.items import LabelState
from studio.core.masks import read_head, read_mask, write_mask
from studio.store import Store, label_files

MakeStore = Callable[..., Store]
Striped = Callable[[int], np.ndarray]


def opened(store: Store, item_id: int = 1) -> MaskDocument:
    document = store.open_document(item_id)
    assert isinstance(document, MaskDocument)
    return document


def painted(store: Store, value: int = 1, item_id: int = 1) -> np.ndarray:
    document = opened(store, item_id)
    document.brush((20, 20), (90, 90), 15, value)
    return document.mask.copy()


def outside(path: Path, mask: np.ndarray) -> None:
    """What another program does: a plain grey PNG in the label's place."""
    Image.fromarray(mask).save(path)


def test_after_a_flush_the_file_shows_the_label_in_colour_and_names_its_edit(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    store.flush()
    path = store.label_path(1)
    read, head = read_mask(path)
    assert np.array_equal(read, mask)
    assert head == opened(store).head > 0
    with Image.open(path) as image:
        assert image.mode == "P"


def test_closing_writes_what_is_pending_and_the_file_follows_undo(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    painted(store, 0)
    opened(store).undo()
    store.close()
    with Store.open(store.root) as store:
        assert np.array_equal(read_mask(store.label_path(1))[0], mask)
        opened(store).undo()
        store.flush()
        assert (read_mask(store.label_path(1))[0] == UNLABELLED).all()
        assert store.read_mask(1) is not None


def test_a_file_is_written_by_itself_after_a_moment(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    path = store.label_path(1)
    for _ in range(200):
        if path.exists():
            break
        threading.Event().wait(0.05)
    assert np.array_equal(read_mask(path)[0], mask)


def test_flushing_without_anything_to_do_returns(make_store: MakeStore) -> None:
    store = make_store(1)
    store.flush()
    mask = painted(store)
    store.flush()
    store.flush()
    assert np.array_equal(read_mask(store.label_path(store.item_ids()[0]))[0], mask)


def test_a_label_folder_that_cannot_be_written_costs_no_stroke(make_store: MakeStore) -> None:
    store = make_store(2)
    said: list[str] = []
    store.last_errors.connect(said.append)
    labels = store.root / "labels"
    labels.rmdir()
    labels.write_text("a file where the folder was")
    mask = painted(store)
    with pytest.raises(CannotWrite, match="labels"):
        store.flush()
    assert len(said) == 1 and "nothing was lost" in said[0]
    second = painted(store, 2)
    assert np.array_equal(store.read_mask(1), second)

    labels.unlink()
    store.flush()
    assert np.array_equal(read_mask(store.label_path(1))[0], second)
    assert len(said) == 1
    opened(store).undo()
    assert np.array_equal(opened(store).mask, mask)


def test_a_mistake_while_a_label_is_written_is_told_and_the_next_flush_writes_it(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("unforeseen")

    store = make_store(1)
    said: list[str] = []
    store.last_errors.connect(said.append)
    with monkeypatch.context() as patch:
        patch.setattr("studio.store.label_files.LabelFiles.bring_up_to_date", fail)
        mask = painted(store)
        with pytest.raises(LabelNotWritten, match="unforeseen") as raised:
            store.flush()
        assert isinstance(raised.value.__cause__, KeyError)
    assert len(said) == 1
    store.flush()
    assert np.array_equal(read_mask(store.label_path(1))[0], mask)


def test_a_failed_write_is_tried_again_by_itself(make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.store.label_writer._RETRY_SECONDS", 0.05)
    monkeypatch.setattr("studio.store.label_writer._LONGEST_WAIT_SECONDS", 0.05)
    store = make_store(1)
    failed = threading.Event()
    store.last_errors.connect(lambda _: failed.set())
    labels = store.root / "labels"
    labels.rmdir()
    labels.touch()
    mask = painted(store)
    assert failed.wait(20)
    labels.unlink()
    path = store.label_path(1)
    for _ in range(400):
        if path.exists():
            break
        threading.Event().wait(0.05)
    assert np.array_equal(read_mask(path)[0], mask)


def test_what_could_not_be_written_is_written_at_the_next_start(make_store: MakeStore) -> None:
    store = make_store(1)
    labels = store.root / "labels"
    labels.rmdir()
    labels.touch()
    mask = painted(store)
    store.close()
    labels.unlink()
    with Store.open(store.root) as store:
        assert np.array_equal(store.read_mask(1), mask)
        store.flush()
        assert np.array_equal(read_mask(store.label_path(1))[0], mask)


def test_a_lost_file_is_rebuilt_from_the_journal(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    store.flush()
    store.label_path(1).unlink()
    assert np.array_equal(store.read_mask(1), mask)
    later = painted(store, 0)
    store.flush()
    assert np.array_equal(read_mask(store.label_path(1))[0], later)


def test_a_lost_file_of_an_imported_label_is_rebuilt_once_it_was_changed(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(1)
    store.import_annotations([(1, striped(50))])
    mask = painted(store)
    store.flush()
    store.label_path(1).unlink()
    store.close()
    with Store.open(store.root) as store:
        document = opened(store)
        assert np.array_equal(document.mask, mask)
        document.undo()
        assert np.array_equal(document.mask, striped(50))


def test_an_imported_label_is_safe_from_its_first_stroke_on(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(2)
    outside(store.label_path(2), striped(60))
    store.import_annotations([(1, striped(50))])
    masks = {item_id: painted(store, 1, item_id) for item_id in (1, 2)}
    for item_id in masks:
        store.label_path(item_id).write_bytes(b"spoilt before anything was written")
    with Store.open(store.root) as other:  # the first store has not written yet, as after a crash
        for item_id, mask in masks.items():
            assert np.array_equal(other.read_mask(item_id), mask)


def test_a_lost_file_of_an_untouched_import_says_what_to_do(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(1)
    said: list[str] = []
    store.last_errors.connect(said.append)
    store.import_annotations([(1, striped(50))])
    path = store.label_path(1)
    kept = path.read_bytes()
    path.unlink()
    assert store.read_mask(1) is None
    assert "put it back" in said[0] and str(path) in said[0]
    document = opened(store)
    assert (document.mask == UNLABELLED).all()
    path.write_bytes(kept)
    document.brush((20, 20), (90, 90), 15, 2)
    store.flush()
    shown = read_mask(path)[0]
    assert shown[120, 10] == 1 and shown[50, 50] == 2


def test_a_file_that_another_program_replaced_becomes_the_label_and_undo_stops_there(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(1)
    painted(store)
    store.close()
    path = store.root / "labels" / "f0.png"
    outside(path, striped(70))
    with Store.open(store.root) as store:
        said: list[str] = []
        store.last_errors.connect(said.append)
        document = opened(store)
        assert np.array_equal(document.mask, striped(70))
        assert not document.can_undo
        assert "replaced by another program" in said[0] and "undo stops there" in said[0]
        assert store.counts().by_state[LabelState.LABELLED] == 1
        document.brush((150, 100), (160, 110), 9, 2)
        mask = document.mask.copy()
        said.clear()
    with Store.open(store.root) as store:
        assert np.array_equal(opened(store).mask, mask)
        opened(store).undo()
        assert np.array_equal(opened(store).mask, striped(70))
        assert said == []


def test_strokes_on_a_replaced_file_survive_a_crash_before_it_is_written_again(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(1)
    outside(store.label_path(1), striped(70))
    mask = painted(store)
    with Store.open(store.root) as other:  # the first store has not written yet, as after a crash
        document = opened(other)
        assert np.array_equal(document.mask, mask)
        document.undo()
        assert np.array_equal(document.mask, striped(70))
        document.redo()


def test_a_label_that_lies_there_before_anybody_painted_is_taken_quietly(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(2)
    said: list[str] = []
    store.last_errors.connect(said.append)
    outside(store.label_path(1), striped(70))
    outside(store.label_path(2), np.full((150, 200), UNLABELLED, np.uint8))
    assert np.array_equal(store.read_mask(1), striped(70))
    assert opened(store, 2).item.state is LabelState.UNLABELLED
    assert store.item(1).state is LabelState.LABELLED
    assert said == []


def test_a_label_copied_from_another_item_is_no_edit_of_this_one(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(2)
    store.import_annotations([(1, striped(50)), (2, striped(100))])
    painted(store, item_id=2)
    store.flush()
    store.label_path(2).write_bytes(store.label_path(1).read_bytes())
    store.close()
    with Store.open(store.root) as store:
        assert np.array_equal(opened(store, 2).mask, striped(50))
        assert not opened(store, 2).can_undo


def test_a_file_replaced_while_the_item_is_open_is_kept_beside_the_new_one(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(1)
    said: list[str] = []
    store.last_errors.connect(said.append)
    painted(store)
    store.flush()
    document = opened(store)
    path = store.label_path(1)
    outside(path, striped(70))
    document.brush((150, 100), (160, 110), 9, 2)
    store.flush()
    assert np.array_equal(read_mask(path)[0], document.mask)
    assert np.array_equal(read_mask(path.with_name("f0.replaced-1.png"))[0], striped(70))
    assert "f0.replaced-1.png" in said[0]
    outside(path, striped(80))
    document.undo()
    store.flush()
    assert np.array_equal(read_mask(path.with_name("f0.replaced-2.png"))[0], striped(80))
    assert np.array_equal(read_mask(path)[0], document.mask)


def test_an_older_backup_of_the_label_is_brought_forward(make_store: MakeStore) -> None:
    store = make_store(1)
    painted(store)
    store.flush()
    backup = store.label_path(1).read_bytes()
    mask = painted(store, 2)
    store.close()
    (store.root / "labels" / "f0.png").write_bytes(backup)
    with Store.open(store.root) as store:
        assert np.array_equal(opened(store).mask, mask)


def test_a_label_from_before_it_was_replaced_is_left_for_the_newer_one(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(1)
    painted(store)
    store.flush()
    backup = store.label_path(1).read_bytes()
    store.close()
    path = store.root / "labels" / "f0.png"
    outside(path, striped(70))
    with Store.open(store.root) as store:
        mask = painted(store, 2)
    path.write_bytes(backup)
    with Store.open(store.root) as store:
        document = opened(store)
        assert np.array_equal(document.mask, mask)
        document.brush((150, 100), (160, 110), 9, 2)
        store.flush()
        assert np.array_equal(read_mask(path)[0], document.mask)


def test_a_broken_file_is_rebuilt_and_said_so(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    store.flush()
    store.label_path(1).write_bytes(store.label_path(1).read_bytes()[:60])
    store.close()
    with Store.open(store.root) as store:
        said: list[str] = []
        store.last_errors.connect(said.append)
        assert np.array_equal(opened(store).mask, mask)
        assert "rebuilt from the journal" in said[0]
        later = painted(store, 2)
        store.flush()
        assert np.array_equal(read_mask(store.label_path(1))[0], later)


def test_a_broken_file_that_cannot_be_rebuilt_is_named(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(1)
    store.import_annotations([(1, striped(50))])
    store.label_path(1).write_bytes(b"\x89PNG broken")
    with pytest.raises(BadMask, match=r"f0\.png"):
        store.open_document(1)
    assert store.label_path(1).read_bytes() == b"\x89PNG broken"


def test_a_file_with_ids_that_no_class_has_is_refused_and_left_alone(make_store: MakeStore) -> None:
    store = make_store(1)
    outside(store.label_path(1), np.full((150, 200), 77, np.uint8))
    with pytest.raises(BadMask, match="77"):
        store.open_document(1)
    assert store.item(1).state is LabelState.UNLABELLED


def test_a_file_of_another_size_is_refused_and_left_alone(make_store: MakeStore) -> None:
    store = make_store(1)
    painted(store)
    store.close()
    path = store.root / "labels" / "f0.png"
    write_mask(path, np.zeros((20, 30), np.uint8), store.settings.classes)
    with Store.open(store.root) as store:
        with pytest.raises(BadMask, match="30×20"):
            store.open_document(1)
        assert read_head(path) == 0


def test_an_import_that_cannot_write_a_file_changes_nothing(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(2)
    labels = store.root / "labels"
    labels.rmdir()
    labels.touch()
    with pytest.raises(CannotWrite):
        store.import_annotations([(1, striped(50)), (2, striped(60))])
    assert store.counts().by_state[LabelState.LABELLED] == 0
    assert store._database.execute("SELECT COUNT(*) FROM edits").fetchone() == (0,)


def test_a_database_that_vanishes_is_reported_by_the_writer_and_not_waited_for(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(1)
    said: list[str] = []
    store.last_errors.connect(said.append)

    def refuse(*_: object, **__: object) -> None:
        raise CannotWrite(store.root / "studio.db", "unable to open database file")

    with monkeypatch.context() as patch:
        patch.setattr("studio.store.store.Database", refuse)
        painted(store)
        with pytest.raises(CannotWrite):
            store.flush()
        assert "unable to open" in said[0]
    mask = painted(store, 2)
    store.flush()
    assert np.array_equal(read_mask(store.label_path(1))[0], mask)


def test_the_log_is_folded_into_the_database_behind_the_person_who_paints(make_store: MakeStore) -> None:
    store = make_store(1)
    painted(store)
    store.flush()
    copy = sqlite3.connect(f"file:{store.root / 'studio.db'}?immutable=1", uri=True)  # without the log
    assert copy.execute("SELECT COUNT(*) FROM edits").fetchone() == (1,)
    copy.close()


def test_an_import_whose_file_was_lost_for_good_has_no_label_and_waits_for_it(
    make_store: MakeStore, striped: Striped
) -> None:
    store = make_store(1)
    store.import_annotations([(1, striped(50))])
    path = store.label_path(1)
    kept = path.read_bytes()
    path.unlink()
    opened(store).brush((20, 20), (90, 90), 15, 2)
    store.flush()
    path.unlink()
    labels = store.root / "labels"
    labels.rmdir()
    labels.touch()
    opened(store).undo()
    store.close()
    labels.unlink()
    with Store.open(store.root) as store:
        store.flush()
        assert store.read_mask(1) is None
        labels.mkdir()
        path.write_bytes(kept)
        assert np.array_equal(store.read_mask(1), striped(50))


@pytest.mark.parametrize("action", ["rename", "read_bytes"])
def test_a_foreign_file_that_cannot_be_kept_is_not_written_over(
    make_store: MakeStore, striped: Striped, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    store = make_store(1)
    path = store.label_path(1)
    store.import_annotations([(1, striped(50))])
    document = opened(store)
    if action == "rename":
        document.brush((150, 20), (160, 90), 15, 2)
        outside(path, striped(70))
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, action, refuse)
        document.brush((20, 20), (90, 90), 15, 2)
        with pytest.raises(CannotWrite, match="permission denied"):
            store.flush()
    assert path.read_bytes() == before
    store.flush()
    assert np.array_equal(read_mask(path)[0], document.mask)


def test_two_stores_that_write_one_label_at_the_same_time_end_with_the_newest(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower writer must not leave an older picture that the project believes to be up to date."""
    store = make_store(1)
    painted(store)
    files, database = store._files_for_writer()
    write = label_files.write_mask

    def overtaken(path: Path, mask: np.ndarray, *arguments: object, **options: object) -> None:
        monkeypatch.undo()
        painted(store, 2)
        store.flush()  # the other one writes a newer label first
        write(path, mask, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(label_files, "write_mask", overtaken)
    files.bring_up_to_date(1)
    database.close()
    assert np.array_equal(read_mask(store.label_path(1))[0], opened(store).mask)
    assert store._files.behind() == []


def test_a_store_that_only_looks_leaves_the_writing_to_the_one_that_painted(make_store: MakeStore) -> None:
    store = make_store(1)
    mask = painted(store)
    with Store.open(store.root) as other:
        assert np.array_equal(other.read_mask(1), mask)
    assert not store.label_path(1).exists()
    with Store.open(store.root) as other:
        painted(other, 2)
    assert read_head(store.label_path(1)) > 0
