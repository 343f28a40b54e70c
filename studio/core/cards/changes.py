"""What the button of a card does to a recipe: data in the card's file, carried out by `changed_recipe`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from studio.core.architectures import ARCHITECTURES, Architecture, encoders_of
from studio.core.counting import counted
from studio.core.recipe import LearningRate, OnDivergence, Precision, RunSpec, Stage
from studio.core.schedules import OneCycle
from studio.core.settings import Task

MOST_PARTS: Final = 64
LARGEST_SIDE: Final = 4096
SMALLEST_SIDE: Final = 32


class _Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    def apply(self, spec: RunSpec) -> RunSpec:
        """The changed recipe, or the same one where there is nothing to change. May raise ValueError."""
        raise NotImplementedError

    def button(self) -> str:
        """What the button says."""
        raise NotImplementedError


class ClipGradients(_Change, frozen=True, kw_only=True, tag="clip-gradients"):
    norm: float

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, clip_norm=self.norm)

    def button(self) -> str:
        return f"Clip gradients at {self.norm:g}"


class SetWeightDecay(_Change, frozen=True, kw_only=True, tag="set-weight-decay"):
    value: float

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, weight_decay=self.value)

    def button(self) -> str:
        return f"Set weight decay to {self.value:g}"


class ScaleRates(_Change, frozen=True, kw_only=True, tag="scale-rates"):
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


class AddUnfrozenStage(_Change, frozen=True, kw_only=True, tag="add-unfrozen-stage"):
    """One more stage for the whole network, its rates a slice below a fifth of those of the frozen last stage."""

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        if not last.frozen:
            return spec
        rate = LearningRate(high=last.lr.high / 5, discriminative=True)
        return replace(spec, stages=(*spec.stages, replace(last, frozen=False, lr=rate)))

    def button(self) -> str:
        return "Add an unfrozen stage"


class FreezeFirst(_Change, frozen=True, kw_only=True, tag="freeze-first"):
    """A stage for the head alone in front; the first of the others then goes at a fifth of the rate, as a slice."""

    epochs: int = 2

    def apply(self, spec: RunSpec) -> RunSpec:
        first = spec.stages[0]
        knows = spec.model.pretrained or spec.parent is not None
        if spec.task is Task.TEXT or not knows or any(stage.frozen for stage in spec.stages):
            return spec
        head = replace(first, frozen=True, unfrozen=None, epochs=self.epochs)
        whole = replace(first, lr=LearningRate(high=first.lr.high / 5, discriminative=True))
        return replace(spec, stages=(head, whole, *spec.stages[1:]))

    def button(self) -> str:
        return f"Train the head alone for {counted(self.epochs, 'epoch')} first"


class SpreadRates(_Change, frozen=True, kw_only=True, tag="spread-rates"):
    """Lower rates for earlier layers wherever the whole network is trained at one rate."""

    def apply(self, spec: RunSpec) -> RunSpec:
        def spread(stage: Stage) -> Stage:
            one_rate = not stage.frozen and not stage.lr.discriminative and stage.lr.low is None
            return replace(stage, lr=replace(stage.lr, discriminative=True)) if one_rate else stage

        return _with_stages(spec, spread)

    def button(self) -> str:
        return "Lower the rate of early layers"


class DoubleSize(_Change, frozen=True, kw_only=True, tag="double-size"):
    """A stage like the last one after it, at twice the height and width and half the batch."""

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        if spec.task is Task.TEXT or 2 * max(last.height, last.width) > LARGEST_SIDE:
            return spec
        bigger = replace(last, height=2 * last.height, width=2 * last.width, batch_size=max(1, last.batch_size // 2))
        return replace(spec, stages=(*spec.stages, bigger))

    def button(self) -> str:
        return "Add a stage at double the size"


class StartSmaller(_Change, frozen=True, kw_only=True, tag="start-smaller"):
    """A stage like the first one before it, at half the height and width, rounded to whole steps of an encoder."""

    def apply(self, spec: RunSpec) -> RunSpec:
        first = spec.stages[0]
        height, width = _half_side(first.height), _half_side(first.width)
        if spec.task is Task.TEXT or (height, width) == (first.height, first.width):
            return spec
        return replace(spec, stages=(replace(first, height=height, width=width), *spec.stages))

    def button(self) -> str:
        return "Begin with a stage at half the size"


class ComputeInParts(_Change, frozen=True, kw_only=True, tag="compute-in-parts"):
    """Each batch in twice as many parts as before, at most as many as the smallest batch has items."""

    def apply(self, spec: RunSpec) -> RunSpec:
        most = min(MOST_PARTS, *(stage.batch_size for stage in spec.stages))
        return replace(spec, parts=max(spec.parts, min(2 * spec.parts, most)))

    def button(self) -> str:
        return "Compute batches in twice as many parts"


class DoubleBatch(_Change, frozen=True, kw_only=True, tag="double-batch"):
    """Twice the batch in all stages, and rates that grow with its square root."""

    def apply(self, spec: RunSpec) -> RunSpec:
        return _with_stages(
            spec,
            lambda stage: replace(stage, batch_size=2 * stage.batch_size, lr=scaled_rate(stage.lr, math.sqrt(2))),
        )

    def button(self) -> str:
        return "Double the batch and raise the rate with it"


class SetAugment(_Change, frozen=True, kw_only=True, tag="set-augment"):
    """Those of the recipe's augmentations that are named; turning, zooming, warping and lighting never get less."""

    flip: bool | None = None
    flip_vertical: bool | None = None
    rotate: float | None = None
    zoom: float | None = None
    warp: float | None = None
    lighting: float | None = None

    def apply(self, spec: RunSpec) -> RunSpec:
        if spec.task is Task.TEXT:
            return spec
        now = spec.augment
        switches = {name: value for name in ("flip", "flip_vertical") if (value := getattr(self, name)) is not None}
        amounts = {
            name: max(value, getattr(now, name))
            for name in ("rotate", "zoom", "warp", "lighting")
            if (value := getattr(self, name)) is not None
        }
        return replace(spec, augment=replace(now, **switches, **amounts))

    def button(self) -> str:
        words = [
            *_switch_words("flips left and right", self.flip),
            *_switch_words("flips up and down", self.flip_vertical),
            *([f"turn by {self.rotate:g}°"] if self.rotate is not None else []),
            *([f"zoom by {100 * self.zoom:g} %"] if self.zoom is not None else []),
            *([f"warp by {100 * self.warp:g} %"] if self.warp is not None else []),
            *([f"lighting by {100 * self.lighting:g} %"] if self.lighting is not None else []),
        ]
        text = ", ".join(words)
        return text[0].upper() + text[1:]


