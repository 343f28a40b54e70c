"""The one-cycle schedule and what a `LearningRate` means for the three parameter groups."""

from __future__ import annotations

from typing import Final

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from studio.core.recipe import LearningRate

PCT_START: Final = 0.25
DIV: Final = 25.0
DIV_FINAL: Final = 1e5
"""fastai's: the last rate is peak / DIV_FINAL. PyTorch counts from the first rate, peak / DIV, so it gets
DIV_FINAL / DIV."""

HIGH_MOMENTUM: Final = 0.95
LOW_MOMENTUM: Final = 0.85


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


def one_cycle(optimizer: Optimizer, peaks: list[float], steps: int) -> OneCycleLR:
    """Cosine from peak / 25 to the peak in the first quarter of `steps`, then to peak / 1e5; beta1 the other way round.

    Call its `step` after each optimizer step but the last. A quarter of very few steps would be no step at all (and
    PyTorch divides by zero there), so the peak is reached at the second step at the earliest; a stage of one step runs
    at peak / 25.
    """
    steps = max(steps, 2)
    return OneCycleLR(
        optimizer,
        max_lr=peaks,
        total_steps=steps,
        pct_start=max(PCT_START, 2 / steps),
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=LOW_MOMENTUM,
        max_momentum=HIGH_MOMENTUM,
        div_factor=DIV,
        final_div_factor=DIV_FINAL / DIV,
    )


def rates_of(optimizer: Optimizer) -> list[float]:
    """The rates that the next step really uses, by parameter group."""
    return [float(group["lr"]) for group in optimizer.param_groups]


def momentum_of(optimizer: Optimizer) -> float:
    """The first moment's decay (Adam's beta1) that the next step really uses."""
    return float(optimizer.param_groups[-1]["betas"][0])
