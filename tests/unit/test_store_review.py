"""Review: scores as a table, decisions that do what they mean, and every one of them undoable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.document import MaskDocument, PointsDocument
from studio.core.errors import BadMask, NoPrediction, ProjectDamaged, UnknownRun
from studio.core.items import LabelState, NewItem, Split
from studio.core.masks import write_mask
from studio.core.points import Keypoint, Points
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import Task
from studio.store import ReviewFilter, Store

MakeStore = Callable[..., Store]
Striped = Callable[[int], np.ndarray]
RUN = "0001"
ACCEPTED, RIGHT, EDITED, OUT = Decision.ACCEPTED, Decision.LABEL_RIGHT, Decision.EDITED, Decision.LEFT_OUT


def score(item: int, loss: float, *, split: Split = Split.VALID, **options: object) -> ItemScore:
    return ItemScore(
        item=item,
        name=f"f{item - 1}.png",
        split=split,
        revision=1,
        loss=loss,
        error=loss / 2,
        **options,  # type: ignore[arg-type]
    )


def put_scores(store: Store, scores: list[ItemScore], tail: bytes = b"") -> None:
    (store.run(RUN).folder / "scores.jsonl").write_bytes(b"".join(map(encode_score, scores)) + tail)


@pytest.fixture
def predicted(striped: Striped) -> np.ndarray:
    """What the model says of every item: the road begins at row 90, and it sees no void."""
    mask = striped(90)
    mask[mask == 2] = 0
    return mask


@pytest.fixture
def reviewed(make_store: MakeStore, striped: Striped, predicted: np.ndarray) -> Store:
    """Six labelled items whose road begins at row 41…46, and a run that scored the last four."""
    store = make_store(6, valid=3)
    store.import_annotations((i, striped(40 + i)) for i in store.item_ids())
    run = store.create_run(RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=64, width=64),)))
    write_mask(run.folder / "predictions" / "p.png", predicted, store.settings.classes)
    mask = "predictions/p.png"
    put_scores(
        store,
        [
            score(3, 0.3, split=Split.TRAIN, mask=mask, confusion=((0, 1, 100),)),
            score(4, 0.1, mask=mask, confusion=((0, 1, 7), (1, 2, 2))),
            score(5, 0.9, mask=mask, confusion=((1, 0, 500),)),
            score(6, 0.5, mask=mask),
        ],
    )
    assert store.review.load_scores(RUN) == 4
    return store


def opened(store: Store, item_id: int) -> MaskDocument:
    document = store.open_document(item_id)
    assert isinstance(document, MaskDocument)
    return document


def decision(store: Store, item_id: int) -> Decision:
    (item,) = store.review.items(RUN, [item_id])
    return item.decision


def reopened(store: Store) -> Store:
    store.close()
    return Store.open(store.root)


# --- the table ---


def test_the_worst_items_come_first(reviewed: Store) -> None:
    assert reviewed.review.ids(RUN) == [5, 6, 3, 4]
    assert reviewed.review.worst(RUN, 2) == [5, 6]
    assert reviewed.review.errors(RUN) == {3: 0.15, 4: 0.05, 5: 0.45, 6: 0.25}
    items = reviewed.review.items(RUN, [4, 5, 99, 1])
    assert [(i.score.item, i.score.loss, i.decision) for i in items] == [
        (4, 0.1, Decision.UNDECIDED),
        (5, 0.9, Decision.UNDECIDED),
    ]
    assert items[1].score.confusion == ((1, 0, 500),)


def test_the_table_is_filtered_by_split_class_confusion_and_decision(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 6, RIGHT)
    assert reviewed.review.ids(RUN, ReviewFilter(splits=[Split.VALID])) == [5, 6, 4]
    assert reviewed.review.ids(RUN, ReviewFilter(splits=[Split.TRAIN, Split.TEST])) == [3]
    assert reviewed.review.ids(RUN, ReviewFilter(class_id=0)) == [5, 3, 4]
    assert reviewed.review.ids(RUN, ReviewFilter(class_id=2)) == [4]
    assert reviewed.review.ids(RUN, ReviewFilter(confusion=(0, 1))) == [3, 4]
    assert reviewed.review.ids(RUN, ReviewFilter(confusion=(1, 0), splits=[Split.TRAIN])) == []
    assert reviewed.review.ids(RUN, ReviewFilter(decisions=[RIGHT])) == [6]
    assert reviewed.review.ids(RUN, ReviewFilter(decisions=[Decision.UNDECIDED], class_id=1)) == [5, 3, 4]


def test_the_confusion_of_a_run_adds_up_its_items(reviewed: Store) -> None:
    assert reviewed.review.confusion(RUN).tolist() == [[0, 107, 0], [500, 0, 2], [0, 0, 0]]
    assert reviewed.review.confusion(RUN).dtype == np.int64
    by_split = [reviewed.review.confusion(RUN, split) for split in (Split.TRAIN, Split.VALID)]
    assert sum(by_split).tolist() == reviewed.review.confusion(RUN).tolist()
    assert [counts[1, 2] for counts in by_split] == [0, 2]
    assert reviewed.review.errors(RUN, Split.TRAIN) == {3: 0.15}
    put_scores(reviewed, [score(5, 1.0, confusion=((0, 9, 5), (9, 0, 5), (2, 0, 3)))])
    reviewed.review.load_scores(RUN)
    assert reviewed.review.confusion(RUN).tolist() == [[0, 0, 0], [0, 0, 0], [3, 0, 0]]


def test_counts_have_every_decision(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    reviewed.review.decide(RUN, 6, OUT)
    assert reviewed.review.counts(RUN) == {Decision.UNDECIDED: 2, ACCEPTED: 1, RIGHT: 0, EDITED: 0, OUT: 1}


def test_reading_the_scores_again_keeps_the_decisions(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, RIGHT)
    put_scores(reviewed, [score(5, 0.2), score(4, 0.7)])
    assert reviewed.review.load_scores(RUN) == 2
    assert reviewed.review.load_scores(RUN) == 2
    assert reviewed.review.ids(RUN) == [4, 5]
    assert decision(reviewed, 5) is RIGHT


def test_an_item_in_two_splits_is_shown_as_in_validation(reviewed: Store) -> None:
    put_scores(
        reviewed,
        [
            score(5, 0.2),
            score(5, 0.1, split=Split.TRAIN),
            score(6, 0.1, split=Split.TRAIN),
            score(6, 0.4),
            score(6, 0.5),
        ],
    )
    reviewed.review.load_scores(RUN)
    assert [(i.score.item, i.score.loss) for i in reviewed.review.items(RUN, [5, 6])] == [(5, 0.2), (6, 0.5)]


def test_a_torn_last_line_of_scores_is_passed_over_and_a_spoilt_one_named(reviewed: Store) -> None:
    put_scores(reviewed, [score(5, 0.2)], tail=b'{"item": 6, "na')
    assert reviewed.review.load_scores(RUN) == 1
    put_scores(reviewed, [score(5, 0.3)], tail=b"nonsense\n")
    with pytest.raises(ProjectDamaged, match=r"scores\.jsonl.*line 2"):
        reviewed.review.load_scores(RUN)
    assert reviewed.review.items(RUN, [5])[0].score.loss == 0.2
    (reviewed.run(RUN).folder / "scores.jsonl").unlink()
    assert reviewed.review.load_scores(RUN) == 0
    with pytest.raises(UnknownRun):
        reviewed.review.load_scores("0777")


# --- decisions ---


def test_accepting_takes_the_prediction_over_but_leaves_void_alone(
    reviewed: Store, striped: Striped, predicted: np.ndarray
) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    expected = predicted.copy()
    expected[:10, :10] = 2
    assert np.array_equal(reviewed.read_mask(5), expected)
    assert decision(reviewed, 5) is ACCEPTED
    assert opened(reviewed, 5).undo_text == "accepted prediction"
    (correction,) = reviewed.review.corrections(RUN)
    assert (correction.item, correction.name, correction.decision) == (5, "f4.png", ACCEPTED)
    assert (correction.before, correction.after) == (1, 2)
    assert correction.run == RUN and correction.time > 1e9


def test_an_open_canvas_follows_what_review_decides(reviewed: Store, striped: Striped) -> None:
    document = opened(reviewed, 5)
    dirty = []
    document.changed.connect(dirty.append)
    document.begin("brush stroke")
    document.brush((5, 140), (9, 140), 5, 0)  # still open: it is kept as an edit of its own
    painted = document.mask.copy()
    dirty.clear()
    reviewed.review.decide(RUN, 5, ACCEPTED)
    assert np.array_equal(document.mask, reviewed.read_mask(5))
    assert len(dirty) == 1
    reviewed.review.undo(RUN)
    assert np.array_equal(document.mask, painted)
    assert document.can_undo
    reviewed.review.decide(RUN, 5, OUT)
    assert document.item.state is LabelState.LEFT_OUT
    document.undo()
    assert np.array_equal(document.mask, striped(45))


@pytest.mark.parametrize("restart", [False, True])
def test_each_decision_is_undone_and_redone_in_turn(reviewed: Store, striped: Striped, restart: bool) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    accepted = reviewed.read_mask(5)
    reviewed.review.decide(RUN, 6, OUT)
    reviewed.review.decide(RUN, 3, RIGHT)
    store = reopened(reviewed) if restart else reviewed

    assert store.review.undo(RUN) == 3
    assert decision(store, 3) is Decision.UNDECIDED
    assert store.review.undo(RUN) == 6
    assert store.item(6).state is LabelState.LABELLED
    assert store.review.undo(RUN) == 5
    assert np.array_equal(store.read_mask(5), striped(45))
    assert store.review.undo(RUN) is None
    assert store.review.corrections(RUN) == []
    assert store.review.counts(RUN)[Decision.UNDECIDED] == 4

    store = reopened(store) if restart else store
    assert store.review.redo(RUN) == 5
    assert np.array_equal(store.read_mask(5), accepted)
    assert store.review.redo(RUN) == 6
    assert store.item(6).state is LabelState.LEFT_OUT
    assert store.review.redo(RUN) == 3
    assert store.review.redo(RUN) is None
    assert [c.item for c in store.review.corrections(RUN)] == [5, 6]
    assert store.review.undo(RUN) == 3
    assert store.review.undo(RUN) == 6
    assert store.review.undo(RUN) == 5
    assert np.array_equal(store.read_mask(5), striped(45))
    store.close()


def test_deciding_after_undo_forgets_what_could_be_redone(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    reviewed.review.undo(RUN)
    reviewed.review.decide(RUN, 6, RIGHT)
    assert reviewed.review.redo(RUN) is None
    assert reviewed.review.undo(RUN) == 6
    assert reviewed.review.undo(RUN) is None


def test_another_decision_takes_the_accepted_prediction_back(reviewed: Store, striped: Striped) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    accepted = reviewed.read_mask(5)
    reviewed.review.decide(RUN, 5, RIGHT)
    assert np.array_equal(reviewed.read_mask(5), striped(45))
    assert reviewed.review.corrections(RUN) == []
    assert reviewed.review.undo(RUN) == 5
    assert decision(reviewed, 5) is ACCEPTED
    assert np.array_equal(reviewed.read_mask(5), accepted)
    assert reviewed.review.undo(RUN) == 5
    assert np.array_equal(reviewed.read_mask(5), striped(45))
    assert reviewed.review.redo(RUN) == 5
    assert reviewed.review.redo(RUN) == 5
    assert decision(reviewed, 5) is RIGHT
    assert np.array_equal(reviewed.read_mask(5), striped(45))


def test_taking_an_acceptance_back_leaves_what_was_painted_by_hand_since(reviewed: Store, striped: Striped) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    opened(reviewed, 5).brush((100, 60), (150, 60), 9, 2)
    by_hand = reviewed.read_mask(5) == 2
    reviewed.review.undo(RUN)
    expected = striped(45)
    expected[by_hand] = 2
    assert np.array_equal(reviewed.read_mask(5), expected)
    assert opened(reviewed, 5).undo_text == "prediction taken back"
    opened(reviewed, 5).undo()
    assert reviewed.read_mask(5)[60, 10] == 0  # the accepted sky is back


def test_taking_back_what_was_painted_over_altogether_leaves_no_edit(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    opened(reviewed, 5).replace(np.full((150, 200), 2, np.uint8), "all void")
    head = opened(reviewed, 5).head
    assert reviewed.review.undo(RUN) == 5
    assert opened(reviewed, 5).head == head
    assert reviewed.review.redo(RUN) == 5
    reviewed.review.decide(RUN, 5, RIGHT)
    opened(reviewed, 5).replace(np.full((150, 200), 1, np.uint8), "all road")
    assert reviewed.review.undo(RUN) == 5
    assert reviewed.review.undo(RUN) == 5
    assert (reviewed.read_mask(5) == 1).all()


def test_an_edit_by_hand_builds_on_an_accepted_prediction(reviewed: Store, striped: Striped) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    accepted = reviewed.read_mask(5)
    opened(reviewed, 5).brush((100, 60), (150, 60), 9, 1)
    edited = reviewed.read_mask(5)
    reviewed.review.note_edited(RUN, 5)
    assert decision(reviewed, 5) is EDITED
    assert np.array_equal(reviewed.read_mask(5), edited)

    reviewed.review.decide(RUN, 5, ACCEPTED)
    assert np.array_equal(reviewed.read_mask(5), accepted)
    for expected_decision, expected in ((EDITED, edited), (ACCEPTED, accepted)):
        reviewed.review.undo(RUN)
        assert decision(reviewed, 5) is expected_decision
        assert np.array_equal(reviewed.read_mask(5), expected)
    reviewed.review.undo(RUN)
    assert decision(reviewed, 5) is Decision.UNDECIDED
    assert np.array_equal(reviewed.read_mask(5), striped(45))


def test_what_is_decided_after_an_edit_leaves_the_label_as_it_is(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    opened(reviewed, 5).brush((100, 60), (150, 60), 9, 1)
    reviewed.review.note_edited(RUN, 5)
    edited = reviewed.read_mask(5)
    reviewed.review.decide(RUN, 5, OUT)
    assert np.array_equal(reviewed.read_mask(5), edited)
    reviewed.review.undo(RUN)
    assert (decision(reviewed, 5), np.array_equal(reviewed.read_mask(5), edited)) == (EDITED, True)


def test_that_an_edited_label_is_right_leaves_it_a_correction(reviewed: Store) -> None:
    opened(reviewed, 5).brush((100, 60), (150, 60), 9, 0)
    reviewed.review.note_edited(RUN, 5)
    edited = reviewed.read_mask(5)
    reviewed.review.decide(RUN, 5, RIGHT)
    assert [(c.item, c.decision) for c in reviewed.review.corrections(RUN)] == [(5, EDITED)]
    assert np.array_equal(reviewed.read_mask(5), edited)


def test_an_edited_item_is_a_correction_from_what_the_run_saw_to_what_it_is_now(reviewed: Store) -> None:
    document = opened(reviewed, 6)
    document.brush((20, 20), (50, 50), 9, 1)
    reviewed.review.note_edited(RUN, 6)
    document.brush((20, 50), (50, 20), 9, 1)
    reviewed.review.note_edited(RUN, 6)
    (correction,) = reviewed.review.corrections(RUN)
    assert (correction.decision, correction.before, correction.after) == (EDITED, 1, 3)


def test_undo_takes_all_strokes_of_an_edit_by_hand_back_and_redo_brings_them_again(reviewed: Store) -> None:
    document, before = opened(reviewed, 6), reviewed.read_mask(6)
    for end in ((50, 50), (50, 80)):
        document.brush((20, 20), end, 9, 1)
        reviewed.review.note_edited(RUN, 6)
    edited = reviewed.read_mask(6)
    for _ in range(2):
        assert reviewed.review.undo(RUN) == 6
        assert np.array_equal(reviewed.read_mask(6), before)
        assert reviewed.review.corrections(RUN) == []
        assert reviewed.review.redo(RUN) == 6
        assert np.array_equal(reviewed.read_mask(6), edited)
        assert [c.item for c in reviewed.review.corrections(RUN)] == [6]
    assert opened(reviewed, 6).can_undo, "stroke by stroke on the Label page"


def test_undo_of_an_edit_by_hand_leaves_alone_what_was_changed_otherwise_since(reviewed: Store) -> None:
    document = opened(reviewed, 6)
    document.brush((20, 20), (50, 50), 9, 1)
    reviewed.review.note_edited(RUN, 6)
    document.brush((20, 50), (50, 20), 9, 0)  # not from Review
    now = reviewed.read_mask(6)
    assert reviewed.review.undo(RUN) == 6
    assert decision(reviewed, 6) is Decision.UNDECIDED
    assert np.array_equal(reviewed.read_mask(6), now)


def test_the_same_decision_twice_is_one(reviewed: Store) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    revision = reviewed.item(5).revision
    reviewed.review.decide(RUN, 5, ACCEPTED)
    assert reviewed.item(5).revision == revision
    reviewed.review.undo(RUN)
    assert reviewed.review.undo(RUN) is None


def test_undecided_takes_a_decision_back_as_a_decision(reviewed: Store, striped: Striped) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    reviewed.review.decide(RUN, 5, Decision.UNDECIDED)
    assert np.array_equal(reviewed.read_mask(5), striped(45))
    assert reviewed.review.corrections(RUN) == []


def test_an_item_that_was_left_out_before_stays_so(reviewed: Store) -> None:
    reviewed.set_left_out([5], True)
    reviewed.review.decide(RUN, 5, OUT)
    reviewed.review.undo(RUN)
    assert reviewed.item(5).state is LabelState.LEFT_OUT
    reviewed.review.decide(RUN, 6, OUT)
    reviewed.review.decide(RUN, 6, RIGHT)
    assert reviewed.item(6).state is LabelState.LABELLED
    reviewed.review.undo(RUN)
    assert reviewed.item(6).state is LabelState.LEFT_OUT
    reviewed.review.undo(RUN)
    assert reviewed.item(6).state is LabelState.LABELLED


def test_accepting_what_the_label_says_already_changes_no_pixel(reviewed: Store, predicted: np.ndarray) -> None:
    opened(reviewed, 5).replace(predicted, "by hand", keep={2})
    revision = reviewed.item(5).revision
    reviewed.review.decide(RUN, 5, ACCEPTED)
    assert reviewed.item(5).revision == revision
    assert decision(reviewed, 5) is ACCEPTED
    assert reviewed.review.undo(RUN) == 5
    assert reviewed.review.redo(RUN) == 5


def test_an_unlabelled_item_takes_the_whole_prediction(reviewed: Store, predicted: np.ndarray) -> None:
    (new,) = reviewed.add_items([NewItem(name="f6.png", path=reviewed.item(1).path)])
    put_scores(reviewed, [score(new, 0.4, mask="predictions/p.png")])
    reviewed.review.load_scores(RUN)
    reviewed.review.decide(RUN, new, ACCEPTED)
    assert np.array_equal(reviewed.read_mask(new), predicted)
    reviewed.review.undo(RUN)
    assert reviewed.item(new).state is LabelState.UNLABELLED


def test_a_decision_that_fails_changes_nothing(reviewed: Store, striped: Striped) -> None:
    path: Path = reviewed.run(RUN).folder / "predictions" / "p.png"
    good = path.read_bytes()
    for spoil in (
        lambda: path.write_bytes(b"broken"),
        lambda: write_mask(path, np.zeros((5, 6), np.uint8), reviewed.settings.classes),
        path.unlink,
    ):
        spoil()
        with pytest.raises(BadMask, match=r"p\.png"):
            reviewed.review.decide(RUN, 5, ACCEPTED)
        assert decision(reviewed, 5) is Decision.UNDECIDED
        assert reviewed.review.undo(RUN) is None
        assert np.array_equal(reviewed.read_mask(5), striped(45))
    with pytest.raises(NoPrediction, match=r"f0\.png"):
        reviewed.review.decide(RUN, 1, ACCEPTED)
    path.write_bytes(good)
    reviewed.review.decide(RUN, 5, ACCEPTED)


def test_an_accepted_prediction_is_undone_even_if_its_run_is_deleted(reviewed: Store, striped: Striped) -> None:
    reviewed.review.decide(RUN, 5, ACCEPTED)
    reviewed.delete_run(RUN)
    assert reviewed.review.undo(RUN) == 5
    assert np.array_equal(reviewed.read_mask(5), striped(45))


def test_taking_accepted_points_back_leaves_those_that_were_moved_since(make_store: MakeStore) -> None:
    store = make_store(3, task=Task.KEYPOINTS)
    label = Points(tuple(Keypoint(index=i, x=float(i), y=3.0) for i in range(2)))
    predicted = Points(tuple(Keypoint(index=i, x=i + 50.0, y=3.0) for i in range(2)))
    store.import_annotations((i, label) for i in (1, 2, 3))
    store.create_run(RunSpec(task=Task.KEYPOINTS, stages=(Stage(epochs=1, height=64, width=64),)))
    put_scores(store, [score(3, 0.3, points=predicted)])
    store.review.load_scores(RUN)
    store.review.decide(RUN, 3, ACCEPTED)
    document = store.open_document(3)
    assert isinstance(document, PointsDocument)
    document.move(1, 90, 91)
    store.review.undo(RUN)
    moved = Keypoint(index=1, x=90, y=91)
    assert store.read_points(3) == label.with_point(moved) == document.points


def test_accepted_points_replace_the_label_and_come_back(make_store: MakeStore) -> None:
    store = make_store(3, task=Task.KEYPOINTS)
    label, other = (Points((Keypoint(index=0, x=x, y=3.0),)) for x in (1.0, 2.0))
    store.import_annotations((i, label) for i in (1, 2, 3))
    store.create_run(RunSpec(task=Task.KEYPOINTS, stages=(Stage(epochs=1, height=64, width=64),)))
    put_scores(store, [score(3, 0.3, points=other), score(2, 0.2, points=label)])
    store.review.load_scores(RUN)
    document = store.open_document(3)
    assert isinstance(document, PointsDocument)

    store.review.decide(RUN, 3, ACCEPTED)
    assert store.read_points(3) == other == document.points
    store.review.undo(RUN)
    assert store.read_points(3) == label == document.points
    store.review.redo(RUN)
    by_hand = Keypoint(index=1, x=9, y=9)
    document.place(by_hand)
    store.review.undo(RUN)
    assert store.read_points(3) == label.with_point(by_hand) == document.points
    store.review.decide(RUN, 2, ACCEPTED)
    assert store.item(2).revision == 1
    assert store.review.undo(RUN) == 2


def test_accepting_a_prediction_of_the_first_instance_keeps_the_others(make_store: MakeStore) -> None:
    store = make_store(3, task=Task.KEYPOINTS)
    first, second, predicted = (Keypoint(index=0, x=x, y=3.0, instance=n) for x, n in ((1.0, 0), (2.0, 1), (8.0, 0)))
    store.import_annotations((i, Points((first, second))) for i in (1, 2, 3))
    store.create_run(RunSpec(task=Task.KEYPOINTS, stages=(Stage(epochs=1, height=64, width=64),)))
    put_scores(store, [score(3, 0.3, points=Points((predicted,)))])
    store.review.load_scores(RUN)
    store.review.decide(RUN, 3, ACCEPTED)
    assert store.read_points(3) == Points((predicted, second))


def test_an_accepted_prediction_never_says_a_class_that_was_removed(
    reviewed: Store, striped: Striped, predicted: np.ndarray
) -> None:
    reviewed.save_settings(reviewed.settings.without_class(1))
    reviewed.review.decide(RUN, 5, ACCEPTED)
    mask = reviewed.read_mask(5)
    label = striped(45)
    assert mask is not None
    taken = (predicted != 1) & (label != 2)
    assert np.array_equal(mask, np.where(taken, predicted, label))
    assert not ((mask == 1) & (label != 1)).any()