class MixPrecision(_Change, frozen=True, kw_only=True, tag="mix-precision"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, precision=Precision.AUTO)

    def button(self) -> str:
        return "Set precision to automatic"


class StopEarly(_Change, frozen=True, kw_only=True, tag="stop-early"):
    """0 epochs: every stage runs to its end."""

    epochs: int

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, early_stop=self.epochs or None)

    def button(self) -> str:
        return (
            f"End stages {counted(self.epochs, 'epoch')} after the best"
            if self.epochs
            else "Run every stage to its end"
        )


class GoBack(_Change, frozen=True, kw_only=True, tag="go-back"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, on_divergence=OnDivergence.GO_BACK)

    def button(self) -> str:
        return "Go back and lower the rate if it diverges"


class UseOneCycle(_Change, frozen=True, kw_only=True, tag="use-one-cycle"):
    pct_start: float = 0.25

    def apply(self, spec: RunSpec) -> RunSpec:
        return _with_stages(spec, lambda stage: replace(stage, schedule=self._cycle(stage)))

    def button(self) -> str:
        return f"Use one cycle, its peak at {100 * self.pct_start:g} %"

    def _cycle(self, stage: Stage) -> OneCycle:
        before = stage.schedule if isinstance(stage.schedule, OneCycle) else OneCycle()
        return replace(before, pct_start=self.pct_start)


class TrainLonger(_Change, frozen=True, kw_only=True, tag="train-longer"):
    factor: float = 2.0

    def apply(self, spec: RunSpec) -> RunSpec:
        last = spec.stages[-1]
        return replace(spec, stages=(*spec.stages[:-1], replace(last, epochs=math.ceil(last.epochs * self.factor))))

    def button(self) -> str:
        return f"Give the last stage {self.factor:g} times its epochs"


class ReplayMore(_Change, frozen=True, kw_only=True, tag="replay-more"):
    """A quarter of the parent's training items more; only where a recipe fine-tunes on corrections."""

    def apply(self, spec: RunSpec) -> RunSpec:
        tuning = spec.fine_tune
        if tuning is None:
            return spec
        return replace(spec, fine_tune=replace(tuning, replay=min(1.0, tuning.replay + 0.25)))

    def button(self) -> str:
        return "Replay more of the old data"


class UseArchitecture(_Change, frozen=True, kw_only=True, tag="use-architecture"):
    """From ImageNet or random weights only: another run's weights come with its own architecture."""

    name: Architecture

    def apply(self, spec: RunSpec) -> RunSpec:
        if (
            spec.parent is not None
            or self.name not in ARCHITECTURES.get(spec.task, ())
            or spec.architecture is self.name
        ):
            return spec
        fitting = encoders_of(self.name)
        encoder = spec.model.encoder if spec.model.encoder in fitting else fitting[0]
        return replace(spec, model=replace(spec.model, architecture=self.name, encoder=encoder))

    def button(self) -> str:
        return f"Use {self.name.replace('_', ' ')}"


class NextSeed(_Change, frozen=True, kw_only=True, tag="next-seed"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, seed=spec.seed + 1)

    def button(self) -> str:
        return "Try the next seed"


Change = (
    ClipGradients
    | SetWeightDecay
    | ScaleRates
    | AddUnfrozenStage
    | FreezeFirst
    | SpreadRates
    | DoubleSize
    | StartSmaller
    | ComputeInParts
    | DoubleBatch
    | SetAugment
    | MixPrecision
    | StopEarly
    | GoBack
    | UseOneCycle
    | TrainLonger
    | ReplayMore
    | UseArchitecture
    | NextSeed
)


def changed_recipe(change: Change, spec: RunSpec) -> RunSpec | None:
    """The recipe as the change makes it; None where it changes nothing or no such recipe can be."""
    try:
        changed = change.apply(spec)
    except ValueError:
        return None
    return changed if changed != spec else None


def scaled_rate(rate: LearningRate, factor: float) -> LearningRate:
    """Raises ValueError for a rate that no stage can have."""
    return replace(rate, high=rate.high * factor, low=None if rate.low is None else rate.low * factor)


def _with_stages(spec: RunSpec, change: Callable[[Stage], Stage]) -> RunSpec:
    return replace(spec, stages=tuple(change(stage) for stage in spec.stages))


def _half_side(side: int) -> int:
    return max(SMALLEST_SIDE, round(side / 2 / SMALLEST_SIDE) * SMALLEST_SIDE)


def _switch_words(what: str, on: bool | None) -> list[str]:
    return [] if on is None else [f"switch {what} {'on' if on else 'off'}"]
