"""`studio decide` beyond whole items, and `studio decisions`: the journal for people, programs and spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.core.settings import Task
from studio.core.tags import Tags
from studio.store import Store
from tests.unit.test_store_any_decisions import RUN, make


@pytest.fixture
def masks(tmp_path: Path) -> Iterator[str]:
    with make(tmp_path / "masks", Task.SEGMENTATION) as store:
        pass
    yield str(store.root)


@pytest.fixture
def tags(tmp_path: Path) -> Iterator[str]:
    with make(tmp_path / "tags", Task.MULTI_LABEL) as store:
        pass
    yield str(store.root)


def test_a_region_is_accepted_a_question_put_and_both_are_listed(
    masks: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    decide = ["decide", masks, "--run", RUN, "--who", "Ann"]
    assert run_command([*decide, "1.png", "accept", "--at", "6,2"]) == 0
    assert run_command([*decide, "1.png", "accept", "--at", "6,2"]) == 0
    assert "1.png: nothing to change" in capsys.readouterr().out
    assert run_command([*decide, "1.png", "2.png", "ask", "--text", "a van?"]) == 0
    assert run_command([*decide, "2.png", "answer", "--text", "yes"]) == 0
    capsys.readouterr()

    assert run_command(["decisions", masks]) == 0
    told = capsys.readouterr().out
    assert told.index("accepted a region: sky → road, 8 pixels") < told.index("asked: a van?")
    assert "4 steps of review." in told

    assert run_command(["decisions", masks, "--run", RUN, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(e["name"], e["who"], e["act"], e["note"]) for e in lines[:-1]] == [
        ("1.png", "Ann", "accepted a region", ""),
        ("1.png", "Ann", "note", "a van?"),
        ("2.png", "Ann", "note", "a van?"),
        ("2.png", "Ann", "note", "yes"),
    ]
    assert lines[1]["batch"] == lines[2]["batch"] != lines[3]["batch"]
    assert lines[-1]["steps"] == 4

    assert run_command(["decisions", masks, "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(r["item"], r["before"], r["after"], r["state"]) for r in rows[:2]] == [
        ("1.png", "1", "2", "done"),
        ("1.png", "2", "2", "done"),
    ]

    assert run_command(["review", masks, "--run", RUN, "--asked", "--json"]) == 0
    item = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (item["name"], item["note"]["text"], item["note"]["who"]) == ("1.png", "a van?", "Ann")


def test_tags_are_added_and_taken_away_by_name(tags: str, capsys: pytest.CaptureFixture[str]) -> None:
    decide = ["decide", tags, "--run", RUN, "2.png", "relabel"]
    assert run_command([*decide, "--class", "Sky"]) == 0
    assert run_command([*decide, "--class", "road", "--without"]) == 0
    with Store.open(Path(tags)) as store:
        assert store.read_tags(2) == Tags((0, 2))
    assert run_command([*decide, "--class", "boat"]) == 2
    assert "sky, road, void" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["1.png", "ask"], "--text"),
        (["1.png", "accept", "--at", "here"], "names no pixel"),
        (["1.png", "leave-out", "--at", "3,3"], "goes with accept"),
        (["1.png", "relabel", "--class", "sky"], "classes of whole items"),
    ],
)
def test_what_cannot_be_done_is_told(
    masks: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["decide", masks, "--run", RUN, *words]) == 2
    assert told in capsys.readouterr().err


def test_the_journal_of_a_run_that_is_not_there_is_told(masks: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["decisions", masks, "--run", "0777"]) == 2
    assert "0777" in capsys.readouterr().err


def test_a_label_that_was_changed_and_is_called_right_is_told_to_be_a_correction(
    tags: str, capsys: pytest.CaptureFixture[str]
) -> None:
    decide = ["decide", tags, "--run", RUN, "2.png"]
    for rest in (["relabel", "--class", "Sky"], ["leave-out"], ["label-right"]):
        assert run_command([*decide, *rest]) == 0
    told = capsys.readouterr().out.splitlines()[-2:]
    assert told == ["2.png: label was right as changed", f"Run {RUN} has led to 1 correction."]
