"""The rounds of the loop: labels made, minutes spent, the validation metric, and which model was kept."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from studio.cli.app import run_command
from studio.core.labelling_time import LONGEST_PAUSE, LabellingTime
from studio.core.model_choices import Kept, Standing
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import Purpose
from studio.reports import read_history
from studio.store import Store
from tests.unit.fine_tuned_projects import car_of, carried_out, fine_tuned, first_run, mask_answer, mask_store


def test_gaps_shorter_than_two_minutes_count_and_longer_ones_do_not() -> None:
    acts = [1000, 1030, 1149, 1269, 5000, 5060]  # gaps of 30, 119, 120, a long one, 60
    spent = LabellingTime(acts, [1000])
    assert LONGEST_PAUSE == 120
    assert spent.minutes(1e9) == pytest.approx((30 + 119 + 60) / 60)
    assert spent.minutes(1200) == pytest.approx((30 + 119) / 60)
    assert spent.minutes(999) == 0


def test_an_item_is_made_with_its_first_edit() -> None:
    spent = LabellingTime([], [30, 10, 20])
    assert [spent.labels(until) for until in (9, 10, 25, 99)] == [0, 1, 2, 3]


@given(st.lists(st.floats(0, 1e5), max_size=40), st.floats(0, 2e5))
def test_the_time_spent_is_what_adding_up_the_gaps_gives(acts: list[float], until: float) -> None:
    done = sorted(act for act in acts if act <= until)
    gaps = [b - a for a, b in itertools.pairwise(done)]
    expected = sum(gap for gap in gaps if gap < 120) / 60
    assert LabellingTime(acts, []).minutes(until) == pytest.approx(expected, abs=1e-6)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with mask_store(tmp_path, ("a.png", "b.png", "c.png", "train.png")) as store:
        yield store


def set_times(store: Store, edits: list[float], runs: list[float]) -> None:
    """Put the journal's edits and the runs at these times, in their order."""
    connection = sqlite3.connect(store.root / "studio.db")
    for table, key, column, times in (("edits", "id", "time", edits), ("runs", "id", "created", runs)):
        where = "WHERE kind != 'root'" if table == "edits" else ""
        ids = [row[0] for row in connection.execute(f"SELECT {key} FROM {table} {where} ORDER BY {key}")]
        assert len(ids) == len(times)
        for each, when in zip(ids, times, strict=True):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (when, each))
    connection.execute("UPDATE decisions SET time = (SELECT MAX(time) FROM edits WHERE edits.item = decisions.item)")
    connection.commit()
    connection.close()


def three_rounds(store: Store) -> None:
    """0001 sees no label that was made here, 0002 one, 0003 three; accepted a minute after another."""
    answer = mask_answer(car_of(10))
    first_run(store, answer, metric=0.5)
    ids = store.item_ids()
    fine_tuned(store, ids[:1], mask_answer(car_of(5)), metric=0.75)
    fine_tuned(store, ids[1:3], mask_answer(car_of(0)), metric=0.7)
    set_times(store, [1000, 2000, 2060], [900, 1500, 3000])


def test_every_round_has_the_labels_and_minutes_that_it_was_made_with(store: Store) -> None:
    three_rounds(store)
    store.models.keep("0002", Kept.NEW)
    store.models.keep("0003", Kept.OLD)
    history = read_history(store)
    told = [(r.number, r.run, r.parent, r.main.value, r.labels, r.minutes, r.corrections) for r in history.rounds]
    assert told == [
        (1, "0001", None, 0.5, 0, 0.0, 0),
        (2, "0002", "0001", 0.75, 1, 0.0, 1),
        (3, "0003", "0002", 0.7, 3, 1.0, 2),
    ]
    assert [r.standing for r in history.rounds] == [Standing.OPEN, Standing.KEPT, Standing.SET_ASIDE]
    assert history.metric_names == ("pixel accuracy",)
    assert history.validated_alike


def test_rounds_that_have_learnt_validation_items_are_said_to_be_flattered(store: Store) -> None:
    three_rounds(store)
    history = read_history(store)
    assert [(entry.valid_learnt, entry.valid_items) for entry in history.rounds] == [(0, 3), (1, 3), (3, 3)]
    assert history.caution == "In 2 rounds the model had learnt corrected validation items, which flatters it."


def test_rounds_on_training_items_alone_are_a_fair_comparison(store: Store) -> None:
    first_run(store, mask_answer(car_of(10)))
    fine_tuned(store, store.item_ids()[3:], mask_answer(car_of(5)))
    assert read_history(store).caution == ""


def test_only_trainings_that_ended_in_order_are_rounds(store: Store) -> None:
    record = first_run(store, mask_answer(car_of(10)))
    carried_out(store, store.create_run(replace(record.spec, purpose=Purpose.LR_FIND)), mask_answer(car_of(1)), 0.1)
    crashed = carried_out(store, store.create_run(record.spec), mask_answer(car_of(1)), 0.2)
    store.set_outcome(crashed.id, RunOutcome(kind=OutcomeKind.CRASHED, sentence="It crashed."))
    store.create_run(record.spec)
    stopped = carried_out(store, store.create_run(record.spec), mask_answer(car_of(1)), 0.3)
    store.set_outcome(stopped.id, RunOutcome(kind=OutcomeKind.STOPPED, sentence="Stopped."))
    assert [(r.number, r.run) for r in read_history(store).rounds] == [(1, "0001"), (2, stopped.id)]


def test_rounds_with_other_validation_items_are_said_to_be_no_comparison(store: Store) -> None:
    answer = mask_answer(car_of(10))
    first_run(store, answer)
    store.set_left_out(store.item_ids()[:1], True)
    first_run(store, answer)
    history = read_history(store)
    assert [entry.valid_items for entry in history.rounds] == [3, 2]
    assert not history.validated_alike
    assert history.caution.startswith("Not all rounds were validated on equally many items")


def test_the_history_is_told_in_a_terminal_and_to_programs(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    three_rounds(store)
    monkeypatch.setenv("COLUMNS", "160")
    assert run_command(["history", str(store.root)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[3].split()[:7] == ["3", "0003", "3", "1.0", "3", "pixel", "accuracy"]
    assert "3 rounds; 3 labels made in 1 min." in told
    assert run_command(["history", str(store.root), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["labels"] for line in lines if line["event"] == "round"] == [0, 1, 3]
    assert lines[-1] == {
        "event": "history",
        "sentence": "3 rounds; 3 labels made in 1 min.",
        "rounds": 3,
        "validated_alike": True,
    }


def test_a_project_without_a_run_has_no_rounds(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["history", str(store.root)]) == 0
    assert capsys.readouterr().out.strip() == "0 rounds."
