"""However it is accepted, undone, redone and jumped to: a proposal is offered while its acceptance does not show."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PIL import Image

from studio.core.document import PointsDocument, TagsDocument
from studio.core.events import Proposed
from studio.core.items import NewItem
from studio.core.points import Keypoint, Points
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.store import ItemFilter, Store
from tests.unit.conftest import MakeStore


class Told:
    """What a person knows of one item: which edits took its present proposal over, and what came before each edit."""

    def __init__(self) -> None:
        self.has_proposal = False
        self.accepting: set[int] = set()
        self.parents: dict[int, int] = {}
        self.head = 0

    @property
    def is_open(self) -> bool:
        at = self.head
        while at and at not in self.accepting:
            at = self.parents[at]
        return self.has_proposal and at == 0


class OfferedAgain(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        Image.new("RGB", (40, 30)).save(root / "f.png")
        self.store = Store.create(root / "p", ProjectSettings(name="p", task=Task.KEYPOINTS))
        self.ids = self.store.add_items(NewItem(name=f"{n}.png", path=root / "f.png") for n in "ab")
        self.told = {item: Told() for item in self.ids}
        self.current = self.ids[0]
        self.drawn = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @property
    def item(self) -> Told:
        return self.told[self.current]

    @property
    def document(self) -> PointsDocument:
        document = self.store.open_document(self.current)
        assert isinstance(document, PointsDocument)
        return document

    @rule()
    def propose(self) -> None:
        self.store.proposals.put(self.current, "0001", points=Points())
        self.item.has_proposal, self.item.accepting = True, set()

    @rule()
    def label(self) -> None:
        self.drawn += 1
        document = self.document
        document.replace(Points((Keypoint(index=0, x=self.drawn / 100, y=1.0),)), "placing a point")
        self.item.parents[document.head] = self.item.head
        self.item.head = document.head

    @precondition(lambda self: self.item.is_open)
    @rule()
    def accept(self) -> None:
        self.label()
        self.store.proposals.accept(self.current, self.item.head)
        self.item.accepting.add(self.item.head)

    @precondition(lambda self: self.item.is_open)
    @rule()
    def discard(self) -> None:
        self.store.proposals.discard(self.current)
        self.item.has_proposal = False

    @rule(redo=st.booleans(), times=st.integers(1, 3))
    def step(self, redo: bool, times: int) -> None:
        document = self.document
        for _ in range(times):
            (document.redo if redo else document.undo)()
        self.item.head = document.head

    @precondition(lambda self: self.item.parents)
    @rule(data=st.data())
    def jump(self, data: st.DataObject) -> None:
        document = self.document
        document.go_to(data.draw(st.sampled_from([0, *self.item.parents])))
        self.item.head = document.head

    @rule(other=st.booleans())
    def switch(self, other: bool) -> None:
        self.current = self.ids[other]

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(Path(self.folder.name) / "p")

    @invariant()
    def is_offered_while_its_acceptance_does_not_show(self) -> None:
        offered = [item for item in self.ids if self.told[item].is_open]
        assert [item for item in self.ids if self.store.proposals.is_open(item)] == offered
        assert self.store.item_ids(ItemFilter(proposed=True)) == offered
        assert self.store.proposals.count_open() == len(offered)


TestOfferedAgain = OfferedAgain.TestCase
TestOfferedAgain.settings = settings(deadline=None, max_examples=30, stateful_step_count=25)


def test_a_proposal_that_was_accepted_before_acceptances_were_kept_opens_when_that_is_undone(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store(task=Task.KEYPOINTS)
    item = store.item_ids()[0]
    store.proposals.put(item, "0001", points=Points())
    document = store.open_document(item)
    assert isinstance(document, PointsDocument)
    document.place(Keypoint(index=0, x=3.0, y=4.0))
    store.close()
    with sqlite3.connect(tmp_path / "project" / "studio.db") as connection:
        connection.executescript(
            "DROP TABLE acceptances; ALTER TABLE proposals ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;"
            f"UPDATE proposals SET open = 0, accepted = {document.head}; PRAGMA user_version = 5"
        )
    connection.close()
    with Store.open(tmp_path / "project") as newer:
        assert not newer.proposals.is_open(item)
        opened = newer.open_document(item)
        opened.undo()
        assert newer.proposals.is_open(item)
        opened.redo()
        assert not newer.proposals.is_open(item)


@pytest.mark.parametrize("accepted_first", [True, False])
def test_a_discarded_proposal_stays_away_whatever_is_undone(make_store: MakeStore, accepted_first: bool) -> None:
    store = make_store(task=Task.KEYPOINTS)
    item = store.item_ids()[0]
    store.proposals.put(item, "0001", points=Points())
    document = store.open_document(item)
    assert isinstance(document, PointsDocument)
    document.place(Keypoint(index=0, x=3.0, y=4.0))
    if accepted_first:
        store.proposals.accept(item, document.head)
        document.undo()
    store.proposals.discard(item)
    document.redo()
    document.undo()
    assert not store.proposals.is_open(item)


def test_a_proposal_whose_discarding_is_taken_back_is_closed_again_by_its_acceptance(make_store: MakeStore) -> None:
    store = make_store(task=Task.KEYPOINTS)
    item = store.item_ids()[0]
    store.proposals.put(item, "0001", points=Points())
    document = store.open_document(item)
    assert isinstance(document, PointsDocument)
    document.place(Keypoint(index=0, x=3.0, y=4.0))
    store.proposals.accept(item, document.head)
    document.undo()
    accepting = store.proposals.discard(item)
    store.proposals.offer_again(item, accepting)
    assert store.proposals.is_open(item)
    document.redo()
    assert not store.proposals.is_open(item)
    document.undo()
    assert store.proposals.is_open(item)


def tags_store(make_store: MakeStore) -> tuple[Store, list[int]]:
    """Three items, each with a class proposed."""
    store = make_store(3, task=Task.SINGLE_LABEL)
    ids = store.item_ids()
    for item in ids:
        store.proposals.put(item, "0001", tags=PredictedTags(tags=Tags((1,)), shares=((1, 0.9), (0, 0.1))))
    return store, ids


def test_a_label_as_a_whole_settles_what_is_proposed_until_it_is_undone(make_store: MakeStore) -> None:
    store, (first, *others) = tags_store(make_store)
    document = store.open_document(first)
    assert isinstance(document, TagsDocument)
    document.choose(0)
    assert store.item_ids(ItemFilter(proposed=True)) == others
    document.undo()
    assert store.proposals.is_open(first)
    document.redo()
    assert not store.proposals.is_open(first)
    document.clear()
    assert not store.proposals.is_open(first)
    document.go_to(0)
    assert store.proposals.is_open(first)
    document.clear()  # which says nothing of an unlabelled item
    assert store.proposals.is_open(first)


def test_labels_of_many_items_settle_their_proposals_until_they_are_undone(make_store: MakeStore) -> None:
    store, ids = tags_store(make_store)
    edits = store.tags.replace({ids[0]: Tags((0,)), ids[2]: Tags((1,))}, "choosing")
    assert store.item_ids(ItemFilter(proposed=True)) == [ids[1]]
    store.tags.undo(edits)
    assert store.item_ids(ItemFilter(proposed=True)) == ids
    store.tags.redo(edits)
    assert store.item_ids(ItemFilter(proposed=True)) == [ids[1]]
    document = store.open_document(ids[2])
    document.undo()
    assert store.item_ids(ItemFilter(proposed=True)) == ids[1:]


def test_a_class_that_is_proposed_for_what_was_labelled_meanwhile_is_not_offered(make_store: MakeStore) -> None:
    store = make_store(2, task=Task.SINGLE_LABEL)
    labelled, unlabelled = store.item_ids()
    edits = store.tags.replace({labelled: Tags((0,))}, "choosing")
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.9), (0, 0.1)))
    for item in (labelled, unlabelled):
        store.proposals.keep("0001", Proposed(item=item, tags=said))
    assert store.item_ids(ItemFilter(proposed=True)) == [unlabelled]
    store.tags.undo(edits)
    assert store.item_ids(ItemFilter(proposed=True)) == [labelled, unlabelled]
