"""A run from its folder to its end: what it says, what it leaves, and that a stop costs nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.events import (
    CheckpointSaved,
    EpochEnd,
    Finished,
    Paused,
    Resumed,
    RunEvent,
    Samples,
    Scored,
    StageStarted,
    Started,
    Step,
    Warned,
    decode_event,
)
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, LearningRate, Precision, RunSpec, Stage
from studio.core.settings import Task
from studio.ml.callbacks.watched_samples import watched_rows
from studio.ml.checkpoint import read_state
from studio.ml.control import Commands
from studio.ml.model_file import read_model
from studio.ml.runner import carry_out
from tests.unit.ml_runs import (
    ALL_BUT_ONE,
    NORMED_MODEL,
    SMALL_MODEL,
    Listener,
    make_run,
    recipe,
    run,
    run_until,
    same_tensors,
)

TWO_STAGES = (
    Stage(epochs=2, height=32, width=32, batch_size=4, frozen=True),
    Stage(epochs=2, height=40, width=48, batch_size=4, lr=LearningRate(high=1e-3, low=1e-5)),
)
STEPS_AN_EPOCH = 2
ALL_STEPS = 4 * STEPS_AN_EPOCH

EVERYTHING_MOVES = Augment(flip=True, rotate=10, zoom=0.2, lighting=0.2)


def two_stages(task: Task = Task.SEGMENTATION) -> RunSpec:
    """Segmentation on a network with batch norm in every layer: a frozen stage trains that alone, and it comes back."""
    model = NORMED_MODEL if task is Task.SEGMENTATION else SMALL_MODEL
    return recipe(task, stages=TWO_STAGES, model=model, augment=EVERYTHING_MOVES)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read_model(folder).state


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Listener]:
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", two_stages())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    return folder, heard


def test_a_run_says_what_it_does_in_order(uninterrupted: tuple[Path, Listener]) -> None:
    _, heard = uninterrupted
    (started,) = heard.of(Started)
    assert (started.train_items, started.valid_items, started.steps, started.epochs) == (8, 4, ALL_STEPS, 4)
    assert started.weights.startswith("From scratch")
    assert started.precision == Precision.FLOAT32
    assert [(s.stage, s.height, s.width, s.frozen) for s in heard.of(StageStarted)] == [
        (0, 32, 32, True),
        (1, 40, 48, False),
    ]
    assert [s.step for s in heard.of(Step)] == list(range(1, ALL_STEPS + 1))
    assert [e.epoch for e in heard.of(EpochEnd)] == [1, 2, 3, 4]
    assert [e.epoch for e in heard.of(Samples)] == [1, 2, 3, 4]
    assert isinstance(heard.events[-1], Finished)
    assert heard.of(CheckpointSaved)[-1].step == ALL_STEPS


def test_the_event_file_has_every_line_that_was_heard(uninterrupted: tuple[Path, Listener]) -> None:
    folder, heard = uninterrupted
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    assert [decode_event(line) for line in lines] == heard.events


def test_steps_report_the_optimizers_real_rates_and_momentum(uninterrupted: tuple[Path, Listener]) -> None:
    _, heard = uninterrupted
    steps = heard.of(Step)
    first, second = steps[: ALL_STEPS // 2], steps[ALL_STEPS // 2 :]
    assert first[0].lrs == pytest.approx([1e-3 / 25] * 3)
    assert max(s.lrs[0] for s in first) == pytest.approx(1e-3)
    assert max(s.lrs[0] for s in second) == pytest.approx(1e-5)
    assert max(s.lrs[1] for s in second) == pytest.approx(1e-4)
    assert max(s.lrs[2] for s in second) == pytest.approx(1e-3)
    assert first[0].momentum == pytest.approx(0.95)
    assert min(s.momentum for s in first) == pytest.approx(0.85)


def test_the_epochs_training_loss_is_the_mean_of_its_steps(uninterrupted: tuple[Path, Listener]) -> None:
    _, heard = uninterrupted
    for epoch in heard.of(EpochEnd):
        losses = [step.loss for step in heard.of(Step) if step.epoch == epoch.epoch]
        assert epoch.train_loss == pytest.approx(np.mean(losses))
        assert {m.name for m in epoch.metrics} == {"pixel accuracy", "mean IoU", "Dice"}


def test_the_same_validation_items_are_predicted_after_each_epoch(uninterrupted: tuple[Path, Listener]) -> None:
    folder, heard = uninterrupted
    watched = [[p.item for p in samples.predictions] for samples in heard.of(Samples)]
    assert watched == [[9, 10, 11, 12]] * 4
    last = heard.of(Samples)[-1].predictions[0]
    mask, _ = read_mask(folder / str(last.mask))
    assert mask.shape == (40, 48)
    assert set(np.unique(mask)) <= {0, 1}, "void is never predicted"


def test_watched_items_are_spread_over_the_split() -> None:
    rows = sorted(watched_rows(100, 42))
    assert [row // 25 for row in rows] == [0, 1, 2, 3]
    assert watched_rows(100, 42) == set(rows)
    assert watched_rows(3, 1) == {0, 1, 2}


def test_the_second_epoch_reads_no_files(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[Stage(epochs=3, height=32, width=32, batch_size=4)]))
    commands = Commands()
    heard = Listener()

    def delete_after_the_first_epoch(event: RunEvent) -> None:
        heard(event)
        if isinstance(event, EpochEnd) and event.epoch == 1:
            for image in (tmp_path / "0001-images").iterdir():
                image.unlink()
        if isinstance(event, Samples) and event.epoch == 3:
            commands.leave()  # scoring does read the files

    carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, commands=commands, emit=delete_after_the_first_epoch)
    trained = heard.events[: heard.events.index(heard.of(Samples)[-1])]
    assert [event.epoch for event in trained if isinstance(event, EpochEnd)] == [1, 2, 3]
    assert not [event for event in trained if isinstance(event, Warned)]
    assert len(heard.of(Samples)[-1].predictions) == 4


@pytest.mark.parametrize("step", [1, 5, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 7))])
def test_stopped_anywhere_and_resumed_the_weights_are_those_of_an_uninterrupted_run(
    tmp_path: Path, uninterrupted: tuple[Path, Listener], step: int
) -> None:
    folder = make_run(tmp_path / "0001", two_stages())
    outcome, _ = run_until(folder, step, say="leave")
    assert outcome is OutcomeKind.STOPPED
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(Started)[0].resumed_at == step
    assert same_tensors(weights(folder), weights(uninterrupted[0]))
    rest = [(s.step, s.loss, s.lrs, s.momentum) for s in uninterrupted[1].of(Step)[step:]]
    assert [(s.step, s.loss, s.lrs, s.momentum) for s in heard.of(Step)] == rest
    wanted = uninterrupted[1].of(EpochEnd)[-1]
    found = heard.of(EpochEnd)[-1]
    assert (found.train_loss, found.valid_loss, found.metrics) == (wanted.train_loss, wanted.valid_loss, wanted.metrics)


def test_a_run_that_is_stopped_many_times_ends_with_the_same_weights(
    tmp_path: Path, uninterrupted: tuple[Path, Listener]
) -> None:
    folder = make_run(tmp_path / "0001", two_stages())
    for number, step in enumerate((2, 3, 6)):
        run_until(folder, step, say="leave", resume=number > 0)
    run(folder, resume=True)
    assert same_tensors(weights(folder), weights(uninterrupted[0]))
    steps = [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert [s.step for s in steps if isinstance(s, Step)] == list(range(1, ALL_STEPS + 1))


@pytest.mark.parametrize(
    ("task", "metrics"),
    [
        (Task.KEYPOINTS, {"MSE", "RMSE px", "PCK@0.05"}),
        (Task.SINGLE_LABEL, {"accuracy", "error rate"}),
        (Task.MULTI_LABEL, {"F2 by sample at 0.2", "accuracy_thresh at 0.2"}),
    ],
)
def test_runs_of_the_other_tasks_resume_and_repeat_exactly_too(tmp_path: Path, task: Task, metrics: set[str]) -> None:
    whole, stopped = (make_run(tmp_path / name, two_stages(task)) for name in ("0001", "0002"))
    run(whole)
    run_until(stopped, 5, say="leave")
    _, heard = run(stopped, resume=True)
    assert same_tensors(weights(whole), weights(stopped))
    assert {m.name for m in heard.of(EpochEnd)[-1].metrics} == metrics


def test_stop_keeps_what_was_learnt(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", two_stages())
    outcome, heard = run_until(folder, 3)
    assert outcome is OutcomeKind.STOPPED
    assert heard.of(Step)[-1].step == 3
    assert heard.of(EpochEnd)[-1].epoch == 2, "the epoch that was begun is reported as far as it came"
    assert heard.of(EpochEnd)[-1].step == 3
    assert heard.of(Scored)[0].items == 12
    assert (folder / "model.safetensors").is_file()
    assert read_state(folder)["position"]["step"] == 3
    last = heard.events[-1]
    assert isinstance(last, Finished)
    assert last.outcome is OutcomeKind.STOPPED


def test_leaving_writes_a_checkpoint_and_no_scores(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", two_stages())
    outcome, heard = run_until(folder, 3, say="leave")
    assert outcome is OutcomeKind.STOPPED
    assert heard.of(CheckpointSaved)[-1].step == 3
    assert heard.of(Scored) == []
    assert not (folder / "scores.jsonl").exists()


def test_stop_before_the_first_step_ends_in_order(tmp_path: Path) -> None:
    commands = Commands()
    commands.stop()
    folder = make_run(tmp_path / "0001", recipe())
    assert carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, commands=commands) is OutcomeKind.STOPPED
    assert not (folder / "model.safetensors").exists()


def test_pause_waits_and_goes_on_and_changes_nothing(tmp_path: Path, uninterrupted: tuple[Path, Listener]) -> None:
    commands = Commands()
    folder = make_run(tmp_path / "0001", two_stages())

    class Continuing(Listener):
        def __call__(self, event: RunEvent) -> None:
            super().__call__(event)
            if isinstance(event, Paused):
                commands.go_on()

    heard = Continuing(commands, at_step=3, say="pause")
    assert (
        carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, commands=commands, emit=heard)
        is OutcomeKind.FINISHED
    )
    assert len(heard.of(Paused)) == len(heard.of(Resumed)) == 1
    assert same_tensors(weights(folder), weights(uninterrupted[0]))


def test_a_stop_ends_a_pause(tmp_path: Path) -> None:
    commands = Commands()
    folder = make_run(tmp_path / "0001", recipe())

    class Stopping(Listener):
        def __call__(self, event: RunEvent) -> None:
            super().__call__(event)
            if isinstance(event, Paused):
                commands.stop()

    heard = Stopping(commands, at_step=1, say="pause")
    assert (
        carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, commands=commands, emit=heard) is OutcomeKind.STOPPED
    )
    assert heard.of(Step)[-1].step == 1


def test_resuming_a_finished_run_scores_it_again_and_trains_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run(folder)
    before = weights(folder)
    scores = (folder / "scores.jsonl").read_bytes()
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(Step) == []
    assert (folder / "scores.jsonl").read_bytes() == scores
    assert same_tensors(weights(folder), before)


def test_resuming_without_a_checkpoint_says_that_it_starts_over(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert "no checkpoint yet" in heard.of(Warned)[0].sentence


def test_a_line_that_was_torn_by_a_crash_does_not_spoil_the_resumed_log(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run_until(folder, 1, say="leave")
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'{"event":"step","time":17954')
    run(folder, resume=True)
    said = [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert isinstance(said[-1], Finished)


def test_resuming_without_a_picture_that_was_there_before_names_the_remedy(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())
    run_until(folder, 1, say="leave")
    (tmp_path / "0001-images" / "03.png").write_bytes(b"")
    outcome, _ = run(folder, resume=True)
    assert outcome is OutcomeKind.BAD_INPUT


def test_a_closed_pipe_does_not_end_the_run(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe())

    def broken(event: RunEvent) -> None:
        raise BrokenPipeError

    assert carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, emit=broken) is OutcomeKind.FINISHED
    assert (folder / "model.safetensors").is_file()


def test_it_learns_to_find_the_square(tmp_path: Path) -> None:
    stage = Stage(epochs=6, height=32, width=32, batch_size=4, lr=LearningRate(high=5e-3))
    folder = make_run(tmp_path / "0001", recipe(stages=[stage]), train=16)
    _, heard = run(folder)
    accuracy = {m.name: m.value for m in heard.of(EpochEnd)[-1].metrics}["pixel accuracy"]
    assert accuracy > 0.97
