"""`studio label-errors` with the real training, in this process: found, listed, accepted, and learnt from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import run_watch
from studio.cli.app import run_command
from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.recipe import Purpose
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.engine import LocalEngine
from studio.store import Store

WRONG = "03.png"
QUICKLY = ["--from-scratch", "--size", "32x32", "--batch", "4", "--epochs", "1", "--device", "cpu"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Red pictures and green ones, twelve to learn from and four to validate; one red one is called green."""
    monkeypatch.setattr(run_watch, "make_engine", lambda: LocalEngine(keep_warm=False))
    images = tmp_path / "images"
    images.mkdir()
    dice = np.random.default_rng(0)
    for number in range(16):
        pixels = dice.integers(0, 60, (36, 40, 3), np.uint8)
        pixels[..., number % 2] += 180
        Image.fromarray(pixels).save(images / f"{number:02}.png")
    settings = ProjectSettings(
        name="colours",
        task=Task.SINGLE_LABEL,
        classes=tuple(make_classes(["red", "green"])),
        image_roots=(str(images),),
    )
    with Store.create(tmp_path / "project", settings) as store:
        ids = store.add_items(
            NewItem(name=f"{n:02}.png", path=images / f"{n:02}.png", split=Split.TRAIN if n < 12 else Split.VALID)
            for n in range(16)
        )
        labels = {item: Tags((n % 2,)) for n, item in enumerate(ids)}
        labels[store.item_named(WRONG).id] = Tags((0,))
        store.import_annotations(labels.items())
    yield tmp_path / "project"


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wrong_label_is_listed_first_accepted_and_learnt_from(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", str(project), *QUICKLY]) == 0
    capsys.readouterr()
    arguments = ["label-errors", str(project), "--folds", "2", "--epochs", "6", "--device", "cpu", "--json"]
    assert run_command(arguments) == 0
    said = told(capsys)
    found = [event for event in said if event["event"] == "suspicion"]
    assert len(found) == 16
    assert (found[0]["name"], found[0]["proposed"], found[0]["is_issue"]) == (WRONG, "red → green", True)
    assert found[0]["method"] == "cleanlab"
    with Store.open(project) as store:
        spec = store.run("0002").spec
        assert spec.purpose is Purpose.LABEL_ERRORS
        assert spec.stages[0].epochs == 6
        assert spec.parent is None
        assert spec.label_errors is not None
        assert (spec.label_errors.folds, spec.label_errors.run) == (2, "0001")
        assert store.item(store.review.suspects("0002")[0]).name == WRONG

    assert run_command(["decide", str(project), WRONG, "accept", "--run", "0002"]) == 0
    with Store.open(project) as store:
        assert store.read_tags(store.item_named(WRONG).id) == Tags((1,))
    assert run_command(["fine-tune", str(project), "--run", "0002", "--epochs", "1", "--device", "cpu"]) == 0
    with Store.open(project) as store:
        assert store.run("0003").spec.parent == "0001"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_quick_look_judges_the_validation_items_and_says_what_the_others_need(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", str(project), *QUICKLY]) == 0
    capsys.readouterr()
    assert run_command(["label-errors", str(project), "--quick", "--device", "cpu"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "of 4 " in said
    assert "Run 0001 has learnt its training items, so only cross-validation can judge those." in said
    with Store.open(project) as store:
        assert {store.item(i).split for i in store.review.suspects("0002")} == {Split.VALID}


def test_what_cannot_be_asked_is_told_before_there_is_a_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["label-errors", str(project), "--quick"]) == 2
    assert "leave out --quick" in capsys.readouterr().err
    assert run_command(["label-errors", str(project), "--run", "0007"]) != 0
    assert run_command(["label-errors", str(project), "--folds", "1"]) == 2
    with Store.open(project) as store:
        assert store.runs() == []
