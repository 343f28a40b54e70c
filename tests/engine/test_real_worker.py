"""The real worker on a tiny data set: to the end, stopped and resumed, killed and resumed, and left alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.events import (
    CheckpointSaved,
    EpochAdded,
    EpochEnd,
    Finished,
    Paused,
    RateLowered,
    RunEvent,
    Samples,
    Scored,
    Started,
    Step,
)
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind, Remedy
from studio.core.recipe import Augment, LearningRate, ModelSpec, Precision, RunSpec, Stage, encode_spec
from studio.core.schedules import OneCycle
from studio.core.settings import Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, encode_snapshot
from studio.engine import FollowedRun, LocalEngine, Run, replay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LONG = 300.0
TRAIN_ITEMS, VALID_ITEMS, BATCH = 32, 4, 2
STEPS = 2 * TRAIN_ITEMS // BATCH

Event = TypeVar("Event")


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine() as engine:
        yield engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder: bright squares on a dark ground, two epochs."""
    folder = tmp_path / "runs" / "0001"
    (folder / "labels").mkdir(parents=True)
    classes = make_classes(["ground", "square"])
    random = np.random.default_rng(0)
    items = []
    for number in range(TRAIN_ITEMS + VALID_ITEMS):
        mask = np.zeros((32, 32), np.uint8)
        top, left = random.integers(0, 20, 2)
        mask[top : top + 12, left : left + 12] = 1
        picture = np.where(mask[..., None] == 1, 200, 40) + random.integers(-30, 30, (32, 32, 3))
        image = tmp_path / f"{number:02}.png"
        Image.fromarray(picture.astype(np.uint8)).save(image)
        write_mask(folder / "labels" / image.name, mask, classes)
        items.append(
            SnapshotItem(
                id=number + 1,
                name=image.name,
                image=str(image),
                split=Split.TRAIN if number < TRAIN_ITEMS else Split.VALID,
                revision=1,
                mask=f"labels/{image.name}",
            )
        )
    spec = RunSpec(
        task=Task.SEGMENTATION,
        model=ModelSpec(pretrained=False),
        stages=(Stage(epochs=2, height=32, width=32, batch_size=BATCH, lr=LearningRate(high=1e-3)),),
        augment=Augment(flip=False),
        precision=Precision.FLOAT32,
    )
    snapshot = Snapshot(task=Task.SEGMENTATION, classes=tuple(classes), items=tuple(items))
    (folder / "recipe.json").write_bytes(encode_spec(spec))
    (folder / SNAPSHOT_FILE).write_bytes(encode_snapshot(snapshot))
    return folder


