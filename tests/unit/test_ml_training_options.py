"""Gradients that are clipped, batches in parts and stages that end early: each is a field of the recipe."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from studio.core.commands import AddEpoch
from studio.core.events import EpochAdded, EpochEnd, RunEvent, Step, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, RunSpec, Stage, decode_spec
from studio.ml import accumulation
from studio.ml.callbacks.guard import FiniteGuard
from studio.ml.control import Commands
from studio.ml.device import MixedPrecision
from studio.ml.learner import Learner, Validation
from tests.unit.ml_runs import ALL_BUT_ONE, Listener, carry_out, make_run, recipe, run, run_until

ONE_EPOCH = Stage(epochs=1, height=32, width=32, batch_size=4)


def norms(monkeypatch: pytest.MonkeyPatch, folder: Path, spec: RunSpec) -> list[float]:
    """The length of the gradients that each step of a run is made with."""
    found: list[float] = []
    honest = MixedPrecision.apply

    def apply(precision: MixedPrecision, optimizer: torch.optim.Optimizer) -> None:
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        found.append(float(torch.linalg.vector_norm(torch.cat([g.flatten() for g in gradients]))))
        honest(precision, optimizer)

    with monkeypatch.context() as patch:
        patch.setattr(MixedPrecision, "apply", apply)
        assert run(make_run(folder, spec))[0] is OutcomeKind.FINISHED
    return found


def test_gradients_longer_than_the_recipe_allows_are_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = norms(monkeypatch, tmp_path / "0001", recipe(stages=[ONE_EPOCH]))
    limit = free[0] / 2
    clipped = norms(monkeypatch, tmp_path / "0002", recipe(stages=[ONE_EPOCH], clip_norm=limit))
    assert clipped[0] == pytest.approx(limit, rel=1e-3)
    assert max(clipped) <= limit * 1.001


def test_each_batch_is_computed_in_as_many_parts_as_the_recipe_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    honest = accumulation.accumulate

    def accumulate(*args: object, **named: int) -> tuple[torch.Tensor, torch.Tensor]:
        parts.append(named["parts"])
        return honest(*args, **named)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(accumulation, "accumulate", accumulate)
    run(make_run(tmp_path / "0001", recipe(stages=[ONE_EPOCH] * 2, parts=2)))
    assert parts == [2] * 4


def losing(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Let the epochs' validation losses be these."""

    def say(_guard: FiniteGuard, learner: Learner) -> None:
        learner.validation = Validation(losses[learner.at.epochs_done], learner.validation.metrics)

    monkeypatch.setattr(FiniteGuard, "after_validate", say)


def early(epochs: int = 6, *, stages: int = 1) -> RunSpec:
    """Two steps an epoch."""
    stage = Stage(epochs=epochs, height=32, width=32, batch_size=4, lr=LearningRate(high=1e-3))
    return recipe(stages=[stage] * stages, early_stop=2)


def last_step(heard: Listener) -> int:
    return heard.of(Step)[-1].step


def test_a_stage_ends_after_so_many_epochs_without_a_lower_validation_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, [3, 1, 2, 1, 0, 0])
    folder = make_run(tmp_path / "0001", early())
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert last_step(heard) == 8
    (said,) = [warned.sentence for warned in heard.of(Warned)]
    assert said.startswith("Stage 1 ended early, after epoch 4: in the last 2 epochs")
    assert "1.0000 of epoch 2" in said
    outcome, resumed = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert resumed.of(Step) == []


def test_a_loss_that_keeps_falling_ends_nothing_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losing(monkeypatch, [4, 5, 3, 4])
    _, heard = run(make_run(tmp_path / "0001", early(4)))
    assert last_step(heard) == 8
    assert heard.of(Warned) == []


def test_the_next_stage_counts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losing(monkeypatch, [1, 2, 3, 9, 8, 9, 9])
    _, heard = run(make_run(tmp_path / "0001", early(4, stages=2)))
    assert [warned.sentence[:20] for warned in heard.of(Warned)] == ["Stage 1 ended early,"]
    assert last_step(heard) == 14


def test_a_stop_while_it_waits_does_not_make_it_wait_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losing(monkeypatch, [3, 1, 2, 1, 0, 0])
    folder = make_run(tmp_path / "0001", early())
    run_until(folder, 7, say="leave")
    _, heard = run(folder, resume=True)
    assert last_step(heard) == 8


class Asking(Listener):
    """Adds an epoch right after a step, or once an epoch is measured, and leaves after another step."""

    def __init__(self, *, at: int, once_measured: bool = False, leaves_at: int = 0) -> None:
        super().__init__()
        self.commands = Commands()
        self._asks: tuple[type[RunEvent], int] = (EpochEnd if once_measured else Step, at)
        self._leaves_at = leaves_at

    def __call__(self, event: RunEvent) -> None:
        super().__call__(event)
        if isinstance(event, Step | EpochEnd) and (type(event), event.step) == self._asks:
            self.commands.ask(AddEpoch())
        if isinstance(event, Step) and event.step == self._leaves_at:
            self.commands.leave()

    def carry_out(self, folder: Path) -> OutcomeKind:
        return carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, commands=self.commands, emit=self)


@pytest.mark.parametrize("patience", [1, 2])
@pytest.mark.parametrize("once_measured", [False, True])
def test_an_epoch_that_is_added_while_patience_runs_out_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, patience: int, once_measured: bool
) -> None:
    """The losses after the first are no better: without the added one the stage would end with epoch 1 + patience."""
    losing(monkeypatch, [1, 2, 2, 2, 2, 2, 2])
    last = 2 * (1 + patience)
    folder = make_run(tmp_path / "0001", msgspec.structs.replace(early(), early_stop=patience))
    heard = Asking(at=last if once_measured else last - 1, once_measured=once_measured)
    assert heard.carry_out(folder) is OutcomeKind.FINISHED
    assert [added.epochs for added in heard.of(EpochAdded)] == [7]
    assert last_step(heard) == last + 2 * patience
    (said,) = [warned.sentence for warned in heard.of(Warned)]
    assert said.startswith(f"Stage 1 ended early, after epoch {1 + 2 * patience}:")
    outcome, resumed = run(folder, resume=True)
    assert (outcome, resumed.of(Step)) == (OutcomeKind.FINISHED, [])


@pytest.mark.parametrize("leaves_at", [6, *(pytest.param(n, marks=pytest.mark.slow) for n in (5, 7))])
def test_an_added_epoch_outlasts_patience_over_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves_at: int
) -> None:
    losing(monkeypatch, [1, 2, 2, 2, 2, 2, 2])
    folder = make_run(tmp_path / "0001", early())
    assert Asking(at=5, leaves_at=leaves_at).carry_out(folder) is OutcomeKind.STOPPED
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert last_step(heard) == 10


@pytest.mark.parametrize(
    ("wrong", "said"),
    [('"clip_norm": 0', "clipped at 0"), ('"parts": 0', "in 0 parts"), ('"early_stop": 0', "after 0 epochs")],
)
def test_a_value_that_cannot_be_is_refused_with_what_is_wrong(wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_spec(f'{{"task": "segmentation", "stages": [], {wrong}}}')
