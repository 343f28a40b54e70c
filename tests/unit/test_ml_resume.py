"""Stopping, leaving, pausing and going on: nothing that was learnt is lost, and nothing comes out differently."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from studio.core.events import CheckpointSaved, EpochEnd, Finished, Paused, Resumed, RunEvent, Scored, Started, Step
from studio.core.events import decode_event as decode
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, LearningRate, RunSpec, Stage
from studio.core.review import decode_score
from studio.core.settings import Task
from studio.ml.control import Commands
from studio.ml.model_file import read_model
from studio.ml.runner import carry_out
from tests.unit.ml_runs import Kind, make_run, recipe, run, run_until, same_tensors

STEPS = 8
"""Of the recipe below: two stages of two epochs of two batches (the seventh item joins the second batch)."""

MIDDLE_OF_SECOND_STAGE = 7

RANDOM_STEPS = random.Random(20).sample(range(1, STEPS), 3)


def two_stages(task: Task = Task.SEGMENTATION) -> RunSpec:
    return recipe(
        task,
        stages=(
            Stage(epochs=2, height=32, width=32, batch_size=3, frozen=True, lr=LearningRate(high=3e-3)),
            Stage(epochs=2, height=40, width=48, batch_size=3, lr=LearningRate(high=1e-3, discriminative=True)),
        ),
        augment=Augment(flip=True, rotate=15, zoom=0.2, lighting=0.2),
    )


def made(folder: Path, task: Task = Task.SEGMENTATION) -> Path:
    return make_run(folder, two_stages(task), train=7, valid=2)


def recorded(folder: Path, kind: type[Kind]) -> list[Kind]:
    events: list[RunEvent] = [decode(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    return [event for event in events if isinstance(event, kind)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read_model(folder).state


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("uninterrupted") / "0001")
    assert run(folder)[0] is OutcomeKind.FINISHED
    return folder


@pytest.mark.parametrize("step", sorted({*RANDOM_STEPS, 4, MIDDLE_OF_SECOND_STAGE}))
def test_a_run_that_was_stopped_and_resumed_ends_bit_for_bit_like_one_that_was_not(
    uninterrupted: Path, tmp_path: Path, step: int
) -> None:
    folder = made(tmp_path / "0001")
    assert run_until(folder, step, say="leave")[0] is OutcomeKind.STOPPED
    assert not same_tensors(weights(folder), weights(uninterrupted))
    assert run(folder, resume=True)[0] is OutcomeKind.FINISHED
    assert same_tensors(weights(folder), weights(uninterrupted))
    assert [event.resumed_at for event in recorded(folder, Started)] == [0, step]
    assert said(recorded(folder, Step)) == said(recorded(uninterrupted, Step))
    last, expected = recorded(folder, EpochEnd)[-1], recorded(uninterrupted, EpochEnd)[-1]
    assert (last.epoch, last.train_loss, last.valid_loss) == (4, expected.train_loss, expected.valid_loss)


def said(steps: list[Step]) -> list[tuple[int, int, float, float, list[float], float]]:
    """All that a step says but for its speed."""
    return [(s.step, s.epoch, s.loss, s.smoothed, s.lrs, s.momentum) for s in steps]


def test_scoring_between_a_stop_and_a_resume_changes_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "0001")
    run_until(folder, 3, say="stop")
    run_until(folder, 6, say="stop", resume=True)
    assert run(folder, resume=True)[0] is OutcomeKind.FINISHED
    assert same_tensors(weights(folder), weights(uninterrupted))
    assert [event.resumed_at for event in recorded(folder, Started)] == [0, 3, 6]
    assert (folder / "scores.jsonl").read_text() == (uninterrupted / "scores.jsonl").read_text()


def test_keypoint_runs_resume_exactly_too(tmp_path: Path) -> None:
    whole, parts = made(tmp_path / "0001", Task.KEYPOINTS), made(tmp_path / "0002", Task.KEYPOINTS)
    run(whole)
    run_until(parts, 5, say="leave")
    run(parts, resume=True)
    assert same_tensors(weights(parts), weights(whole))


def test_the_same_recipe_twice_gives_the_same_weights_and_another_seed_gives_others(
    uninterrupted: Path, tmp_path: Path
) -> None:
    again = made(tmp_path / "0001")
    run(again)
    assert same_tensors(weights(again), weights(uninterrupted))
    one = recipe(stages=(Stage(epochs=1, height=32, width=32, batch_size=4),), seed=1)
    two = recipe(stages=(Stage(epochs=1, height=32, width=32, batch_size=4),), seed=2)
    run(make_run(tmp_path / "0002", one, train=4, valid=2))
    run(make_run(tmp_path / "0003", two, train=4, valid=2))
    assert not same_tensors(weights(tmp_path / "0002"), weights(tmp_path / "0003"))


def test_a_pause_holds_the_run_and_changes_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "0001")
    commands = Commands()
    steps_when_paused: list[int] = []
    heard: list[RunEvent] = []

    def listen(event: RunEvent) -> None:
        heard.append(event)
        if isinstance(event, Step) and event.step == 3:
            commands.pause()
        if isinstance(event, Paused):
            steps_when_paused.append(sum(isinstance(e, Step) for e in heard))
            commands.go_on()

    assert carry_out(folder, device="cpu", commands=commands, emit=listen) is OutcomeKind.FINISHED
    assert steps_when_paused == [3]
    assert len([e for e in heard if isinstance(e, Resumed)]) == 1
    assert same_tensors(weights(folder), weights(uninterrupted))


def test_a_stop_in_the_first_epoch_keeps_what_was_learnt(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run_until(folder, 1, say="stop")
    assert outcome is OutcomeKind.STOPPED
    assert [event.step for event in heard.of(Step)] == [1]
    assert [(event.epoch, event.step) for event in heard.of(EpochEnd)] == [(1, 1)]
    assert heard.of(CheckpointSaved)[-1].step == 1
    assert heard.of(Scored)[-1].items == 12
    assert isinstance(heard.events[-1], Finished)
    assert heard.events[-1].outcome is OutcomeKind.STOPPED
    scores = [decode_score(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    assert [score.item for score in scores] == list(range(1, 13))
    assert int(weights(folder)["encoder.stages.0.1.num_batches_tracked"]) == 1


def test_leaving_keeps_a_checkpoint_and_does_not_wait_for_scores(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run_until(folder, 1, say="leave")
    assert outcome is OutcomeKind.STOPPED
    assert heard.of(CheckpointSaved)[-1].step == 1
    assert not heard.of(Scored)
    assert not (folder / "scores.jsonl").exists()


def test_resuming_without_a_checkpoint_starts_from_the_beginning(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=(Stage(epochs=1, height=32, width=32),)), train=4, valid=2)
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(Started)[0].resumed_at == 0


def test_resuming_with_fewer_pictures_than_before_is_refused_with_a_remedy(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run_until(folder, 1, say="leave")
    next(iter((tmp_path / "0001-images").glob("*.png"))).unlink()
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.BAD_INPUT
    assert "put the files back" in heard.events[-1].sentence  # pyright: ignore[reportAttributeAccessIssue]
