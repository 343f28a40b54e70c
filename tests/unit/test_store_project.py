"""Making and opening a project: its settings, its database, and every way in which they can be wrong."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core.classes import make_classes
from studio.core.errors import CannotWrite, NotAProject, ProjectDamaged, ProjectExists, ProjectTooNew
from studio.core.items import NewItem, Split
from studio.core.points import KeypointName
from studio.core.review import ItemScore, encode_score
from studio.core.review_order import GroupBy, ReviewOrder, SortBy
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.core.shapes import Carried, Shaped
from studio.store import ReviewFilter, Store, schema
from studio.store.database import Database
from studio.store.settings_file import read_settings, write_settings
from tests.unit.earlier_schema import make_earlier

SETTINGS = ProjectSettings(
    name="street “north”",
    task=Task.SEGMENTATION,
    classes=tuple(make_classes(["road", "void"])),
    keypoints=(KeypointName(name="nose", color="#00ff00"),),
    links=((0, 1), (1, 2)),
    split_rule=SplitRule(kind="group", detail="subject 13", valid_share=0.25),
    image_roots=("../images", "/data"),
)


def test_settings_survive_and_read_like_a_file_for_people(tmp_path: Path) -> None:
    Store.create(tmp_path / "p", SETTINGS).close()
    with Store.open(tmp_path / "p") as store:
        assert store.settings == SETTINGS
    text = (tmp_path / "p" / "studio.toml").read_text("utf-8")
    assert 'name = "street “north”"' in text
    assert 'name = "road"' in text


def test_changed_settings_are_there_after_a_restart(tmp_path: Path) -> None:
    renamed = msgspec.structs.replace(SETTINGS, name="other")
    with Store.create(tmp_path / "p", SETTINGS) as store:
        store.save_settings(renamed)
        assert store.settings == renamed
    assert read_settings(tmp_path / "p") == renamed


def test_a_project_is_never_made_over_another(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    with pytest.raises(ProjectExists):
        Store.create(tmp_path, SETTINGS)
    (tmp_path / "studio.toml").unlink()
    with pytest.raises(ProjectExists):
        Store.create(tmp_path, SETTINGS)


def test_a_project_can_be_made_where_pictures_lie_already(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    Store.create(tmp_path, SETTINGS).close()
    assert (tmp_path / "a.png").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="file"):
        Store.create(tmp_path / "file" / "p", SETTINGS)


def test_settings_that_cannot_be_written_leave_no_open_database(tmp_path: Path) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.core.atomic.sync_folder", refuse)
        with pytest.raises(CannotWrite, match=r"studio\.toml.*permission denied"):
            Store.create(tmp_path / "p", SETTINGS)


@pytest.mark.parametrize("missing", ["folder", "settings", "file"])
def test_what_is_no_project_is_said_to_be_none(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "p"
    if missing == "settings":
        path.mkdir()
    elif missing == "file":
        path.touch()
    with pytest.raises(NotAProject, match="is a file" if missing == "file" else r"has no studio\.toml"):
        Store.open(path)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('task = "segmentation"', 'task = "knitting"', "task"),
        ('name = "street “north”"', "", "name"),
        ("id = 1", "id = 300", r"classes\[1\]"),
        ("valid_share = 0.25", 'valid_share = "much"', "valid_share"),
        ("task = ", "task ", "line 3"),
    ],
)
def test_settings_that_were_spoilt_by_hand_name_the_file_and_the_field(
    tmp_path: Path, before: str, after: str, named: str
) -> None:
    write_settings(tmp_path, SETTINGS)
    path = tmp_path / "studio.toml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ProjectDamaged, match=rf"studio\.toml.*{named}"):
        read_settings(tmp_path)


def test_settings_that_are_no_text_or_no_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "studio.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectDamaged, match="not TOML"):
        read_settings(tmp_path)
    (tmp_path / "studio.toml").unlink()
    (tmp_path / "studio.toml").mkdir()
    with pytest.raises(ProjectDamaged, match="directory"):
        read_settings(tmp_path)


def test_a_project_of_a_newer_program_is_refused_by_its_settings(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    path = tmp_path / "studio.toml"
    path.write_text(path.read_text("utf-8").replace("format = 1", "format = 2\nnovelty = true"), "utf-8")
    with pytest.raises(ProjectTooNew, match="format 2, this one knows 1"):
        Store.open(tmp_path)


def test_a_project_of_a_newer_program_is_refused_by_its_database_and_left_alone(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    connection = sqlite3.connect(tmp_path / "studio.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / "studio.db").read_bytes()
    with pytest.raises(ProjectTooNew, match="format 99"):
        Store.open(tmp_path)
    assert (tmp_path / "studio.db").read_bytes() == before


def test_a_missing_or_spoilt_database_is_named_and_not_replaced(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    database = tmp_path / "studio.db"
    database.write_bytes(b"this is no database at all" * 1000)
    with pytest.raises(ProjectDamaged, match=r"studio\.db is damaged"):
        Store.open(tmp_path)
    assert database.read_bytes().startswith(b"this is no")
    database.write_bytes(b"")
    with pytest.raises(ProjectDamaged, match="no tables"):
        Store.open(tmp_path)
    database.unlink()
    with pytest.raises(ProjectDamaged, match="missing"):
        Store.open(tmp_path)
    assert not database.exists()


def test_a_database_with_a_hole_is_reported_when_it_is_met(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    data = bytearray((tmp_path / "studio.db").read_bytes())
    data[4096:] = b"\x07" * (len(data) - 4096)
    (tmp_path / "studio.db").write_bytes(data)
    with pytest.raises(ProjectDamaged):
        Store.open(tmp_path)


def test_a_database_that_is_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "studio.db").mkdir()
    with pytest.raises(CannotWrite):
        Database(tmp_path / "studio.db", create=True)


def older_database(path: Path) -> None:
    """What a project of schema 1 would look like if today's were 3."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE things (name TEXT)")
    connection.execute("INSERT INTO things VALUES ('kept')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def test_an_older_database_goes_through_every_step_to_todays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older_database(tmp_path / "a.db")
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 3)
    steps = {
        1: lambda c: c.execute("ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"),
        2: lambda c: c.execute("UPDATE things SET colour = 'blue'"),
    }
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    schema.prepare(connection, steps)
    assert connection.execute("SELECT * FROM things").fetchall() == [("kept", "blue")]
    assert schema.version_of(connection) == 3
    schema.prepare(connection, {})  # nothing is left to do
    connection.close()


