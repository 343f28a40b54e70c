"""A schedule's rates and momentum in an optimizer, and what a `LearningRate` means for the three parameter groups."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

from studio.core.recipe import LearningRate
from studio.core.schedules import Schedule


def group_rates(rate: LearningRate, groups: int) -> list[float]:
    """The peak rate of each parameter group, first layers first.

    `slice(low, high)` spreads geometrically; `slice(high)` (discriminative) gives high / 10 to all but the last.
    """
    if rate.low is not None:
        if groups == 1:
            return [rate.high]
        factor = (rate.high / rate.low) ** (1 / (groups - 1))
        return [rate.low * factor**i for i in range(groups - 1)] + [rate.high]
    if rate.discriminative:
        return [rate.high / 10] * (groups - 1) + [rate.high]
    return [rate.high] * groups


def set_rates(optimizer: Optimizer, schedule: Schedule, *, peaks: Sequence[float], position: float) -> None:
    """Let the next step be made with the schedule's rates and momentum at `position`, the share of the stage that is
    done; `peaks` are the groups' own."""
    share, momentum = schedule.rate_at(position), schedule.momentum_at(position)
    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
        group["lr"] = peak * share
        group["betas"] = (momentum, group["betas"][1])


def rates_of(optimizer: Optimizer) -> list[float]:
    """The rates that the last step was made with, by parameter group."""
    return [float(group["lr"]) for group in optimizer.param_groups]


def momentum_of(optimizer: Optimizer) -> float:
    """The first moment's decay (Adam's beta1) that the last step was made with."""
    return float(optimizer.param_groups[-1]["betas"][0])
