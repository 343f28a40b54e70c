"""The LR finder (Smith 2015, with fastai 2.8's numbers): a mock training at growing rates that leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.core.events import LrSuggestion
from studio.core.lr_suggestions import suggestions
from studio.core.recipe import OnMemory
from studio.ml.accumulation import accumulate_fitting
from studio.ml.control import StopRequested
from studio.ml.data.batches import Batch, SplitBatches
from studio.ml.device import MixedPrecision
from studio.ml.objectives import Objective
from studio.ml.random_state import preserved_random_state
from studio.ml.smoothing import SmoothedLoss

START_RATE: Final = 1e-7
END_RATE: Final = 10.0
STEPS: Final = 100
DIVERGED_FACTOR: Final = 4.0


@dataclass(frozen=True)
class SweepPoint:
    """`step` counts from 1; `loss` is finite."""

    step: int
    lr: float
    loss: float
    smoothed: float


@dataclass
class Sweep:
    """The curve so far and, in `stopped`, why it ended: finished, diverged, nan or cancelled."""

    points: list[SweepPoint] = field(default_factory=list)
    stopped: str = "finished"

    @property
    def lrs(self) -> list[float]:
        return [point.lr for point in self.points]

    @property
    def smoothed(self) -> list[float]:
        return [point.smoothed for point in self.points]

    def suggestions(self) -> list[LrSuggestion]:
        """Where the loss was no number any more, fastai goes on to the last step, so that none of the points before it
        are among the last that the rules leave out; here those steps are added as NaN."""
        left = STEPS - len(self.points) if self.stopped == "nan" else 0
        rates = [*self.lrs, *(rate_at(STEPS - left + 1 + i) for i in range(left))]
        return suggestions(rates, [*self.smoothed, *[math.nan] * left])


def find_learning_rate(
    network: nn.Module,
    *,
    objective: Objective,
    batches: SplitBatches,
    precision: MixedPrecision,
    make_optimizer: Callable[[nn.Module], Optimizer],
    on_point: Callable[[SweepPoint], None],
    check: Callable[[], None],
    parts: int = 1,
    choice: OnMemory = OnMemory.PARTS,
    divided: Callable[[int, int], None] = lambda step, parts: None,
    lowered: Callable[[int], None] = lambda step: None,
) -> Sweep:
    """Train 100 steps while every group's rate grows from 1e-7 to 10, and stop when the smoothed loss passes four times
    its best or is no number. Each batch is computed in `parts`; with one that does not fit into memory, and those after
    it, is done what `choice` says: `divided` hears step and parts, `lowered` the step that begins in half precision.

    Whatever happens (also an error, running out of memory, or `check` raising StopRequested, which ends the sweep as
    cancelled), weights, buffers, gradients, modes, `requires_grad` and all random generators are afterwards bit for bit
    what they were. The sweep has an optimizer of its own, so the run's optimizer never takes part.
    """
    sweep, smoothing = Sweep(), SmoothedLoss()
    with preserved_network(network), preserved_random_state():
        stepping = _Stepping(network, objective, precision, make_optimizer(network), parts, choice, divided, lowered)
        try:
            for step, batch in enumerate(_endless(batches, STEPS), start=1):
                check()
                rate = rate_at(step)
                loss = stepping.loss_of(step, batch, rate)
                if not math.isfinite(loss):
                    sweep.stopped = "nan"
                    break
                sweep.points.append(SweepPoint(step, rate, loss, smoothing.add(loss)))
                on_point(sweep.points[-1])
                if sweep.smoothed[-1] > DIVERGED_FACTOR * min(sweep.smoothed):
                    sweep.stopped = "diverged"
                    break
        except StopRequested:
            sweep.stopped = "cancelled"
    return sweep


def rate_at(step: int) -> float:
    """The rate of a step, counted from 1. As in fastai the hundredth is one ratio short of the end rate."""
    return START_RATE * (END_RATE / START_RATE) ** ((step - 1) / STEPS)


@contextmanager
def preserved_network(network: nn.Module) -> Iterator[None]:
    """Whatever is done to the network inside, afterwards it is bit for bit as it was; also after an error."""
    tensors = [*network.parameters(), *network.buffers()]
    values = [tensor.detach().clone() for tensor in tensors]
    gradients = [(p, p.grad, p.requires_grad) for p in network.parameters()]
    modes = [(module, module.training) for module in network.modules()]
    for parameter in network.parameters():
        parameter.grad = None
    try:
        yield
    finally:
        _copy_back(tensors, values)
        for parameter, gradient, required in gradients:
            parameter.grad = gradient
            parameter.requires_grad_(required)
        for module, training in modes:
            module.training = training


@torch.no_grad()
def _copy_back(tensors: list[Tensor], values: list[Tensor]) -> None:
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)


def _endless(batches: SplitBatches, count: int) -> Iterator[Batch]:
    """`count` batches, beginning the next epoch where one ends."""
    epoch = 0
    while count > 0:
        for batch in batches.epoch(epoch):
            yield batch
            count -= 1
            if count == 0:
                return
        epoch += 1


@dataclass
class _Stepping:
    """The steps of a sweep, and in how many parts their batches are computed so far."""

    network: nn.Module
    objective: Objective
    precision: MixedPrecision
    optimizer: Optimizer
    parts: int
    choice: OnMemory
    divided: Callable[[int, int], None]
    lowered: Callable[[int], None]

    def loss_of(self, step: int, batch: Batch, rate: float) -> float:
        """The loss before a step at `rate`. A loss that is no number takes no step."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()

        def note(parts: int) -> None:
            self.parts = parts
            self.divided(step, parts)

        _, loss = accumulate_fitting(
            self.network,
            self.objective,
            self.precision,
            self.optimizer,
            batch,
            parts=self.parts,
            choice=self.choice,
            divided=note,
            lowered=lambda: self.lowered(step),
        )
        value = float(loss.detach())
        if math.isfinite(value):
            self.precision.apply(self.optimizer)
        return value
