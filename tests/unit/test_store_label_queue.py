"""The queue of what to label next: kept in its order, left by what is labelled, and come back to on undo."""

from __future__ import annotations

import sqlite3

import pytest

from studio.core.document import MaskDocument
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.label_queue import Queued
from studio.core.proposals import JOB_FILE, decode_job
from studio.core.tags import PredictedTags, Tags
from studio.store import ItemFilter, QueueState, Store
from studio.store.job_making import make_queue_job
from tests.unit.conftest import MakeStore
from tests.unit.ml_runs import recipe


def queue(store: Store, *items: int, run: str = "0001") -> None:
    store.queue.replace(run, [Queued(item=item, uncertainty=0.5) for item in items])


def paint(store: Store, item: int) -> MaskDocument:
    document = store.open_document(item)
    assert isinstance(document, MaskDocument)
    document.brush((2, 2), (6, 2), 3, 0)
    document.commit()
    return document


def test_a_labelled_item_leaves_the_queue_and_undo_brings_it_back_to_its_place(make_store: MakeStore) -> None:
    store = make_store(4)
    ids = store.item_ids()
    queue(store, ids[2], ids[0], ids[3])
    assert store.queue.state() == QueueState(run="0001", left=3, total=3)
    document = paint(store, ids[0])
    assert [queued.item for queued in store.queue.left()] == [ids[2], ids[3]]
    assert store.queue.state().left == 2
    document.undo()
    assert [queued.item for queued in store.queue.left()] == [ids[2], ids[0], ids[3]]


def test_an_item_that_is_left_out_does_not_wait(make_store: MakeStore) -> None:
    store = make_store(3)
    ids = store.item_ids()
    queue(store, *ids)
    store.set_left_out([ids[1]], True)
    assert store.item_ids(ItemFilter(queued=True)) == [ids[0], ids[2]]


def test_the_next_item_is_the_one_behind_and_after_the_last_the_first(make_store: MakeStore) -> None:
    store = make_store(5)
    ids = store.item_ids()
    queue(store, ids[4], ids[1], ids[3])
    assert store.queue.next(None) == ids[4]
    assert store.queue.next(ids[0]) == ids[4]
    assert store.queue.next(ids[4]) == ids[1]
    assert store.queue.next(ids[3]) == ids[4]
    paint(store, ids[4])
    assert store.queue.next(ids[4]) == ids[1]
    assert store.queue.next(ids[3]) == ids[1]
    paint(store, ids[1])
    assert store.queue.next(ids[3]) is None


def test_the_filter_lists_the_queue_in_its_order(make_store: MakeStore) -> None:
    store = make_store(5)
    ids = store.item_ids()
    queue(store, ids[4], ids[1], ids[3])
    assert store.item_ids(ItemFilter(queued=True)) == [ids[4], ids[1], ids[3]]
    assert store.item_count(ItemFilter(queued=True)) == 3


def test_a_new_queue_takes_the_place_of_the_former_one(make_store: MakeStore) -> None:
    store = make_store(3)
    ids = store.item_ids()
    assert store.queue.state() == QueueState()
    queue(store, *ids)
    store.queue.replace("", [Queued(item=ids[1])])
    assert store.queue.state() == QueueState(run="", left=1, total=1)
    assert store.queue.left() == [Queued(item=ids[1])]


def test_proposed_tags_come_back_as_they_were(make_store: MakeStore) -> None:
    store = make_store()
    item = store.item_ids()[0]
    tags = PredictedTags(tags=Tags((1,)), shares=((1, 0.75), (0, 0.25)))
    store.proposals.put(item, "0001", tags=tags, uncertainty=0.5)
    kept = store.proposals.of(item)
    assert kept is not None
    assert (kept.tags, kept.mask, kept.points) == (tags, None, None)


def test_a_project_from_before_the_queue_keeps_its_proposals(make_store: MakeStore) -> None:
    store = make_store(2)
    item = store.item_ids()[0]
    store.proposals.put(item, "0001", uncertainty=0.5)
    root = store.root
    store.close()
    with sqlite3.connect(root / "studio.db") as connection:
        connection.execute("DROP TABLE queue")
        connection.execute("ALTER TABLE proposals DROP COLUMN tags")
        connection.execute("PRAGMA user_version = 8")
    connection.close()
    with Store.open(root) as reopened:
        kept = reopened.proposals.of(item)
        assert kept is not None and kept.uncertainty == 0.5
        assert reopened.queue.state() == QueueState()


def test_only_training_items_are_queued(make_store: MakeStore) -> None:
    store = make_store(4, valid=0)
    ids = store.item_ids()
    store.set_split([ids[1]], Split.VALID)
    valid = paint(store, ids[1])
    store.set_left_out([ids[2]], True)
    paint(store, ids[3])
    run = store.create_run(recipe()).id
    valid.undo()
    folder = make_queue_job(store.root, run, places=7, seed=5)
    job = decode_job((folder / JOB_FILE).read_bytes())
    assert [one.item for one in job.wanted] == [ids[0]]
    assert job.queue is not None
    assert job.queue.known == (str(store.item(ids[3]).path),)
    assert (job.queue.places, job.queue.seed, job.proposals) == (7, 5, 1)
    store.set_split([ids[0]], Split.TEST)
    with pytest.raises(BadInput, match="Every training item is labelled"):
        make_queue_job(store.root, run, places=7)
