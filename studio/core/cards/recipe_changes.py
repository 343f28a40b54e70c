"""Changes of what a recipe says about all of its stages: augmentation, regularisation, memory, safety, architecture."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from studio.core.architectures import ARCHITECTURES, Architecture, can_stand_on, encoders_of
from studio.core.cards.change import CardChange
from studio.core.counting import counted
from studio.core.recipe import ClassWeights, OnDivergence, Precision, RunSpec
from studio.core.resizing import Resize
from studio.core.settings import Task

MOST_PARTS: Final = 64

LEAST_ROWS: Final = 2
"""Of a part of a batch: batch norm has nothing to say about one."""


class ClipGradients(CardChange, frozen=True, kw_only=True, tag="clip-gradients"):
    norm: float

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, clip_norm=self.norm)

    def button(self) -> str:
        return f"Clip gradients at {self.norm:g}"


class SetWeightDecay(CardChange, frozen=True, kw_only=True, tag="set-weight-decay"):
    value: float

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, weight_decay=self.value)

    def button(self) -> str:
        return f"Set weight decay to {self.value:g}"


class ComputeInParts(CardChange, frozen=True, kw_only=True, tag="compute-in-parts"):
    """Each batch in twice as many parts as before, at most as many as the smallest batch can be divided into."""

    def apply(self, spec: RunSpec) -> RunSpec:
        most = min(MOST_PARTS, *(stage.batch_size // LEAST_ROWS for stage in spec.stages))
        return replace(spec, parts=max(spec.parts, min(2 * spec.parts, most)))

    def button(self) -> str:
        return "Compute batches in twice as many parts"


class SetAugment(CardChange, frozen=True, kw_only=True, tag="set-augment"):
    """Those of the recipe's augmentations that are named; turning, zooming, warping and lighting never get less."""

    flip: bool | None = None
    flip_vertical: bool | None = None
    rotate: float | None = None
    zoom: float | None = None
    warp: float | None = None
    lighting: float | None = None

    def apply(self, spec: RunSpec) -> RunSpec:
        if spec.task is Task.TEXT:
            raise ValueError("texts are not augmented")
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


class MixPrecision(CardChange, frozen=True, kw_only=True, tag="mix-precision"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, precision=Precision.AUTO)

    def button(self) -> str:
        return "Set precision to automatic"


class StopEarly(CardChange, frozen=True, kw_only=True, tag="stop-early"):
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


class GoBack(CardChange, frozen=True, kw_only=True, tag="go-back"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, on_divergence=OnDivergence.GO_BACK)

    def button(self) -> str:
        return "Go back and lower the rate if it diverges"


class ReplayMore(CardChange, frozen=True, kw_only=True, tag="replay-more"):
    """A quarter of the parent's training items more; only where a recipe fine-tunes on corrections."""

    def apply(self, spec: RunSpec) -> RunSpec:
        tuning = spec.fine_tune
        if tuning is None:
            raise ValueError("it does not fine-tune on corrections")
        return replace(spec, fine_tune=replace(tuning, replay=min(1.0, tuning.replay + 0.25)))

    def button(self) -> str:
        return "Replay more of the old data"


class UseArchitecture(CardChange, frozen=True, kw_only=True, tag="use-architecture"):
    """From ImageNet or random weights only: another run's weights come with its own architecture."""

    name: Architecture

    def apply(self, spec: RunSpec) -> RunSpec:
        if self.name not in ARCHITECTURES.get(spec.task, ()):
            raise ValueError(f"{self.name.replace('_', ' ')} is not for {spec.task}")
        if spec.architecture is self.name:
            return spec
        if spec.parent is not None:
            raise ValueError("it starts from another run's network")
        stays = can_stand_on(self.name, spec.model.encoder)
        encoder = spec.model.encoder if stays else encoders_of(self.name)[0]
        return replace(spec, model=replace(spec.model, architecture=self.name, encoder=encoder))

    def button(self) -> str:
        return f"Use {self.name.replace('_', ' ')}"


class NextSeed(CardChange, frozen=True, kw_only=True, tag="next-seed"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, seed=spec.seed + 1)

    def button(self) -> str:
        return "Try the next seed"


class SmoothLabels(CardChange, frozen=True, kw_only=True, tag="smooth-labels"):
    share: float = 0.1

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, label_smoothing=self.share)

    def button(self) -> str:
        return f"Smooth labels by {self.share:g}"


class BalanceClasses(CardChange, frozen=True, kw_only=True, tag="balance-classes"):
    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, class_weights=ClassWeights.BALANCED)

    def button(self) -> str:
        return "Balance the classes in the loss"


class AverageWeights(CardChange, frozen=True, kw_only=True, tag="average-weights"):
    decay: float = 0.99

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, average_weights=self.decay)

    def button(self) -> str:
        return "Answer with the mean of the weights"


class MixPictures(CardChange, frozen=True, kw_only=True, tag="mix-pictures"):
    """`alpha` of MixUp."""

    alpha: float = 0.4

    def apply(self, spec: RunSpec) -> RunSpec:
        return replace(spec, mixup=self.alpha)

    def button(self) -> str:
        return f"Mix pictures, alpha {self.alpha:g}"


class ResizePictures(CardChange, frozen=True, kw_only=True, tag="resize-pictures"):
    """How pictures of other shapes come to a stage's size."""

    how: Resize

    def apply(self, spec: RunSpec) -> RunSpec:
        if spec.task is Task.TEXT:
            raise ValueError("texts have no size")
        return replace(spec, resize=self.how)

    def button(self) -> str:
        return f"{self.how.capitalize()} pictures of other shapes"


def _switch_words(what: str, on: bool | None) -> list[str]:
    return [] if on is None else [f"switch {what} {'on' if on else 'off'}"]
