"""Runs as files for TensorBoard, read back with TensorBoard's own reader and compared with `events.jsonl`."""

from __future__ import annotations

import errno
import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from studio.cli import run_watch
from studio.cli.app import run_command
from studio.core.events import (
    EpochEnd,
    Finished,
    LrFound,
    LrPoint,
    LrSuggestion,
    Metric,
    RunEvent,
    Started,
    Step,
    WentBack,
    read_events,
)
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Stage
from studio.engine import FakeEngine
from studio.ml.runner import read_recipe
from studio.ml.tensorboard_files import event_files
from studio.store import Store
from tests.unit import data_sets
from tests.unit.ml_runs import make_run, recipe, run

reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=4)


def started(resumed_at: int = 0) -> Started:
    return Started(
        purpose="train",
        device="cpu",
        precision="float32",
        weights="From scratch.",
        parameters=1,
        train_items=2,
        valid_items=2,
        steps=4,
        epochs=2,
        resumed_at=resumed_at,
        time=1000.0,
    )


def step(number: int, loss: float) -> Step:
    return Step(
        step=number,
        epoch=1,
        loss=loss,
        smoothed=loss / 2,
        lrs=[1e-4, 1e-3],
        momentum=0.9,
        images_per_second=10,
        seconds_left=1,
        time=1000.0 + number,
    )


def board(folder: Path) -> Any:
    read = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    return read.Reload()


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in board(folder).Scalars(tag)]


def write(folder: Path, events: Iterable[RunEvent], run_folder: Path) -> None:
    with event_files(folder, run_folder, recipe()) as hear:
        for event in events:
            hear(event)


def text(folder: Path, tag: str) -> list[str]:
    return [e.tensor_proto.string_val[0].decode() for e in board(folder).Tensors(f"{tag}/text_summary")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stages = (Stage(epochs=2, height=32, width=48, batch_size=4),)
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(stages=stages, note="for the board"))
    run(folder)
    return folder


@pytest.fixture(scope="module")
def shown(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    with event_files(folder, trained, read_recipe(trained)[0]) as hear:
        for event in read_events(trained / "events.jsonl"):
            hear(event)
    return folder


def test_every_step_and_epoch_is_on_a_curve(trained: Path, shown: Path) -> None:
    said = [json.loads(line) for line in (trained / "events.jsonl").read_text().splitlines()]
    steps = [e for e in said if e["event"] == "step"]
    epochs = [e for e in said if e["event"] == "epoch"]
    assert (len(steps), len(epochs)) == (4, 2)
    wanted = {
        "loss/batch": [(e["step"], e["loss"]) for e in steps],
        "loss/smoothed": [(e["step"], e["smoothed"]) for e in steps],
        "optimizer/momentum": [(e["step"], e["momentum"]) for e in steps],
        **{f"rate/group {i + 1}": [(e["step"], e["lrs"][i]) for e in steps] for i in range(3)},
        "loss/train": [(e["step"], e["train_loss"]) for e in epochs],
        "loss/valid": [(e["step"], e["valid_loss"]) for e in epochs],
    }
    for i, metric in enumerate(epochs[0]["metrics"]):
        wanted[f"metrics/{metric['name']}"] = [(e["step"], e["metrics"][i]["value"]) for e in epochs]
    for tag, points in wanted.items():
        read = curve(shown, tag)
        assert [at for at, _ in read] == [at for at, _ in points], tag
        assert [value for _, value in read] == pytest.approx([value for _, value in points], rel=1e-6), tag
    assert [p.wall_time for p in board(shown).Scalars("loss/batch")] == pytest.approx([e["time"] for e in steps])


def test_the_recipe_and_the_samples_are_there_to_look_at(trained: Path, shown: Path) -> None:
    assert '"note": "for the board"' in text(shown, "recipe")[0]
    tags = board(shown).Tags()["images"]
    assert len(tags) == 4
    pictures = [board(shown).Images(tag) for tag in tags]
    assert {(p.width, p.height) for several in pictures for p in several} == {(48, 32)}
    assert [[p.step for p in several] for several in pictures] == [[2, 4]] * 4


def test_what_a_run_went_back_behind_is_not_shown_beside_what_came_instead(tmp_path: Path) -> None:
    back = WentBack(
        sentence="The loss became nan.", step=3, to_step=1, rate_divisor=3, returns=1, most_returns=3, time=1010.0
    )
    write(tmp_path, [started(), step(1, 1.0), step(2, 9.0), step(3, 99.0), back, step(2, 0.5)], tmp_path)
    assert curve(tmp_path, "loss/batch") == [(1, 1.0), (2, 0.5)]
    assert text(tmp_path, "warnings") == ["The loss became nan."]


def test_a_resumed_run_goes_on_behind_its_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, [started(), step(1, 1.0), step(2, 0.75), step(3, 9.0)], tmp_path)
    write(tmp_path, [started(resumed_at=2), step(3, 0.5)], tmp_path)
    assert curve(tmp_path, "loss/batch") == [(1, 1.0), (2, 0.75), (3, 0.5)]


