"""Keep the new model or the old one: on record, changeable, and what the program goes on with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core.classes import make_classes
from studio.core.errors import BadInput, UnknownRun
from studio.core.items import NewItem, Split
from studio.core.model_choices import Kept, Standing
from studio.core.people import NAME_VARIABLE
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.core.settings import ProjectSettings, Task
from studio.store import Store

FROM_SCRATCH = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three runs with a model: 0002 started from 0001, 0003 from 0002."""
    settings = ProjectSettings(name="p", task=Task.SEGMENTATION, classes=tuple(make_classes(["a", "b"])))
    with Store.create(tmp_path / "project", settings) as store:
        items = [NewItem(name=f"{s}.png", path=tmp_path / f"{s}.png", split=s) for s in (Split.TRAIN, Split.VALID)]
        store.import_annotations((item, np.zeros((4, 4), np.uint8)) for item in store.add_items(items))
        for parent in (None, "0001", "0002"):
            record = store.create_run(msgspec.structs.replace(FROM_SCRATCH, parent=parent))
            (record.folder / "model.safetensors").touch()
        yield store


def standings(store: Store) -> dict[str, Standing]:
    return {record.id: record.standing for record in store.runs()}


def test_without_a_decision_the_newest_model_is_predicted_with(store: Store) -> None:
    assert store.kept_run() is None
    run = store.model_run()
    assert run is not None
    assert run.id == "0003"
    (run.folder / "model.safetensors").unlink()
    assert (again := store.model_run()) is not None
    assert again.id == "0002"


def test_keeping_the_new_model_makes_it_the_one_to_go_on_with(store: Store) -> None:
    store.models.keep("0002", Kept.NEW)
    assert store.kept_run() == "0002"
    assert (run := store.model_run()) is not None
    assert run.id == "0002"
    assert standings(store) == {"0001": Standing.OPEN, "0002": Standing.KEPT, "0003": Standing.OPEN}
    store.models.keep("0003", Kept.NEW)
    assert standings(store) == {"0001": Standing.OPEN, "0002": Standing.KEPT_BEFORE, "0003": Standing.KEPT}


def test_keeping_the_old_model_sets_the_new_one_aside(store: Store) -> None:
    store.models.keep("0003", Kept.OLD)
    assert store.kept_run() == "0002"
    assert standings(store) == {"0001": Standing.OPEN, "0002": Standing.KEPT, "0003": Standing.SET_ASIDE}


def test_a_decision_can_be_changed_and_taken_back_and_stays_on_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME_VARIABLE, "Anna")
    store.models.keep("0002", Kept.NEW, note="fewer cars missed")
    store.models.keep("0002", Kept.OLD, who="Ben")
    assert store.kept_run() == "0001"
    store.models.keep("0002", Kept.UNDECIDED)
    assert store.kept_run() is None
    assert set(standings(store).values()) == {Standing.OPEN}
    told = [(choice.run, choice.parent, choice.kept, choice.who, choice.note) for choice in store.models.all()]
    assert told == [
        ("0002", "0001", Kept.NEW, "Anna", "fewer cars missed"),
        ("0002", "0001", Kept.OLD, "Ben", ""),
        ("0002", "0001", Kept.UNDECIDED, "Anna", ""),
    ]
    times = [choice.time for choice in store.models.all()]
    assert times == sorted(times)


def test_the_old_model_of_a_run_that_learnt_from_production_errors_is_the_one_that_made_them(store: Store) -> None:
    """0004 only scores with 0002's model; 0005 learns from what it scored."""
    store.create_run(msgspec.structs.replace(FROM_SCRATCH, purpose=Purpose.SCORE, parent="0002"))
    record = store.create_run(msgspec.structs.replace(FROM_SCRATCH, parent="0004"))
    (record.folder / "model.safetensors").touch()
    assert store.models.keep("0005", Kept.OLD).kept_run == "0002"
    assert (run := store.model_run()) is not None
    assert run.id == "0002"
    store.delete_run("0002")
    assert store.kept_run() is None
    assert (again := store.model_run()) is not None
    assert again.id == "0003", "the newest but for the one that was set aside"


def test_a_kept_run_that_is_deleted_gives_way_to_the_one_kept_before_and_comes_back(store: Store) -> None:
    store.models.keep("0002", Kept.NEW)
    store.models.keep("0003", Kept.NEW)
    store.delete_run("0003")
    assert store.kept_run() == "0002"
    store.restore_run("0003")
    assert store.kept_run() == "0003"


def test_a_decision_outlives_the_program(store: Store) -> None:
    store.models.keep("0002", Kept.OLD, note="forgot the trams")
    with Store.open(store.root) as again:
        assert again.models.of("0002") == store.models.of("0002")
        assert again.kept_run() == "0001"


def test_only_a_run_that_started_from_another_is_decided_about(store: Store) -> None:
    with pytest.raises(BadInput, match="no old model"):
        store.models.keep("0001", Kept.NEW)
    with pytest.raises(UnknownRun):
        store.models.keep("0009", Kept.NEW)
    assert store.models.all() == []


def test_a_project_from_before_there_were_decisions_opens_and_can_keep_some(store: Store) -> None:
    store.close()
    connection = sqlite3.connect(store.root / "studio.db")
    connection.executescript("DROP TABLE model_choices; PRAGMA user_version = 9")
    connection.close()
    with Store.open(store.root) as again:
        assert again.kept_run() is None
        again.models.keep("0002", Kept.NEW)
        assert again.kept_run() == "0002"