def test_a_migration_that_fails_leaves_the_older_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older_database(tmp_path / "a.db")
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 3)
    steps = {1: lambda c: c.execute("DELETE FROM things"), 2: lambda c: c.execute("UPDATE nowhere SET x = 1")}
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.prepare(connection, steps)
    assert connection.execute("SELECT * FROM things").fetchall() == [("kept",)]
    assert schema.version_of(connection) == 1
    connection.close()


def test_there_is_a_migration_from_every_older_schema() -> None:
    assert set(schema.MIGRATIONS) == set(range(1, schema.SCHEMA_VERSION))


def test_a_database_that_is_locked_for_long_cannot_be_written(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", create=True)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(CannotWrite, match="locked"):
        database.execute("UPDATE items SET left_out = 1")
    with pytest.raises(CannotWrite), database.transaction():
        pass
    other.close()
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        database.execute("SELECT * FROM nowhere")
    database.close()


def test_what_fails_in_a_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", create=True)
    with pytest.raises(KeyError), database.transaction() as outer:
        outer.execute("INSERT INTO runs (id, created, spec) VALUES ('0001', 0, '')")
        with database.transaction() as inner:
            inner.execute("INSERT INTO runs (id, created, spec) VALUES ('0002', 0, '')")
        raise KeyError
    assert database.execute("SELECT * FROM runs").fetchall() == []
    with pytest.raises(sqlite3.OperationalError), database.transaction() as connection:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("something else ended it")
    database.close()


def test_a_project_without_carried_shapes_opens_and_can_keep_some(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    gone = "DROP TABLE carried; DROP TABLE carried_notes; DROP TABLE proposals; DROP TABLE acceptances"
    make_earlier(tmp_path, 1, gone)
    with Store.open(tmp_path) as store:
        (item,) = store.add_items([NewItem(name="a.png", path=tmp_path / "a.png")])
        assert store.carried(item) is None
        carried = Carried(source="coco", width=4, height=3)
        store.import_annotations([(item, Shaped(np.zeros((3, 4), np.uint8), carried))])
        store.note_source("coco", {"info": {"year": 2017}})
    with Store.open(tmp_path) as store:
        assert store.carried(item) == carried
        assert store.source_notes() == {"coco": {"info": {"year": 2017}}}
        assert store.read_mask(item) is not None


def test_a_project_whose_scores_are_ordered_without_their_split_opens(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    make_earlier(
        tmp_path,
        3,
        "DROP INDEX scores_worst_first; CREATE INDEX scores_worst_first ON scores (run, loss DESC, item);"
        "INSERT INTO scores (run, item, split, loss, data) VALUES ('0001', 7, 'valid', 0.5, '');"
        "INSERT INTO scores (run, item, split, loss, data) VALUES ('0001', 8, 'train', 0.9, '');"
        "DROP TABLE acceptances; ALTER TABLE proposals ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0",
    )
    with Store.open(tmp_path) as store:
        assert store.review.splits("0001") == {Split.TRAIN, Split.VALID}
        assert store.review.ids("0001", ReviewFilter(splits=(Split.VALID,))) == [7]


def test_scores_of_a_project_from_before_they_were_measured_are_sorted_and_filtered(tmp_path: Path) -> None:
    Store.create(tmp_path, SETTINGS).close()
    make_earlier(tmp_path, 7)
    connection = sqlite3.connect(tmp_path / "studio.db")
    with connection:
        for item, loss, error in ((1, 0.5, 0.0), (2, 0.9, 0.1), (3, 0.7, 0.4)):
            confusion = ((2, 0, 5), (1, 0, 3)) if error else ()
            score = ItemScore(
                item=item, name="a", split=Split.VALID, revision=1, loss=loss, error=error, confusion=confusion
            )
            connection.execute(
                "INSERT INTO scores (run, item, split, loss, data) VALUES ('0001', ?, 'valid', ?, ?)",
                (item, loss, encode_score(score)),
            )
    connection.close()
    with Store.open(tmp_path) as store:
        assert store.review.ids("0001") == [2, 3, 1]
        assert store.review.ids("0001", order=ReviewOrder(by=SortBy.ERROR)) == [3, 2, 1]
        assert store.review.ids("0001", ReviewFilter(only_wrong=True)) == [2, 3]
        assert store.review.sortable("0001") == {SortBy.LOSS, SortBy.ERROR, SortBy.NAME}
        groups = store.review.arranged("0001", ReviewFilter(), ReviewOrder(group=GroupBy.CLASS)).groups
        assert [(group.key, group.count) for group in groups] == [(2, 2), (None, 1)]
