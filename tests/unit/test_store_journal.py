"""The journal: undo and redo without an end, across restarts, for masks and points."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PIL import Image

from studio.core.classes import UNLABELLED, make_classes
from studio.core.document import MaskDocument, PointsDocument
from studio.core.errors import BadMask, CannotWrite, ChangedElsewhere, UnknownItem, UnreadableImage
from studio.core.items import LabelState, NewItem
from studio.core.masks import read_head
from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.sweep import Sweep
from studio.store import ItemFilter, Store

MakeStore = Callable[..., Store]
WIDTH, HEIGHT = 200, 150


def opened(store: Store, item_id: int) -> MaskDocument:
    document = store.open_document(item_id)
    assert isinstance(document, MaskDocument)
    return document


def opened_points(store: Store, item_id: int) -> PointsDocument:
    document = store.open_document(item_id)
    assert isinstance(document, PointsDocument)
    return document


def reopened(store: Store) -> Store:
    store.close()
    return Store.open(store.root)


def test_a_new_item_opens_unlabelled_at_its_pictures_size(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    assert document.size == (WIDTH, HEIGHT)
    assert (document.mask == UNLABELLED).all()
    assert not document.can_undo and not document.can_redo and not document.is_labelled
    assert store.read_mask(1) is None


def test_a_stroke_labels_the_item_and_undoing_it_takes_the_label_away(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    document.brush((10, 10), (50, 50), 9, 1)
    assert document.is_labelled
    assert document.item.state is LabelState.LABELLED
    assert document.item.revision == 1
    assert store.item_ids(ItemFilter(class_id=1)) == [1]
    document.undo()
    assert store.item(1).state is LabelState.UNLABELLED
    assert store.item(1).revision == 2
    assert store.item_ids(ItemFilter(class_id=1)) == []
    document.redo()
    assert store.item_ids(ItemFilter(class_id=1)) == [1]


def test_erasing_everything_leaves_the_item_unlabelled(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    document.brush((10, 10), (50, 50), 9, 1)
    document.brush((10, 10), (50, 50), 12, UNLABELLED)
    assert not document.is_labelled
    assert store.item(1).state is LabelState.UNLABELLED


def test_a_hundred_strokes_can_be_undone_one_by_one_after_a_restart(make_store: MakeStore) -> None:
    store = make_store(1)
    rng = np.random.default_rng(5)
    document = opened(store, 1)
    masks = [document.mask.copy()]
    for number in range(100):
        a, b = rng.random((2, 2)) * (WIDTH, HEIGHT)
        document.brush(tuple(a), tuple(b), float(rng.integers(3, 40)), number % 3)
        masks.append(document.mask.copy())
    with reopened(store) as store:
        document = opened(store, 1)
        for expected in reversed(masks):
            assert np.array_equal(document.mask, expected)
            document.undo()
        assert not document.can_undo
        for expected in masks[1:]:
            document.redo()
            assert np.array_equal(document.mask, expected)
        assert not document.can_redo


def test_a_stroke_after_undo_starts_another_branch_and_nothing_is_deleted(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    document.brush((10, 10), (50, 50), 9, 1)
    document.brush((10, 50), (50, 50), 9, 0)
    document.undo()
    document.brush((100, 100), (120, 120), 9, 2)
    assert not document.can_redo
    document.undo()
    document.redo()
    assert document.mask[110, 110] == 2
    document.undo()
    document.undo()
    assert not document.can_undo
    with reopened(store) as store:
        assert opened(store, 1).redo_text == "brush stroke"
        database = store._database
        assert database.execute("SELECT COUNT(*) FROM edits").fetchone() == (3,)


def test_each_item_has_a_history_of_its_own(make_store: MakeStore) -> None:
    store = make_store(3)
    first, second = opened(store, 1), opened(store, 2)
    first.brush((10, 10), (50, 50), 9, 1)
    second.brush((10, 10), (50, 50), 9, 0)
    first.undo()
    assert not first.can_undo
    assert second.mask[20, 20] == 0 and second.can_undo


def test_an_item_that_is_open_is_not_opened_twice(make_store: MakeStore) -> None:
    store = make_store(2)
    document = opened(store, 1)
    document.brush((10, 10), (50, 50), 9, 1)
    assert opened(store, 1) is document
    mask = document.mask.copy()
    del document
    gc.collect()
    assert np.array_equal(opened(store, 1).mask, mask)


def test_open_documents_hear_of_a_change_of_state(make_store: MakeStore) -> None:
    store = make_store(2)
    document = opened(store, 1)
    store.set_left_out([1, 2], True)
    assert document.item.state is LabelState.LEFT_OUT


def test_a_stroke_onto_a_label_that_another_program_changed_is_refused(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    with Store.open(store.root) as other:
        opened(other, 1).brush((10, 10), (50, 50), 9, 1)
        with pytest.raises(ChangedElsewhere, match=r"f0\.png"):
            document.brush((100, 100), (120, 120), 9, 2)
        document.cancel()
        fresh = opened(store, 1)
        assert fresh is not document
        assert fresh.mask[20, 20] == 1
        assert np.array_equal(store.read_mask(1), other.read_mask(1))


def test_a_refused_stroke_comes_along_when_the_item_is_opened_again(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    with Store.open(store.root) as other:
        opened(other, 1).brush((10, 10), (50, 10), 9, 1)
        theirs = opened(other, 1).mask.copy()
        with pytest.raises(ChangedElsewhere):
            document.brush((50, 10), (90, 10), 9, 2)
        mine = document.mask == 2
        again = opened(store, 1)
        assert again is not document and not again.is_editing
        assert np.array_equal(again.mask, np.where(mine & (theirs == UNLABELLED), 2, theirs))
        again.brush((10, 100), (50, 100), 9, 2)
        assert np.array_equal(other.read_mask(1), again.mask)
        again.undo()
        again.undo()
        assert np.array_equal(again.mask, theirs)


def test_a_full_disk_leaves_the_stroke_in_the_window_until_there_is_space(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(1)
    document = opened(store, 1)
    store._database.execute("PRAGMA max_page_count = 1")  # a database that cannot grow
    with pytest.raises(CannotWrite, match="full"):
        for _ in range(1000):
            noise = np.random.default_rng(0).integers(0, 3, (HEIGHT, WIDTH), dtype=np.uint8)
            document.replace(noise, "noise")
            document.replace(np.zeros((HEIGHT, WIDTH), np.uint8), "nothing")
    painted = document.mask.copy()
    store._database.execute("PRAGMA max_page_count = 1000000")
    assert document.commit()
    with reopened(store) as store:
        assert np.array_equal(opened(store, 1).mask, painted)


def test_a_label_that_changes_while_it_is_opened_is_not_opened_half(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(1)
    opened(store, 1).brush((10, 10), (50, 50), 9, 1)
    gc.collect()
    load = store._files.load
    with Store.open(store.root) as other:

        def load_and_be_overtaken(*arguments: object) -> object:
            loaded = load(*arguments)  # type: ignore[arg-type]
            opened(other, 1).undo()
            return loaded

        monkeypatch.setattr(store._files, "load", load_and_be_overtaken)
        with pytest.raises(ChangedElsewhere):
            store.open_document(1)
        monkeypatch.undo()
        assert (opened(store, 1).mask == UNLABELLED).all()


def test_a_stroke_onto_an_item_that_is_gone_is_refused(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    store._database.execute("DELETE FROM items")
    with pytest.raises(UnknownItem):
        document.brush((10, 10), (50, 50), 9, 1)


def test_large_annotations_are_taken_over_in_small_batches(
    make_store: MakeStore, striped: Callable[[int], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.annotations._BATCH_BYTES", 50_000)
    store = make_store(3)
    seen: list[int] = []
    store.import_annotations(((i, striped(50)) for i in (1, 2, 3)), seen.append)
    assert seen == [2, 3]


def test_a_label_of_another_size_than_its_picture_is_refused(make_store: MakeStore) -> None:
    store = make_store(1)
    store.import_annotations([(1, np.zeros((10, 20), np.uint8))])
    with pytest.raises(BadMask, match=f"20×10 pixels and its image {WIDTH}×{HEIGHT}"):
        store.open_document(1)


def test_an_item_without_its_picture_says_so(make_store: MakeStore) -> None:
    store = make_store(1)
    store.item(1).path.unlink()
    with pytest.raises(UnreadableImage, match=r"f0\.png.*no such file"):
        store.open_document(1)


def test_points_are_journaled_like_strokes(make_store: MakeStore) -> None:
    store = make_store(1, task=Task.KEYPOINTS)
    assert store.read_points(1) is None
    document = opened_points(store, 1)
    assert document.size == (WIDTH, HEIGHT)
    document.place(Keypoint(index=0, x=10.25, y=20.5))
    document.begin("drag")
    document.move(0, 30, 40)
    document.move(0, 31, 41)
    document.commit()
    document.set_visibility(0, Visibility.HIDDEN)
    assert store.item(1).state is LabelState.LABELLED
    with reopened(store) as store:
        document = opened_points(store, 1)
        assert store.read_points(1) == Points((Keypoint(index=0, x=31, y=41, visibility=Visibility.HIDDEN),))
        for text in ("visibility", "drag", "placing a point"):
            assert document.undo_text == text
            document.undo()
        assert document.points == Points() == store.read_points(1)
        assert store.item(1).state is LabelState.UNLABELLED
        document.redo()
        assert document.points.get(0) == Keypoint(index=0, x=10.25, y=20.5)
        assert not list(store.root.joinpath("labels").iterdir())


def test_imported_annotations_have_no_history_and_undo_stops_at_them(
    make_store: MakeStore, striped: Callable[[int], np.ndarray]
) -> None:
    store = make_store(2)
    seen: list[int] = []
    assert store.import_annotations([(1, striped(50)), (2, striped(60))], seen.append) == 2
    assert seen == [2]
    document = opened(store, 1)
    assert np.array_equal(document.mask, striped(50))
    assert document.is_labelled and not document.can_undo
    assert store.item(1).revision == 1
    document.brush((10, 10), (50, 50), 9, 1)
    assert document.undo() is not None
    assert document.undo() is None
    assert np.array_equal(document.mask, striped(50))
    assert store.item_ids(ItemFilter(class_id=2)) == [1, 2]


def test_importing_over_a_label_is_an_edit_that_can_be_undone(
    make_store: MakeStore, striped: Callable[[int], np.ndarray]
) -> None:
    store = make_store(2)
    document = opened(store, 1)
    document.brush((10, 10), (50, 50), 9, 1)
    painted = document.mask.copy()
    store.import_annotations([(1, striped(50))])
    document = opened(store, 1)
    assert np.array_equal(document.mask, striped(50))
    document.undo()
    assert np.array_equal(document.mask, painted)
    document.redo()
    store.import_annotations([(1, striped(50))])
    assert opened(store, 1).undo_text == "import"


def test_imported_points_are_a_beginning_or_an_edit(make_store: MakeStore) -> None:
    store = make_store(1, task=Task.KEYPOINTS)
    first, second = (Points((Keypoint(index=0, x=x, y=1),)) for x in (1.0, 2.0))
    store.import_annotations([(1, first)])
    assert not opened_points(store, 1).can_undo
    store.import_annotations([(1, first)])
    assert not opened_points(store, 1).can_undo
    store.import_annotations([(1, second)])
    document = opened_points(store, 1)
    document.undo()
    assert document.points == first
    assert document.undo() is None


# --- any sequence of actions against a plain model ---


class PlainItem:
    """The model: whole copies of the mask, one after the other, and a place among them."""

    def __init__(self, start: np.ndarray) -> None:
        self.masks = [start]
        self.place = 0

    @property
    def mask(self) -> np.ndarray:
        return self.masks[self.place]

    def commit(self, mask: np.ndarray) -> None:
        if not np.array_equal(mask, self.mask):
            self.masks[self.place + 1 :] = [mask]
            self.place += 1


PLACES = st.tuples(st.floats(-20, 320), st.floats(-20, 220))
VALUES = st.sampled_from([0, 1, 2, UNLABELLED])


def test_the_timeline_lists_every_edit_and_a_jump_reaches_each_also_after_a_restart(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    states = {0: document.mask.copy()}

    def stroke(row: int, value: int) -> None:
        document.brush((10, row), (150, row), 9, value)
        states[document.head] = document.mask.copy()

    stroke(10, 0)
    stroke(30, 1)
    stroke(50, 2)
    document.go_to(1)
    stroke(40, 0)  # another branch, from the first stroke
    with reopened(store) as store:
        document = opened(store, 1)
        journal = store.journal
        assert [(step.id, step.parent) for step in journal.timeline(1)] == [(1, 0), (2, 1), (3, 2), (4, 1)]
        assert [step.id for step in journal.timeline(1, after=2)] == [3, 4]
        for target in (3, 4, 0, 2, 1, 3):
            document.go_to(target)
            assert np.array_equal(document.mask, states[target])
            pixels = dict(store._database.execute("SELECT class_id, pixels FROM class_pixels WHERE pixels > 0"))
            counted = np.bincount(states[target].ravel(), minlength=256)
            assert pixels == {value: counted[value] for value in range(255) if counted[value]}
        document.go_to(1)
        assert journal.ahead(1) == [2, 3]
        assert document.redo_text == "brush stroke"
        store.flush()
        assert np.array_equal(store.read_mask(1), states[1])
        assert document.go_to(4) is not None
        assert journal.ahead(1) == []


def test_no_way_leads_to_what_was_before_a_label_that_came_as_a_whole(make_store: MakeStore) -> None:
    store = make_store(1)
    opened(store, 1).brush((10, 10), (150, 10), 9, 1)
    with store._database.transaction():
        store.journal.plant_root(1, "file found", pixels={0: 1})
    assert store.journal.leap(2, 1) is None


class AnySequence(RuleBasedStateMachine):
    """Two items, the second with an imported label, through strokes, undo, restarts and lost files."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        Image.new("RGB", (300, 200)).save(root / "f.png")
        classes = tuple(make_classes(["sky", "road", "void"]))
        self.store = Store.create(root / "p", ProjectSettings(name="p", task=Task.SEGMENTATION, classes=classes))
        self.store.add_items(NewItem(name=f"{n}.png", path=root / "f.png") for n in "ab")
        empty = np.full((200, 300), UNLABELLED, np.uint8)
        given_label = empty.copy()
        given_label[50:150] = 1
        self.store.import_annotations([(2, given_label)])
        self.plain = {1: PlainItem(empty), 2: PlainItem(given_label)}
        self.current = 1

    @property
    def model(self) -> PlainItem:
        return self.plain[self.current]

    @property
    def document(self) -> MaskDocument:
        return opened(self.store, self.current)

    @rule(a=PLACES, b=PLACES, diameter=st.floats(1, 90), value=VALUES)
    def stroke(self, a: tuple[float, float], b: tuple[float, float], diameter: float, value: int) -> None:
        mask = self.model.mask.copy()
        Sweep.even(a, b, diameter).paint(mask, value)
        self.document.brush(a, b, diameter, value)
        self.model.commit(mask)

    @rule(a=PLACES, b=PLACES)
    def stroke_that_is_cancelled(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        document = self.document
        document.begin("brush stroke")
        document.brush(a, b, 33, 2)
        document.cancel()

    @rule()
    def undo(self) -> None:
        assert (self.document.undo() is None) == (self.model.place == 0)
        self.model.place = max(0, self.model.place - 1)

    @rule()
    def redo(self) -> None:
        at_the_end = self.model.place == len(self.model.masks) - 1
        assert (self.document.redo() is None) == at_the_end
        self.model.place += not at_the_end

    @rule()
    def switch_items(self) -> None:
        self.current = 3 - self.current

    @rule()
    def flush(self) -> None:
        self.store.flush()

    @rule()
    def restart(self) -> None:
        self.store = reopened(self.store)

    @rule()
    def lose_the_label_file(self) -> None:
        """No loss where the journal has the beginning: of painted labels always, of imported ones once changed."""
        self.store.flush()
        path = self.store.label_path(self.current)
        if self.current == 1 or read_head(path) > 1:
            path.unlink(missing_ok=True)
            self.store = reopened(self.store)

    @invariant()
    def shows_what_the_model_shows(self) -> None:
        document, expected = self.document, self.model.mask
        assert np.array_equal(document.mask, expected)
        assert document.can_undo == (self.model.place > 0)
        assert document.can_redo == (self.model.place < len(self.model.masks) - 1)
        assert document.is_labelled == bool((expected != UNLABELLED).any())
        for class_id in (0, 1, 2):
            listed = self.current in self.store.item_ids(ItemFilter(class_id=class_id))
            assert listed == bool((expected == class_id).any())

    def teardown(self) -> None:
        self.store.close()
        with Store.open(self.store.root) as store:
            for item_id, model in self.plain.items():
                read = store.read_mask(item_id)
                assert np.array_equal(np.full((200, 300), UNLABELLED) if read is None else read, model.mask)
        self.folder.cleanup()


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(deadline=None, max_examples=25, stateful_step_count=25)


def test_a_jump_over_thousands_of_edits_asks_the_database_for_a_few_things_only(make_store: MakeStore) -> None:
    store = make_store(1)
    document = opened(store, 1)
    for number in range(60):
        document.brush((10, number), (20, number), 3, number % 3)
    asked: list[str] = []
    leap = store.journal.leap(60, 1)
    store._database.connection.set_trace_callback(asked.append)
    document.go_to(1, leap)
    store._database.connection.set_trace_callback(None)
    assert len([sql for sql in asked if sql.startswith("SELECT")]) < 20
    assert store.journal.ahead(1) == list(range(2, 61))
    document.go_to(0)
    assert store.journal.ahead(1) == list(range(1, 61))