def test_the_finders_curve_has_rate_and_loss_of_each_step(tmp_path: Path) -> None:
    points = [LrPoint(step=i, lr=10.0**-i, loss=float(i), smoothed=i / 2) for i in (1, 2, 3)]
    write(tmp_path, [*points, LrFound(suggestions=[LrSuggestion("valley", 2e-3)], stopped="diverged")], tmp_path)
    assert [value for _, value in curve(tmp_path, "lr_finder/rate")] == pytest.approx([0.1, 0.01, 0.001])
    assert curve(tmp_path, "lr_finder/loss") == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert curve(tmp_path, "lr_finder/smoothed") == [(1, 0.5), (2, 1.0), (3, 1.5)]
    assert text(tmp_path, "lr_finder/suggestions") == ["- valley: 2.000e-03"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose runs all say the same."""
    epoch = EpochEnd(epoch=1, step=2, train_loss=1.5, valid_loss=1.25, metrics=[Metric("accuracy", 0.75)], seconds=2)
    script = (started(), step(1, 1.0), step(2, 0.5), epoch, FINISHED)
    monkeypatch.setattr(run_watch, "make_engine", lambda: FakeEngine(script))
    source = data_sets.camvid(tmp_path / "set")
    assert run_command(["import", str(source), str(tmp_path / "project")]) == 0
    return tmp_path / "project"


def test_a_run_is_written_while_it_trains(project: Path, tmp_path: Path) -> None:
    assert run_command(["train", str(project), "--tensorboard", str(tmp_path / "board")]) == 0
    assert curve(tmp_path / "board" / "0001", "loss/batch") == [(1, 1.0), (2, 0.5)]
    assert curve(tmp_path / "board" / "0001", "metrics/accuracy") == [(2, 0.75)]


def test_without_a_folder_to_write_to_nothing_starts(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "board").write_text("no folder")
    assert run_command(["train", str(project), "--tensorboard", str(tmp_path / "board")]) != 0
    assert str(tmp_path / "board") in capsys.readouterr().err
    with Store.open(project) as store:
        assert store.runs() == []


@pytest.mark.parametrize("where", ["add_scalar", "close"])
def test_a_disk_that_is_full_is_told_once_and_the_run_ends_as_it_would(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter
    honest = writer.close

    def full(self: Any, *_given: object, **_named: object) -> None:
        if where == "close":
            honest(self)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, where, full)
    assert run_command(["train", str(project), "--tensorboard", str(tmp_path / "board"), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (warning,) = [event for event in told if event["event"] == "warning"]
    assert "no space left" in warning["sentence"]
    assert "step" in [event["event"] for event in told]
    with Store.open(project) as store:
        (record,) = store.runs()
    assert record.outcome is not None
    assert record.outcome.kind is OutcomeKind.FINISHED


def test_runs_that_there_are_can_be_written_once(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board"
    for _ in range(2):
        run_command(["train", str(project)])
    for record in ("0001", "0002"):
        path = project / "runs" / record / "events.jsonl"
        path.write_text(
            f'{{"event":"epoch","epoch":1,"step":7,"train_loss":{int(record)},"valid_loss":1,"metrics":[],'
            '"seconds":1}\n'
        )
    assert run_command(["tensorboard", str(project), "--run", "0002", "--out", str(tmp_path / "one")]) == 0
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["0002"]
    assert run_command(["tensorboard", str(project), "--out", str(out)]) == 0
    assert {p.name: curve(p, "loss/train") for p in out.iterdir()} == {"0001": [(7, 1.0)], "0002": [(7, 2.0)]}
    assert run_command(["tensorboard", str(project), "--out", str(out)]) == 2
    assert "has files already" in capsys.readouterr().err


def test_a_project_without_a_run_is_told(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tensorboard", str(project), "--out", str(tmp_path / "board")]) == 2
    assert "has no run yet" in capsys.readouterr().err
    assert not (tmp_path / "board").exists()


def test_without_the_package_no_run_is_made_and_a_sentence_says_how_to_get_it(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert run_command(["train", str(project), "--tensorboard", str(tmp_path / "board")]) == 2
    assert "run `pip install tensorboard`" in capsys.readouterr().err
    assert not any((project / "runs").glob("*"))
