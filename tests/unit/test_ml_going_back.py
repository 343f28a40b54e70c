"""A run whose loss is no number any more goes back to its last good checkpoint and on with a third of its rates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from studio.core.events import CheckpointSaved, Failed, Step, WentBack
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, OnDivergence, RunSpec, Stage
from studio.core.schedules import Constant
from studio.ml import training
from studio.ml.checkpoint import read_state
from studio.ml.model_file import read_model
from studio.ml.network import FirstWeights
from tests.unit.ml_runs import Listener, make_run, recipe, run, run_until, same_tensors

RATE = 3e-3
NAN = float("nan")


class NanAt(nn.Module):
    """An identity that is no number in its forward passes `first` … `last` of training, counted from 1."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.first, self.last, self.passes = first, last, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += self.training
        return x * NAN if self.training and self.first <= self.passes <= self.last else x


Break = Callable[[int, int], NanAt]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Lets the networks of the runs that follow end in one NanAt, so that a return does not count anew."""

    def put_in(first: int, last: int) -> NanAt:
        module, honest = NanAt(first, last), training.make_network

        def make(*args: object) -> FirstWeights:
            made = honest(*args)  # pyright: ignore[reportArgumentType]
            made.network.register_forward_hook(lambda network, _, output: module.train(network.training)(output))
            return made

        monkeypatch.setattr(training, "make_network", make)
        return module

    return put_in


def spec(*, rate: float = RATE, epochs: int = 2, on_divergence: OnDivergence = OnDivergence.GO_BACK) -> RunSpec:
    """Two steps an epoch, all at one rate."""
    stage = Stage(
        epochs=epochs, height=32, width=32, batch_size=4, lr=LearningRate(high=rate), schedule=Constant(momentum=0.9)
    )
    return recipe(stages=[stage], on_divergence=on_divergence)


def rates(heard: Listener) -> list[tuple[int, float]]:
    return [(step.step, step.lrs[-1]) for step in heard.of(Step)]


def test_a_nan_in_the_second_epoch_goes_back_to_the_first_ones_end_and_on_at_a_third(
    tmp_path: Path, breaking: Break
) -> None:
    breaking(4, 4)
    folder = make_run(tmp_path / "0001", spec())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert rates(heard) == [(1, RATE), (2, RATE), (3, RATE), (3, RATE / 3), (4, RATE / 3)]
    (back,) = heard.of(WentBack)
    assert (back.step, back.to_step, back.rate_divisor, back.returns) == (3, 2, 3, 1)
    assert "nan at step 4" in back.sentence
    assert "the checkpoint after step 2" in back.sentence
    assert all(value.isfinite().all() for value in read_model(folder).state.values())


def test_a_nan_before_the_first_checkpoint_begins_again_as_a_run_at_a_third_of_the_rate(
    tmp_path: Path, breaking: Break
) -> None:
    breaking(2, 2)
    folder = make_run(tmp_path / "0001", spec())
    _, heard = run(folder)
    assert heard.of(WentBack)[0].to_step == 0
    assert "its first weights" in heard.of(WentBack)[0].sentence
    breaking(0, 0)
    slower = make_run(tmp_path / "0002", spec(rate=RATE / 3))
    _, untouched = run(slower)
    assert rates(heard)[1:] == rates(untouched)
    assert [s.smoothed for s in heard.of(Step)][1:] == [s.smoothed for s in untouched.of(Step)]
    assert same_tensors(read_model(folder).state, read_model(slower).state)


def test_a_nan_in_the_next_stage_goes_back_to_that_stages_beginning(tmp_path: Path, breaking: Break) -> None:
    breaking(3, 3)
    stage = spec(epochs=1).stages[0]
    outcome, heard = run(make_run(tmp_path / "0001", recipe(stages=[stage] * 2, on_divergence=OnDivergence.GO_BACK)))
    assert outcome is OutcomeKind.FINISHED
    assert rates(heard) == [(1, RATE), (2, RATE), (3, RATE / 3), (4, RATE / 3)]
    assert heard.of(WentBack)[0].to_step == 2


def test_what_stays_nan_ends_as_diverged_after_three_returns_and_keeps_the_checkpoint(
    tmp_path: Path, breaking: Break
) -> None:
    breaking(4, 1000)
    folder = make_run(tmp_path / "0001", spec())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.DIVERGED
    assert [back.rate_divisor for back in heard.of(WentBack)] == [3, 9, 27]
    failed = heard.events[-1]
    assert isinstance(failed, Failed)
    assert "also after going back 3 times" in failed.sentence
    assert heard.of(CheckpointSaved)[-1].step == 2
    assert read_state(folder)["position"]["step"] == 2


def test_without_the_choice_a_nan_ends_the_run(tmp_path: Path, breaking: Break) -> None:
    breaking(4, 4)
    outcome, heard = run(make_run(tmp_path / "0001", spec(on_divergence=OnDivergence.STOP)))
    assert outcome is OutcomeKind.DIVERGED
    assert heard.of(WentBack) == []


@pytest.mark.parametrize("stop_at", [3, 4], ids=["within an epoch", "at an epoch's end"])
def test_a_run_that_went_back_and_is_stopped_resumes_at_its_lower_rates_with_the_same_bits(
    stop_at: int, tmp_path: Path, breaking: Break
) -> None:
    breaking(2, 2)
    whole = make_run(tmp_path / "0001", spec(epochs=3))
    run(whole)
    breaking(2, 2)
    stopped = make_run(tmp_path / "0002", spec(epochs=3))
    run_until(stopped, stop_at, say="leave")
    breaking(0, 0)
    outcome, heard = run(stopped, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert rates(heard) == [(step, RATE / 3) for step in range(stop_at + 1, 7)]
    assert same_tensors(read_model(stopped).state, read_model(whole).state)


def test_weights_that_are_no_numbers_never_replace_a_good_checkpoint(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", spec(on_divergence=OnDivergence.STOP))
    run_until(folder, 2, say="leave")
    good = read_state(folder)["model"]
    with pytest.MonkeyPatch.context() as patch:
        honest = training.MixedPrecision.apply

        def poison(precision: training.MixedPrecision, optimizer: torch.optim.Optimizer) -> None:
            honest(precision, optimizer)
            with torch.no_grad():
                optimizer.param_groups[-1]["params"][0].fill_(NAN)

        patch.setattr(training.MixedPrecision, "apply", poison)
        outcome, heard = run_until(folder, 3, say="leave", resume=True)
    assert outcome is OutcomeKind.DIVERGED
    assert "no numbers after step 3" in heard.events[-1].sentence  # pyright: ignore[reportAttributeAccessIssue]
    assert same_tensors(read_state(folder)["model"], good)
