"""Changes of a recipe's stages: their rates, sizes, batches, epochs and schedules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from studio.core.cards.change import CardChange
from studio.core.counting import counted
from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.schedules import OneCycle
from studio.core.settings import Task

LARGEST_SIDE: Final = 4096
SMALLEST_SIDE: Final = 32


class ScaleRates(CardChange, frozen=True, kw_only=True, tag="scale-rates"):
    """Both ends of the rates of all stages times `factor`."""

    factor: float

    def apply(self, spec: RunSpec) -> RunSpec:
        return _with_stages(spec, lambda stage: replace(stage, lr=scaled_rate(stage.lr, self.factor)))

    def button(self) -> str:
        return (
            f"Multiply the rates by {self.factor:g}"
            if self.factor > 1
            else f"Divide the rates by {1 / self.factor:.3g}"
        )


class AddUnfrozenStage(CardChange, frozen=True, kw_only=True, tag="add-unfrozen-stage"):
    """One more stage for the whole network, its rates a slice below a fifth of those of the frozen last stage."""

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        if not last.frozen:
            return spec
        rate = LearningRate(high=last.lr.high / 5, discriminative=True)
        return replace(spec, stages=(*spec.stages, replace(last, frozen=False, lr=rate)))

    def button(self) -> str:
        return "Add an unfrozen stage"


class FreezeFirst(CardChange, frozen=True, kw_only=True, tag="freeze-first"):
    """A stage for the head alone in front; the first of the others then goes at a fifth of the rate, as a slice."""

    epochs: int = 2

    def apply(self, spec: RunSpec) -> RunSpec:
        first = spec.stages[0]
        knows = spec.model.pretrained or spec.parent is not None
        if spec.task is Task.TEXT:
            raise ValueError("texts are learnt from scratch")
        if not knows:
            raise ValueError("a network from scratch has nothing to freeze")
        if any(stage.frozen for stage in spec.stages):
            return spec
        head = replace(first, frozen=True, unfrozen=None, epochs=self.epochs)
        whole = replace(first, lr=LearningRate(high=first.lr.high / 5, discriminative=True))
        return replace(spec, stages=(head, whole, *spec.stages[1:]))

    def button(self) -> str:
        return f"Train the head alone for {counted(self.epochs, 'epoch')} first"


class SpreadRates(CardChange, frozen=True, kw_only=True, tag="spread-rates"):
    """Lower rates for earlier layers wherever the whole network is trained at one rate."""

    def apply(self, spec: RunSpec) -> RunSpec:
        def spread(stage: Stage) -> Stage:
            one_rate = not stage.frozen and not stage.lr.discriminative and stage.lr.low is None
            return replace(stage, lr=replace(stage.lr, discriminative=True)) if one_rate else stage

        return _with_stages(spec, spread)

    def button(self) -> str:
        return "Lower the rate of early layers"


class DoubleSize(CardChange, frozen=True, kw_only=True, tag="double-size"):
    """A stage like the last one after it, at twice the height and width and half the batch."""

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        if spec.task is Task.TEXT:
            raise ValueError("texts have no size")
        if 2 * max(last.height, last.width) > LARGEST_SIDE:
            raise ValueError(f"no stage is larger than {LARGEST_SIDE} pixels a side")
        bigger = replace(last, height=2 * last.height, width=2 * last.width, batch_size=max(1, last.batch_size // 2))
        return replace(spec, stages=(*spec.stages, bigger))

    def button(self) -> str:
        return "Add a stage at double the size"


class StartSmaller(CardChange, frozen=True, kw_only=True, tag="start-smaller"):
    """A stage like the first one before it, at half the height and width, rounded to whole steps of an encoder."""

    def apply(self, spec: RunSpec) -> RunSpec:
        first = spec.stages[0]
        height, width = _half_side(first.height), _half_side(first.width)
        if spec.task is Task.TEXT:
            raise ValueError("texts have no size")
        if (height, width) == (first.height, first.width):
            raise ValueError("its first stage is as small as stages get")
        return replace(spec, stages=(replace(first, height=height, width=width), *spec.stages))

    def button(self) -> str:
        return "Begin with a stage at half the size"


class DoubleBatch(CardChange, frozen=True, kw_only=True, tag="double-batch"):
    """Twice the batch in all stages, and rates that grow with its square root."""

    def apply(self, spec: RunSpec) -> RunSpec:
        return _with_stages(
            spec,
            lambda stage: replace(stage, batch_size=2 * stage.batch_size, lr=scaled_rate(stage.lr, math.sqrt(2))),
        )

    def button(self) -> str:
        return "Double the batch and raise the rate with it"


class UseOneCycle(CardChange, frozen=True, kw_only=True, tag="use-one-cycle"):
    pct_start: float = 0.25

    def apply(self, spec: RunSpec) -> RunSpec:
        return _with_stages(spec, lambda stage: replace(stage, schedule=self._cycle(stage)))

    def button(self) -> str:
        return f"Use one cycle, its peak at {100 * self.pct_start:g} %"

    def _cycle(self, stage: Stage) -> OneCycle:
        before = stage.schedule if isinstance(stage.schedule, OneCycle) else OneCycle()
        return replace(before, pct_start=self.pct_start)


class TrainLonger(CardChange, frozen=True, kw_only=True, tag="train-longer"):
    factor: float = 2.0

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        return replace(spec, stages=(*spec.stages[:-1], replace(last, epochs=math.ceil(last.epochs * self.factor))))

    def button(self) -> str:
        return f"Give the last stage {self.factor:g} times its epochs"


def scaled_rate(rate: LearningRate, factor: float) -> LearningRate:
    """Raises ValueError for a rate that no stage can have."""
    return replace(rate, high=rate.high * factor, low=None if rate.low is None else rate.low * factor)


def _with_stages(spec: RunSpec, change: Callable[[Stage], Stage]) -> RunSpec:
    return replace(spec, stages=tuple(change(stage) for stage in spec.stages))


def _half_side(side: int) -> int:
    return max(SMALLEST_SIDE, round(side / 2 / SMALLEST_SIDE) * SMALLEST_SIDE)
