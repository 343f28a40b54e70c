"""That a label is right: a correction where it was changed since its review began, whatever was decided meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from studio.core.deciding import AcceptRegion, Act, Decide, Deed, GiveClass, PlacePoint, StepState, in_words
from studio.core.points import Keypoint
from studio.core.review import Decision
from studio.core.settings import Task
from studio.store import Store
from studio.store.database import DATABASE_FILE, Database
from tests.unit.test_store_any_decisions import ITEMS, RUN, WHOLE, make

TASKS: Final = (Task.SEGMENTATION, Task.KEYPOINTS, Task.MULTI_LABEL)
DEEDS: Final[dict[Task, Deed]] = {
    Task.SEGMENTATION: AcceptRegion(x=6, y=2),
    Task.KEYPOINTS: PlacePoint(Keypoint(index=0, x=4, y=5)),
    Task.MULTI_LABEL: GiveClass(class_id=1),
}
READ: Final[dict[Task, Callable[[Store, int], object]]] = {
    Task.SEGMENTATION: lambda store, item: store.read_mask(item).tobytes(),  # type: ignore[union-attr]
    Task.KEYPOINTS: lambda store, item: store.read_points(item),
    Task.MULTI_LABEL: lambda store, item: store.read_tags(item),
}
BY_HAND: Final[dict[Task, Callable[[Any, int], object]]] = {
    Task.SEGMENTATION: lambda document, at: document.brush((at + 0.5, 1.5), (at + 0.5, 1.5), 1, at % 2),
    Task.KEYPOINTS: lambda document, at: document.place(Keypoint(index=at % 2, x=at, y=2)),
    Task.MULTI_LABEL: lambda document, at: document.toggle(at % 3),
}
"""Changes of an open document, by a number from 0 to 11."""


@pytest.fixture(params=TASKS)
def store(request: pytest.FixtureRequest, tmp_path: Path):
    with make(tmp_path, request.param) as store:
        yield store


def label(store: Store, item: int = 1) -> object:
    return READ[store.settings.task](store, item)


def by_hand(store: Store, item: int, change: Callable[[Any], object]) -> None:
    """Change a label as the Label page does while a run's prediction lies over it."""
    document = store.open_document(item)
    before = document.head
    change(document)
    if document.head != before:
        store.review.note_edited(RUN, item, before)


def edit(store: Store) -> None:
    by_hand(store, 1, lambda document: BY_HAND[store.settings.task](document, 7))


def decide(store: Store, *decisions: Decision) -> None:
    for decision in decisions:
        store.review.decide(RUN, 1, decision)


def verdict(store: Store, item: int = 1) -> Decision:
    return store.review.decisions_of(RUN, [item]).get(item, Decision.UNDECIDED)


def learnt(store: Store) -> list[Decision]:
    return [correction.decision for correction in store.review.corrections(RUN)]


def test_a_label_whose_edit_was_undone_is_right_and_nothing_is_learnt(store: Store) -> None:
    began = label(store)
    edit(store)
    assert label(store) != began
    by_hand(store, 1, lambda document: document.undo())
    decide(store, Decision.LABEL_RIGHT)
    assert (label(store), verdict(store), learnt(store)) == (began, Decision.LABEL_RIGHT, [])
    store.review.undo(RUN)
    assert verdict(store) is Decision.EDITED


@pytest.mark.parametrize("slip", [Decision.LEFT_OUT, Decision.ACCEPTED, Decision.UNDECIDED])
def test_after_a_slip_a_label_changed_by_hand_stays_a_correction(store: Store, slip: Decision) -> None:
    edit(store)
    edited = label(store)
    decide(store, slip, Decision.LABEL_RIGHT)
    assert (label(store), verdict(store), learnt(store)) == (edited, Decision.EDITED, [Decision.EDITED])
    (correction,) = store.review.corrections(RUN)
    assert correction.before == 1
    assert in_words(store.review.journal(store.review.journal_ids(RUN))[0]) == "label was right as changed"
    for _ in range(2):
        store.review.undo(RUN)
        assert verdict(store) is slip
        store.review.redo(RUN)
        assert (label(store), verdict(store), learnt(store)) == (edited, Decision.EDITED, [Decision.EDITED])


def test_a_label_whose_edit_review_took_back_is_right_and_nothing_is_learnt(store: Store) -> None:
    began = label(store)
    edit(store)
    store.review.undo(RUN)
    decide(store, Decision.LABEL_RIGHT)
    assert (label(store), verdict(store), learnt(store)) == (began, Decision.LABEL_RIGHT, [])


def test_a_prediction_that_was_accepted_and_taken_back_leaves_a_label_that_is_right(store: Store) -> None:
    began = label(store)
    decide(store, Decision.ACCEPTED, Decision.LABEL_RIGHT)
    assert (label(store), verdict(store), learnt(store)) == (began, Decision.LABEL_RIGHT, [])


