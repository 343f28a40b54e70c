"""Runs: their frozen data, folders, events and outcomes."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core.document import MaskDocument
from studio.core.errors import BadMask, CannotWrite, NothingToTrainOn, ProjectDamaged, UnknownRun
from studio.core.events import Finished, Warned, encode_event
from studio.core.items import Split
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.core.points import Keypoint, Points
from studio.core.recipe import FineTune, Purpose, RunSpec, Stage, decode_spec
from studio.core.settings import Task
from studio.core.snapshot import SnapshotItem, decode_snapshot
from studio.store import ItemFilter, RunData, RunRecord, Store
from studio.store.run_remarks import Remarks

MakeStore = Callable[..., Store]
Striped = Callable[[int], np.ndarray]
SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=64, width=64),), note="first try")


@pytest.fixture
def labelled(make_store: MakeStore, striped: Striped) -> Store:
    """Ten labelled items, the last four for validation."""
    store = make_store(10, valid=4)
    store.import_annotations((i, striped(40 + i)) for i in store.item_ids())
    return store


def opened(store: Store, item_id: int) -> MaskDocument:
    document = store.open_document(item_id)
    assert isinstance(document, MaskDocument)
    return document


def frozen(store: Store, run: RunRecord, split: Split) -> dict[int, SnapshotItem]:
    return {item.id: item for item in store.snapshot(run.id).of(split)}


def mask_of(run: RunRecord, item: SnapshotItem) -> np.ndarray:
    assert item.mask is not None
    return read_mask(run.folder / item.mask)[0]


def test_a_run_freezes_every_labelled_item_of_train_and_validation(labelled: Store, striped: Striped) -> None:
    labelled.set_left_out([2], True)
    labelled.set_split([3], Split.TEST)
    run = labelled.create_run(SPEC)
    assert run.id == "0001"
    assert run.note == "first try"
    assert set(frozen(labelled, run, Split.TRAIN)) == {1, 4, 5, 6}
    assert set(frozen(labelled, run, Split.VALID)) == {7, 8, 9, 10}
    for item_id, item in frozen(labelled, run, Split.VALID).items():
        assert np.array_equal(mask_of(run, item), striped(40 + item_id))
        assert Path(item.image) == labelled.item(item_id).path
        assert item.revision == labelled.item(item_id).revision == 1
    snapshot = labelled.snapshot(run.id)
    assert snapshot.classes == labelled.settings.classes
    assert decode_spec((run.folder / "recipe.json").read_bytes()) == SPEC


def test_unlabelled_items_do_not_enter_a_run(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(6, valid=3)
    store.import_annotations([(1, striped(40)), (5, striped(50)), (6, np.full((150, 200), 255, np.uint8))])
    run = store.create_run(SPEC)
    assert [item.id for item in store.snapshot(run.id).items] == [1, 5]


def test_painting_goes_on_without_touching_the_frozen_labels(labelled: Store, striped: Striped) -> None:
    opened(labelled, 1).brush((0, 0), (199, 149), 40, 2)
    before = labelled.read_mask(1)
    run = labelled.create_run(SPEC)
    item = frozen(labelled, run, Split.TRAIN)[1]
    assert np.array_equal(mask_of(run, item), before)
    opened(labelled, 1).brush((0, 149), (199, 0), 40, 0)
    labelled.flush()
    assert np.array_equal(mask_of(run, item), before)
    assert not np.array_equal(labelled.read_mask(1), before)


def test_a_program_that_rewrites_a_label_in_place_does_not_reach_the_frozen_one(
    labelled: Store, striped: Striped
) -> None:
    run = labelled.create_run(SPEC)
    with labelled.label_path(1).open("rb+") as file:
        file.truncate(10)
    assert np.array_equal(mask_of(run, frozen(labelled, run, Split.TRAIN)[1]), striped(41))


def test_labels_beyond_what_is_copied_are_linked(
    labelled: Store, striped: Striped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.snapshot._COPIED_BYTES", labelled.label_path(1).stat().st_size)
    run = labelled.create_run(SPEC)
    links = {i: (run.folder / str(item.mask)).stat().st_nlink for i, item in frozen(labelled, run, Split.TRAIN).items()}
    assert links[1] == 1
    assert set(links.values()) == {1, 2}


def test_labels_are_copied_where_links_cannot_be_had(
    labelled: Store, striped: Striped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr("studio.store.snapshot._COPIED_BYTES", 0)
    run = labelled.create_run(SPEC)
    item = frozen(labelled, run, Split.TRAIN)[1]
    assert np.array_equal(mask_of(run, item), striped(41))
    assert (run.folder / str(item.mask)).stat().st_nlink == 1


def test_a_copy_that_fails_leaves_no_run_behind(labelled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(CannotWrite, match="no space left"):
        labelled.create_run(SPEC)
    assert labelled.runs() == []
    assert list((labelled.root / "runs").iterdir()) == []


def test_labels_that_could_not_be_written_are_frozen_from_the_journal(
    labelled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise CannotWrite(path, "no space left on device")

    monkeypatch.setattr("studio.store.label_files.write_mask", refuse)
    said: list[str] = []
    labelled.last_errors.connect(said.append)
    opened(labelled, 1).brush((0, 0), (199, 149), 40, 2)
    run = labelled.create_run(SPEC)
    assert np.array_equal(mask_of(run, frozen(labelled, run, Split.TRAIN)[1]), opened(labelled, 1).mask)
    assert "f0.png cannot be written" in said[0]


def test_a_label_that_is_broken_stops_the_run_by_name(labelled: Store) -> None:
    (labelled.root / "labels" / "f3.png").write_bytes(b"broken")
    labelled._database.execute("UPDATE items SET label_head = 0 WHERE id = 4")
    with pytest.raises(BadMask, match=r"f3\.png"):
        labelled.create_run(SPEC)
    assert labelled.runs() == []


def test_a_run_can_be_given_its_items_and_others_to_score(labelled: Store) -> None:
    data = RunData(train=[1, 2, 2, 99], valid=[3], score=[1, 4, 10, 4])
    run = labelled.create_run(SPEC, data=data)
    items = labelled.snapshot(run.id).items
    assert [(i.id, i.split, i.score_only) for i in items] == [
        (1, Split.TRAIN, False),
        (2, Split.TRAIN, False),
        (3, Split.VALID, False),
        (4, Split.TRAIN, True),
        (10, Split.VALID, True),
    ]


def test_a_run_without_anything_to_learn_or_to_validate_on_is_refused(make_store: MakeStore, striped: Striped) -> None:
    store = make_store(4, valid=2)
    with pytest.raises(NothingToTrainOn, match="train"):
        store.create_run(SPEC)
    store.import_annotations([(1, striped(40))])
    with pytest.raises(NothingToTrainOn, match="valid"):
        store.create_run(SPEC)
    assert store.runs() == []
    finder = store.create_run(msgspec.structs.replace(SPEC, purpose=Purpose.LR_FIND))
    assert finder.id == "0001"


def test_points_are_frozen_with_the_snapshot(make_store: MakeStore) -> None:
    store = make_store(2, task=Task.KEYPOINTS)
    points = [Points((Keypoint(index=0, x=float(x), y=2.0),)) for x in (5, 6)]
    store.import_annotations(enumerate(points, start=1))
    run = store.create_run(msgspec.structs.replace(SPEC, task=Task.KEYPOINTS))
    assert [(i.points, i.mask) for i in store.snapshot(run.id).items] == [(points[0], None), (points[1], None)]
    spec = msgspec.structs.replace(
        SPEC, task=Task.KEYPOINTS, parent=run.id, fine_tune=FineTune(corrections=(1,), replay=0.0)
    )
    store.import_annotations([(2, points[0])])
    child = store.create_run(spec)
    assert frozen(store, child, Split.VALID)[2].points == points[1]


# --- fine-tuning ---


def fine_tune(parent: RunRecord, *corrections: int, replay: float = 0.5, seed: int = 1) -> RunSpec:
    return msgspec.structs.replace(
        SPEC, parent=parent.id, seed=seed, fine_tune=FineTune(corrections=corrections, replay=replay, weight=4.0)
    )


def test_fine_tuning_trains_on_corrections_and_a_share_of_the_old_data(labelled: Store) -> None:
    parent = labelled.create_run(SPEC)
    opened(labelled, 2).brush((0, 0), (199, 149), 40, 2)
    run = labelled.create_run(fine_tune(parent, 2, 8, 2))
    train = frozen(labelled, run, Split.TRAIN)
    assert {i for i, item in train.items() if item.corrected} == {2, 8}
    assert all(item.weight == (4.0 if item.corrected else 1.0) for item in train.values())
    replayed = set(train) - {2, 8}
    assert len(replayed) == 2 and replayed < {1, 3, 4, 5, 6}  # half of five, to even
    assert np.array_equal(mask_of(run, train[2]), opened(labelled, 2).mask)
    again = labelled.create_run(fine_tune(parent, 2, 8))
    assert set(frozen(labelled, again, Split.TRAIN)) == set(train)
    others = {
        frozenset(frozen(labelled, labelled.create_run(fine_tune(parent, 2, 8, seed=seed)), Split.TRAIN))
        for seed in range(2, 8)
    }
    assert len(others) > 1


@pytest.mark.parametrize(("replay", "kept"), [(0.0, 0), (1.0, 5)])
def test_the_share_of_old_data_goes_from_none_to_all(labelled: Store, replay: float, kept: int) -> None:
    parent = labelled.create_run(SPEC)
    run = labelled.create_run(fine_tune(parent, 2, replay=replay))
    assert len(frozen(labelled, run, Split.TRAIN)) == 1 + kept


def test_fine_tuning_is_validated_on_what_the_parent_saw_and_on_corrected_labels(
    labelled: Store, striped: Striped
) -> None:
    parent = labelled.create_run(SPEC)
    opened(labelled, 8).brush((0, 0), (199, 149), 40, 2)
    opened(labelled, 9).brush((0, 0), (199, 149), 40, 2)  # changed, but no correction
    run = labelled.create_run(fine_tune(parent, 8))
    valid = frozen(labelled, run, Split.VALID)
    assert set(valid) == {7, 8, 9, 10}
    assert [i for i, item in valid.items() if item.corrected] == [8]
    assert np.array_equal(mask_of(run, valid[8]), opened(labelled, 8).mask)
    assert np.array_equal(mask_of(run, valid[9]), striped(49))
    assert valid[9].revision == 1 and valid[8].revision == 2
    assert (run.folder / str(valid[9].mask)).samefile(parent.folder / "labels" / "9.png")

    grandchild = labelled.create_run(fine_tune(run, 1))
    valid = frozen(labelled, grandchild, Split.VALID)
    assert [i for i, item in valid.items() if item.corrected] == [8], "what was learnt once is held out no more"
    assert np.array_equal(mask_of(grandchild, valid[9]), striped(49))
    assert np.array_equal(mask_of(grandchild, valid[8]), opened(labelled, 8).mask)


def test_items_left_out_since_are_in_no_part_of_a_fine_tuning(labelled: Store) -> None:
    parent = labelled.create_run(SPEC)
    labelled.set_left_out([1, 2, 7], True)
    run = labelled.create_run(fine_tune(parent, 2, 8, replay=1.0))
    assert {item.id for item in labelled.snapshot(run.id).items} == {3, 4, 5, 6, 8, 9, 10}


def test_fine_tuning_on_nothing_or_on_a_lost_parent_is_refused(labelled: Store) -> None:
    parent = labelled.create_run(SPEC)
    with pytest.raises(NothingToTrainOn):
        labelled.create_run(fine_tune(parent, replay=0.0))
    (parent.folder / "labels" / "9.png").unlink()
    with pytest.raises(ProjectDamaged, match=r"9\.png"):
        labelled.create_run(fine_tune(parent, 2))
    labelled.delete_run(parent.id)
    with pytest.raises(UnknownRun):
        labelled.create_run(fine_tune(parent, 2))
    assert labelled.runs() == []


# --- the list of runs ---


def test_runs_are_listed_with_what_became_of_them(labelled: Store) -> None:
    first, second = labelled.create_run(SPEC), labelled.create_run(msgspec.structs.replace(SPEC, seed=9))
    outcome = RunOutcome(kind=OutcomeKind.OUT_OF_MEMORY, sentence="Too large.", remedy=Remedy.HALVE_BATCH)
    labelled.set_outcome(first.id, outcome)
    with Store.open(labelled.root) as store:
        assert [run.id for run in store.runs()] == ["0001", "0002"]
        assert store.run(first.id).outcome == outcome
        assert store.run(second.id).outcome is None
        assert store.run(second.id).spec.seed == 9
        assert store.run(second.id).created >= store.run(first.id).created
        store.set_outcome(first.id, None)
        assert store.run(first.id).outcome is None


def test_a_deleted_run_lies_in_the_trash_and_its_number_is_not_used_again(labelled: Store) -> None:
    first = labelled.create_run(SPEC)
    labelled.delete_run(first.id)
    assert labelled.runs() == []
    assert (labelled.root / "runs" / ".trash" / "0001" / "recipe.json").is_file()
    for action in (labelled.run, labelled.delete_run, labelled.run_events, labelled.snapshot):
        with pytest.raises(UnknownRun, match="0001"):
            action(first.id)
    assert labelled.create_run(SPEC).id == "0002"
    labelled.delete_run("0002")
    assert labelled.runs() == []


def test_a_run_whose_folder_is_gone_can_still_be_deleted(labelled: Store) -> None:
    run = labelled.create_run(SPEC)
    run.folder.rename(labelled.root / "elsewhere")
    labelled.delete_run(run.id)
    assert labelled.runs() == []


def test_a_trash_that_cannot_be_used_keeps_the_run(labelled: Store) -> None:
    run = labelled.create_run(SPEC)
    (labelled.root / "runs" / ".trash").touch()
    with pytest.raises(CannotWrite, match="trash"):
        labelled.delete_run(run.id)
    (labelled.root / "runs" / ".trash").unlink()
    (labelled.root / "runs" / ".trash" / run.id).mkdir(parents=True)
    (labelled.root / "runs" / ".trash" / run.id / "x").touch()
    with pytest.raises(CannotWrite, match="trash"):
        labelled.delete_run(run.id)
    assert labelled.run(run.id) == run


def test_folders_that_lie_in_runs_already_keep_their_numbers(labelled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (labelled.root / "runs" / "0041").mkdir()
    (labelled.root / "runs" / "notes").mkdir()
    assert labelled.create_run(SPEC).id == "0042"
    monkeypatch.setattr(labelled._runs, "_taken", lambda: {"0042"})
    (labelled.root / "runs" / "0043").mkdir()  # another process was faster
    assert labelled.create_run(SPEC).id == "0044"


def test_a_runs_folder_that_cannot_be_made_is_named(labelled: Store) -> None:
    (labelled.root / "runs").rmdir()
    (labelled.root / "runs").touch()
    with pytest.raises(CannotWrite, match="runs"):
        labelled.create_run(SPEC)


def test_a_run_number_that_cannot_be_claimed_is_named(labelled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Path.mkdir

    def refuse(path: Path, *args: object, **options: object) -> None:
        if path.name == "0001":
            raise OSError(errno.ENOSPC, "No space left on device")
        make(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CannotWrite, match="no space left"):
        labelled.create_run(SPEC)


def test_events_are_read_over_lines_that_a_killed_process_tore(labelled: Store) -> None:
    run = labelled.create_run(SPEC)
    assert list(labelled.run_events(run.id)) == []
    said = [Warned(sentence=f"{n}") for n in range(3)]
    lines = [encode_event(event) for event in said]
    finished = Finished(outcome=OutcomeKind.FINISHED, seconds=1.0)
    torn = encode_event(finished)
    (run.folder / "events.jsonl").write_bytes(lines[0] + torn[:15] + lines[1] + lines[2] + torn[:20])
    assert list(labelled.run_events(run.id)) == [said[0], said[2]]
    (run.folder / "events.jsonl").write_bytes(b"".join(lines) + torn + b"\xff\xfe\n")
    assert list(labelled.run_events(run.id)) == [*said, finished]


def test_a_snapshot_that_is_gone_or_spoilt_is_named(labelled: Store) -> None:
    run = labelled.create_run(SPEC)
    (run.folder / "snapshot.json").write_text("{")
    with pytest.raises(ProjectDamaged, match=r"snapshot\.json"):
        labelled.snapshot(run.id)
    (run.folder / "snapshot.json").unlink()
    with pytest.raises(ProjectDamaged, match="no such file"):
        labelled.snapshot(run.id)


def test_items_are_frozen_for_a_process_without_a_run_in_the_list(labelled: Store, tmp_path: Path) -> None:
    """Of the items asked for those count that are labelled and in the train split, in their order."""
    folder = tmp_path / "look"
    folder.mkdir()
    left_out, *train = labelled.item_ids(ItemFilter(splits=(Split.TRAIN,)))
    labelled.set_left_out([left_out], True)
    valid = labelled.item_ids(ItemFilter(splits=(Split.VALID,)))
    spec = msgspec.structs.replace(SPEC, purpose=Purpose.LOOK)
    labelled.freeze(folder, spec, [train[3], valid[0], left_out, train[1]])
    assert decode_spec((folder / "recipe.json").read_bytes()) == spec
    frozen = decode_snapshot((folder / "snapshot.json").read_bytes()).items
    assert [item.id for item in frozen] == [train[3], train[1]]
    for item in frozen:
        np.testing.assert_array_equal(read_mask(folder / str(item.mask))[0], labelled.read_mask(item.id))
    assert labelled.runs() == []
    with pytest.raises(NothingToTrainOn):
        labelled.freeze(folder, spec, valid)


def test_runs_are_read_again_only_when_something_of_them_has_changed(labelled: Store) -> None:
    first, second = labelled.create_run(SPEC), labelled.create_run(SPEC)
    before = labelled.runs()
    assert all(old is new for old, new in zip(before, labelled.runs(), strict=True))
    with Store.open(labelled.root) as other:
        other.set_remarks(first.id, Remarks(starred=True))
        other.set_outcome(second.id, RunOutcome(kind=OutcomeKind.FINISHED, sentence="Done."))
    after = labelled.runs()
    assert after[0].remarks.starred
    assert after[1].outcome is not None
    (first.folder / "remarks.json").unlink()
    assert not labelled.run(first.id).remarks.starred
