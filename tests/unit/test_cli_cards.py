"""`studio cards`, and the cards that a run on the command line is dealt."""

from __future__ import annotations

import json

import pytest

from studio.cli.app import run_command
from studio.cli.cards import listening, tell_dealt
from studio.cli.output import Output
from studio.core.cards import Card, load_deck
from studio.core.recipe import RunSpec, Stage
from studio.core.settings import Task
from tests.unit.card_streams import BEGIN, FINISHED, epochs, steps, warned


def test_all_cards_are_listed_and_those_of_a_task_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["cards"]) == 0
    listed = capsys.readouterr().out
    assert "weight-decay" in listed
    assert f"{len(load_deck().cards)} cards" in listed
    assert run_command(["cards", "--task", "text", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["event"] for line in lines} == {"card"}
    assert {"language-model-first", "weight-decay"} <= {line["id"] for line in lines}
    assert "upside-down-from-above" not in {line["id"] for line in lines}


def test_one_card_is_read_by_its_id_or_by_words_that_only_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["great-maximum-rate"], ["little", "hill", "keep"]):
        assert run_command(["cards", *words]) == 0
        told = capsys.readouterr().out
        assert told.startswith("A great maximum rate\n")
        assert "Dealt when the loss rises a little with the rate" in told
    assert run_command(["cards", "weight-decay"]) == 0
    assert "In the window its button says: Set weight decay to 0.1." in capsys.readouterr().out


def test_words_that_no_card_has_are_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["cards", "zebra"]) == 2
    assert "No card has the words zebra" in capsys.readouterr().err


def test_what_a_run_says_goes_on_unchanged_and_its_cards_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    spec = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=96, width=128),))
    dealt: list[tuple[Card, str]] = []
    missed = epochs([(1.0, 1.0), (0.9, 1.0)], missed=[("car", "bike")] * 2)
    stream = [*BEGIN, *steps([1.0, 0.9]), warned("memory"), *missed, FINISHED]
    assert list(listening(stream, spec, dealt)) == stream
    tell_dealt(dealt, Output(as_json=False))
    assert capsys.readouterr().out.splitlines()[:2] == [
        "Card: Not enough memory: add up parts (studio cards batches-in-parts)",
        "Card: A class that is never predicted: bike, car (studio cards class-never-predicted)",
    ]