def test_what_was_changed_before_the_review_began_is_no_correction(store: Store) -> None:
    BY_HAND[store.settings.task](store.open_document(1), 7)
    decide(store, Decision.LABEL_RIGHT)
    assert (verdict(store), learnt(store)) == (Decision.LABEL_RIGHT, [])


def test_an_undo_on_the_label_page_is_a_change_as_well(store: Store) -> None:
    BY_HAND[store.settings.task](store.open_document(1), 7)
    by_hand(store, 1, lambda document: document.undo())
    decide(store, Decision.LABEL_RIGHT)
    assert verdict(store) is Decision.EDITED
    by_hand(store, 1, lambda document: document.redo())
    decide(store, Decision.LABEL_RIGHT)
    assert (verdict(store), learnt(store)) == (Decision.LABEL_RIGHT, [])


def test_that_it_is_right_is_judged_anew_when_it_is_said_again_by_redo(store: Store) -> None:
    edit(store)
    by_hand(store, 1, lambda document: document.undo())
    decide(store, Decision.LABEL_RIGHT)
    store.review.undo(RUN)
    by_hand(store, 1, lambda document: document.redo())
    assert store.review.redo(RUN) == 1
    assert (verdict(store), learnt(store)) == (Decision.EDITED, [Decision.EDITED])


def test_where_an_earlier_version_began_the_last_decision_counts(tmp_path: Path) -> None:
    with make(tmp_path, Task.MULTI_LABEL) as store:
        edit(store)
        root = store.root
    database = Database(root / DATABASE_FILE)
    database.execute("UPDATE decisions SET head_before = NULL")
    database.close()
    with Store.open(root) as store:
        decide(store, Decision.LABEL_RIGHT)
        assert learnt(store) == [Decision.EDITED]
        decide(store, Decision.LEFT_OUT, Decision.LABEL_RIGHT)
        assert (verdict(store), learnt(store)) == (Decision.LABEL_RIGHT, [])


# --- any sequence ---


class CallingRight(RuleBasedStateMachine):
    """Deeds, edits by hand with undo and redo of their own, undo and redo of the review, and restarts."""

    task: Task

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = make(Path(self.folder.name), self.task)
        self.began = {item: label(self.store, item) for item in ITEMS}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def check(self, item: int) -> None:
        """What has just been called right is a correction exactly where it is no longer as it began."""
        is_changed = label(self.store, item) != self.began[item]
        assert verdict(self.store, item) is (Decision.EDITED if is_changed else Decision.LABEL_RIGHT)
        assert [c.item for c in self.store.review.corrections(RUN) if c.item == item] == [item] * is_changed

    @rule(deed=WHOLE, item=st.sampled_from(ITEMS))
    def decide(self, deed: Decide, item: int) -> None:
        self.store.review.act(RUN, item, deed)
        if deed.decision is Decision.LABEL_RIGHT:
            self.check(item)

    @rule(item=st.sampled_from(ITEMS))
    def call_right(self, item: int) -> None:
        self.decide(Decide(Decision.LABEL_RIGHT), item)

    @rule(item=st.sampled_from(ITEMS))
    def correct(self, item: int) -> None:
        self.store.review.act(RUN, item, DEEDS[self.task])

    @rule(item=st.sampled_from(ITEMS), at=st.integers(0, 11))
    def edit(self, item: int, at: int) -> None:
        by_hand(self.store, item, lambda document: BY_HAND[self.task](document, at))

    @rule(item=st.sampled_from(ITEMS))
    def undo_edit(self, item: int) -> None:
        by_hand(self.store, item, lambda document: document.undo())

    @rule(item=st.sampled_from(ITEMS))
    def redo_edit(self, item: int) -> None:
        by_hand(self.store, item, lambda document: document.redo())

    @rule()
    def undo(self) -> None:
        self.store.review.undo(RUN)

    @rule()
    def redo(self) -> None:
        ahead = [e for e in self.entries() if e.state is StepState.UNDONE]
        item = self.store.review.redo(RUN)
        if item is not None and (ahead[-1].act is Act.CONFIRMED or ahead[-1].decision is Decision.LABEL_RIGHT):
            self.check(item)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(self.store.root)

    def entries(self):
        """Newest first."""
        return self.store.review.journal(self.store.review.journal_ids(RUN))

    @invariant()
    def the_last_step_that_stands_says_what_was_decided(self) -> None:
        for item in ITEMS:
            last = next((e.decision for e in self.entries() if e.item == item and e.state is StepState.DONE), None)
            assert verdict(self.store, item) is (last or Decision.UNDECIDED)


class CallingMasksRight(CallingRight):
    task = Task.SEGMENTATION


class CallingPointsRight(CallingRight):
    task = Task.KEYPOINTS


class CallingTagsRight(CallingRight):
    task = Task.MULTI_LABEL


@pytest.mark.parametrize("machine", [CallingMasksRight, CallingPointsRight, CallingTagsRight])
def test_any_label_that_is_called_right_is_a_correction_where_it_was_changed(machine: type[CallingRight]) -> None:
    case = machine.TestCase()
    case.settings = settings(max_examples=25, stateful_step_count=16, deadline=None)
    case.runTest()