def of_kind(kind: type[Event], events: list[RunEvent]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def read_until(run: Run, kind: type) -> list[RunEvent]:
    """Everything said up to the batch that has the first event of this kind."""
    events: list[RunEvent] = []
    while not of_kind(kind, events):
        batch = run.take(LONG)
        assert batch, f"no {kind.__name__} came: {run.outcome}"
        events += batch
    return events


def test_a_run_goes_to_its_end(engine: LocalEngine, folder: Path) -> None:
    engine.warm()
    run = engine.submit(folder, device="cpu", reserve_cores=1)
    first = read_until(run, Step)
    if sys.platform.startswith("linux"):
        loaded = Path(f"/proc/{run.process_id}/maps").read_text()  # type: ignore[attr-defined]
        assert "torch" in loaded
        assert "Qt6Core" not in loaded
    events = first + list(run.events())
    assert run.outcome is not None
    assert run.outcome.kind is OutcomeKind.FINISHED, run.outcome
    (started,) = of_kind(Started, events)
    assert (started.steps, started.epochs, started.train_items, started.valid_items) == (
        STEPS,
        2,
        TRAIN_ITEMS,
        VALID_ITEMS,
    )
    assert [step.step for step in of_kind(Step, events)] == list(range(1, STEPS + 1))
    assert [epoch.epoch for epoch in of_kind(EpochEnd, events)] == [1, 2]
    assert of_kind(Samples, events)
    (scored,) = of_kind(Scored, events)
    assert (folder / scored.scores).is_file()
    assert isinstance(events[-1], Finished)
    assert (folder / "model.safetensors").is_file()
    assert list(replay(folder)) == events


def test_a_stopped_run_keeps_what_it_learnt_and_goes_on_from_there(engine: LocalEngine, folder: Path) -> None:
    run = engine.submit(folder, device="cpu")
    before = read_until(run, Step)
    run.pause()
    before += read_until(run, Paused)
    assert not of_kind(Step, run.take(0.2) or []), "a paused run takes no step"
    run.stop()
    before += list(run.events())
    assert run.outcome is not None
    assert run.outcome.kind is OutcomeKind.STOPPED
    assert run.outcome.remedy is Remedy.RESUME
    assert (folder / "model.safetensors").is_file()
    done = of_kind(Step, before)[-1].step
    assert done < STEPS

    again = engine.submit(folder, resume=True, device="cpu")
    after = list(again.events())
    assert again.outcome is not None
    assert again.outcome.kind is OutcomeKind.FINISHED
    (started,) = of_kind(Started, after)
    assert started.resumed_at == done
    assert [step.step for step in of_kind(Step, after)] == list(range(done + 1, STEPS + 1))


def test_a_run_is_steered_while_it_goes(engine: LocalEngine, folder: Path) -> None:
    run = engine.submit(folder, device="cpu")
    events = read_until(run, Step)
    run.pause()
    events += read_until(run, Paused)
    run.lower_rate()
    run.add_epoch()
    events += read_until(run, EpochAdded)
    run.resume()
    events += list(run.events())
    steps, (lowered,), (added,) = of_kind(Step, events), of_kind(RateLowered, events), of_kind(EpochAdded, events)
    longer = STEPS * 3 // 2
    assert (added.epochs, added.total_steps, steps[-1].step) == (3, longer, longer)
    for step in steps:
        before = step.step <= lowered.step
        share = OneCycle().rate_at((step.step - 1) / (STEPS if before else longer))
        assert step.lrs[-1] == pytest.approx(1e-3 * share / (1 if before else 3))


def test_a_run_that_was_let_go_outlives_its_engine_and_is_followed_and_steered_through_its_folder(folder: Path) -> None:
    with LocalEngine() as engine:
        run = engine.submit(folder, device="cpu")
        read_until(run, Step)
        run.pause()
        read_until(run, Paused)
        run.let_go()
    followed = FollowedRun(folder)
    before = read_until(followed, Paused)
    assert of_kind(Step, before)
    followed.add_epoch()
    followed.resume()
    after = list(followed.events())
    assert followed.outcome is not None
    assert followed.outcome.kind is OutcomeKind.FINISHED
    assert of_kind(EpochAdded, after)
    assert of_kind(Step, after)[-1].step == STEPS * 3 // 2
    run.wait(LONG)
    run.join()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a POSIX signal")
def test_a_killed_run_says_so_and_goes_on_from_its_checkpoint(engine: LocalEngine, folder: Path) -> None:
    run = engine.submit(folder, device="cpu")
    read_until(run, CheckpointSaved)
    os.kill(run.process_id, signal.SIGKILL)  # type: ignore[attr-defined]
    outcome = run.wait(LONG)
    assert outcome is not None
    assert outcome.signal == "SIGKILL"
    assert outcome.remedy is Remedy.RESUME

    again = engine.submit(folder, resume=True, device="cpu")
    after = list(again.events())
    assert again.outcome is not None
    assert again.outcome.kind is OutcomeKind.FINISHED
    assert of_kind(Started, after)[0].resumed_at > 0
    assert of_kind(Step, after)[-1].step == STEPS


def test_closing_the_program_leaves_a_checkpoint(engine: LocalEngine, folder: Path) -> None:
    run = engine.submit(folder, device="cpu")
    read_until(run, Step)
    engine.close(grace=LONG)
    assert run.outcome is not None
    assert run.outcome.kind is OutcomeKind.STOPPED
    assert run.outcome.remedy is Remedy.RESUME
    assert (folder / "state.pt").is_file()
