"""Proposals in the project: kept, replaced, closed, ordered, and an older project that has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.document import MaskDocument
from studio.core.points import Keypoint, Points
from studio.store import ItemFilter, Store
from tests.unit.conftest import MakeStore
from tests.unit.earlier_schema import make_earlier


def test_an_items_last_proposal_is_the_one_that_counts(make_store: MakeStore) -> None:
    store = make_store()
    item = store.item_ids()[0]
    assert store.proposals.of(item) is None
    store.proposals.put(item, "0001", uncertainty=0.5)
    store.proposals.accept(item, 7)
    store.proposals.put(item, "0002", uncertainty=0.25)
    kept = store.proposals.of(item)
    assert kept is not None
    assert (kept.source, kept.uncertainty, kept.is_open) == ("0002", 0.25, True)
    assert kept.mask is not None
    assert store.proposals.folder / kept.mask == store.proposals.mask_path(item)


def test_proposed_points_come_back_as_they_were(make_store: MakeStore) -> None:
    store = make_store()
    item = store.item_ids()[0]
    points = Points((Keypoint(index=1, x=3.5, y=4.25),))
    store.proposals.put(item, "0001", points=points)
    kept = store.proposals.of(item)
    assert kept is not None
    assert (kept.points, kept.mask) == (points, None)


def test_open_proposals_are_found_by_the_filter(make_store: MakeStore) -> None:
    store = make_store(3)
    ids = store.item_ids()
    for item in ids[:2]:
        store.proposals.put(item, "strokes")
    assert store.item_ids(ItemFilter(proposed=True)) == ids[:2]
    store.proposals.discard(ids[0])
    assert store.item_ids(ItemFilter(proposed=True)) == [ids[1]]
    assert store.proposals.count_open() == 1


def test_the_most_uncertain_come_first_and_those_without_a_proposal_last(make_store: MakeStore) -> None:
    store = make_store(5)
    ids = store.item_ids()
    for item, uncertainty in ((ids[1], 0.1), (ids[3], 0.8), (ids[4], None)):
        store.proposals.put(item, "strokes", uncertainty=uncertainty)
    assert store.proposals.most_uncertain_first(ids) == [ids[3], ids[1], ids[0], ids[2], ids[4]]
    assert store.proposals.most_uncertain_first(ids[:1]) == ids[:1]


def test_the_items_painted_last_are_known(make_store: MakeStore) -> None:
    store = make_store(4)
    ids = store.item_ids()
    for item in (ids[2], ids[0], ids[3], ids[2]):
        document = store.open_document(item)
        assert isinstance(document, MaskDocument)
        document.brush((5 + item, 5), (20, 5 + document.head), 4, item % 2)
    store.set_left_out([ids[3]], True)
    assert store.proposals.painted_last(9) == [ids[2], ids[0]]
    assert store.proposals.painted_last(1) == [ids[2]]


def test_a_project_from_before_proposals_opens_and_can_keep_some(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store()
    item = store.item_ids()[0]
    store.import_annotations([(item, np.zeros((150, 200), np.uint8))])
    store.close()
    make_earlier(tmp_path / "project", 2, "DROP INDEX open_proposals; DROP TABLE proposals; DROP TABLE acceptances")
    with Store.open(tmp_path / "project") as older:
        assert older.read_mask(item) is not None
        older.proposals.put(item, "strokes", uncertainty=0.5)
        assert older.item_ids(ItemFilter(proposed=True)) == [item]
