"""`studio review` and `studio decide` on classes of whole pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import NO_CLASS, SCORES_FILE, ItemScore, encode_score
from studio.core.settings import Task
from studio.core.tags import PredictedTags, Tags
from studio.store import Store

SKY, ROAD = 0, 1


@pytest.fixture
def project(make_store) -> Path:
    """Of three pictures the last, for validation, has the sky; the run says the road."""
    store = make_store(3, task=Task.MULTI_LABEL)
    store.tags.replace({1: Tags((SKY,)), 2: Tags((ROAD,)), 3: Tags((SKY,))}, "by hand")
    record = store.create_run(RunSpec(task=Task.MULTI_LABEL, stages=(Stage(epochs=1, height=32, width=32),)))
    score = ItemScore(
        item=3,
        name="f2.png",
        split=Split.VALID,
        revision=1,
        loss=1.5,
        error=2.0,
        tags=PredictedTags(tags=Tags((ROAD,)), shares=((ROAD, 0.6), (SKY, 0.15))),
        label=Tags((SKY,)),
        confusion=((SKY, NO_CLASS, 1), (NO_CLASS, ROAD, 1)),
    )
    (record.folder / SCORES_FILE).write_bytes(encode_score(score))
    return store.root


def reviewed(project: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, object]]:
    assert run_command(["review", str(project), "--run", "0001", "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_review_says_label_prediction_and_probabilities_by_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item, threshold, *_ = reviewed(project, capsys)
    assert (item["classes"], item["predicted"]) == (["sky"], ["road"])
    assert item["probabilities"] == {"road": 0.6, "sky": 0.15}
    assert threshold["f2"] == 0
    assert run_command(["review", str(project), "--run", "0001"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2 tags" in told
    assert "sky missing, road too many" in told


def test_review_says_how_each_tag_fares(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tags = {str(event["name"]): event for event in reviewed(project, capsys) if event["event"] == "tag"}
    assert (tags["sky"]["precision"], tags["sky"]["recall"], tags["sky"]["missing"]) == (None, 0, 1)
    assert (tags["road"]["precision"], tags["road"]["recall"], tags["road"]["too_many"]) == (0, None, 1)
    assert run_command(["review", str(project), "--run", "0001"]) == 0
    told = capsys.readouterr().out
    assert "Tag by tag" in told and "0.00" in told


def test_a_threshold_is_chosen_and_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviewed(project, capsys, "--threshold", "0.1")
    item, threshold, *_ = reviewed(project, capsys)
    assert sorted(item["predicted"]) == ["road", "sky"]  # pyright: ignore[reportArgumentType]
    assert item["error"] == 1
    assert (threshold["threshold"], threshold["f2"]) == (0.1, pytest.approx(5 / 6))
    assert run_command(["review", str(project), "--run", "0001", "--threshold", "1.5"]) == 2
    assert "not between 0 and 1" in capsys.readouterr().err


def test_accepting_makes_the_prediction_the_label(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["decide", str(project), "f2.png", "accept", "--run", "0001"]) == 0
    with Store.open(project) as store:
        assert store.read_tags(3) == Tags((ROAD,))
        assert len(store.review.corrections("0001")) == 1
    capsys.readouterr()


def test_only_tags_have_a_threshold(make_store, capsys: pytest.CaptureFixture[str]) -> None:
    store = make_store(2, task=Task.SINGLE_LABEL)
    store.tags.replace({1: Tags((SKY,)), 2: Tags((ROAD,))}, "by hand")
    record = store.create_run(RunSpec(task=Task.SINGLE_LABEL, stages=(Stage(epochs=1, height=32, width=32),)))
    (record.folder / SCORES_FILE).write_bytes(b"")
    assert run_command(["review", str(store.root), "--run", "0001", "--threshold", "0.5"]) == 2
    assert "Only tags have a threshold" in capsys.readouterr().err
