"""A database of an earlier version becomes one like a new one, with what people did in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import pytest

from studio.core.items import Split
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.review_order import ReviewOrder, SortBy
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.store import ReviewFilter, Store
from studio.store.schema import SCHEMA_VERSION, prepare, version_of

SCHEMA_6: Final = Path(__file__).with_name("schema_6.sql").read_text(encoding="utf-8")

Shape = dict[str, list[tuple[object, ...]]]


def shape_of(connection: sqlite3.Connection) -> Shape:
    """Of each table its columns by name with type, whether they may be empty, and key; of each index its columns, which
    way they go, and what it leaves out."""
    found: Shape = {}
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "table":
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            found[name] = sorted((column, type_, not_null, key) for _, column, type_, not_null, _, key in columns)
        else:
            columns = connection.execute(f"PRAGMA index_xinfo({name})").fetchall()
            where = " ".join(sql.partition("WHERE")[2].split())
            found[name] = [(where,), *((column, falls) for _, _, column, falls, _, is_key in columns if is_key)]
    return found


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A project of version 6 with a run of two items, one of which was decided and taken back."""
    settings = ProjectSettings(name="p", task=Task.SINGLE_LABEL)
    with Store.create(tmp_path / "project", settings):
        pass
    database = tmp_path / "project" / "studio.db"
    for path in tmp_path.glob("project/studio.db*"):
        path.unlink()
    connection = sqlite3.connect(database)
    connection.executescript(f"{SCHEMA_6} PRAGMA user_version = 6")
    with connection:
        for item, loss in ((1, 0.25), (2, 0.75)):
            connection.execute(
                "INSERT INTO items (id, name, sort_key, path, label, split, group_name, labelled, revision, tags) "
                "VALUES (?, ?, ?, ?, ?, 'valid', '', 1, 1, ?)",
                (item, f"{item}.png", f"{item}", f"/{item}.png", f"{item}.png", b'{"ids":[0]}'),
            )
            score = ItemScore(
                item=item, name=f"{item}.png", split=Split.VALID, revision=1, loss=loss, error=1, label=Tags((0,))
            )
            connection.execute(
                "INSERT INTO scores (run, item, split, loss, data) VALUES ('0001', ?, 'valid', ?, ?)",
                (item, loss, encode_score(score)),
            )
        connection.execute("INSERT INTO verdicts VALUES ('0001', 1, 'label was right', 0, 0)")
        for item, state in ((1, "done"), (2, "undone")):
            connection.execute(
                "INSERT INTO decisions (run, item, previous, accepted_before, hides_before, decision, took_back, "
                "before, after, time, state) VALUES ('0001', ?, 'undecided', 0, 0, 'label was right', 0, 1, 1, 5.0, ?)",
                (item, state),
            )
        connection.execute("INSERT INTO proposals VALUES (2, '0001', NULL, NULL, 0.5, 1.0, 1)")
        connection.execute("INSERT INTO acceptances VALUES (9, 2)")
    connection.close()
    return tmp_path / "project"


def test_an_earlier_database_gets_the_tables_and_indices_of_a_new_one(tmp_path: Path) -> None:
    new, old = sqlite3.connect(tmp_path / "new.db"), sqlite3.connect(tmp_path / "old.db")
    for connection in (new, old):
        connection.isolation_level = None
    old.executescript(f"{SCHEMA_6} PRAGMA user_version = 6")
    assert shape_of(old) != {}
    prepare(new)
    prepare(old)
    assert version_of(old) == version_of(new) == SCHEMA_VERSION
    assert shape_of(old) == shape_of(new)
    for connection in (new, old):
        connection.close()


def test_what_was_decided_and_proposed_in_an_earlier_version_is_still_there_and_can_be_undone(earlier: Path) -> None:
    with Store.open(earlier) as store:
        review = store.review
        assert review.ids("0001") == [2, 1]
        assert review.ids("0001", ReviewFilter(splits=(Split.VALID,)), ReviewOrder(by=SortBy.ERROR)) == [1, 2]
        assert review.decisions_of("0001", [1, 2]) == {1: Decision.LABEL_RIGHT}
        first, last = review.journal(sorted(review.journal_ids("0001")))
        assert (first.item, first.decision, first.who, first.time) == (1, Decision.LABEL_RIGHT, "", 5.0)
        assert review.redo("0001") == last.item == 2
        assert [review.undo("0001") for _ in range(3)] == [2, 1, None]
        assert review.decisions_of("0001", [1, 2]) == {1: Decision.UNDECIDED, 2: Decision.UNDECIDED}
        proposal = store.proposals.of(2)
        assert proposal is not None
        assert (proposal.source, proposal.uncertainty, proposal.is_open) == ("0001", 0.5, True)
        assert (store.queue.state().total, store.models.all(), store.production.of([1])) == (0, [], {})


def test_an_item_that_had_no_label_when_an_earlier_version_scored_it_has_no_loss(earlier: Path) -> None:
    connection = sqlite3.connect(earlier / "studio.db")
    bare = ItemScore(item=1, name="1.png", split=Split.VALID, revision=1, loss=0.0, error=0.0, labelled=False)
    with connection:
        connection.execute("UPDATE scores SET loss = 0, data = ? WHERE item = 1", (encode_score(bare),))
    connection.close()
    with Store.open(earlier) as store:
        for reverse in (False, True):
            assert store.review.ids("0001", order=ReviewOrder(reverse=reverse)) == [2, 1]
        assert store.review.errors("0001") == {2: 1.0}
