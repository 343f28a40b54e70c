"""What a change made of a recipe, in words: `Weight decay is 0.1, it was 0.01.`"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from studio.core.architectures import Architecture
from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.schedules import OneCycle, Schedule

Words = Callable[[Any], str]


def in_words(before: RunSpec, after: RunSpec) -> str:
    """One sentence for each field of the recipe that differs; stages that came are described, others told apart."""
    told = [
        f"{name} is {words(new)}, it was {words(old)}."
        for name, read, words in _FIELDS
        if (old := read(before)) != (new := read(after))
    ]
    return " ".join([*told, *_stages(before.stages, after.stages)])


def _stages(before: tuple[Stage, ...], after: tuple[Stage, ...]) -> list[str]:
    if len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True), 1)
        return [sentence for number, (old, new) in pairs if (sentence := _stage(number, old, new))]
    came = [number for number, stage in enumerate(after, 1) if stage not in before]
    told = [f"Stage {number} is new: {_described(after[number - 1])}." for number in came[: len(after) - len(before)]]
    told += [f"Stage {number} is now {_described(after[number - 1])}." for number in came[len(after) - len(before) :]]
    return told or ["A stage was added."]


def _stage(number: int, old: Stage, new: Stage) -> str:
    parts = [
        f"{name} {words(getattr(new, field))} instead of {words(getattr(old, field))}"
        for name, field, words in _STAGE_FIELDS
        if getattr(old, field) != getattr(new, field)
    ]
    return f"Stage {number} has {', '.join(parts)}." if parts else ""


def _described(stage: Stage) -> str:
    what = "the head alone" if stage.frozen else "the whole network"
    return f"{stage.epochs} × {what}, {stage.size_in_words}, batches of {stage.batch_size}, rate {_rate(stage.lr)}"


def _rate(rate: LearningRate) -> str:
    if rate.low is not None:
        return f"{rate.low:.2g} to {rate.high:.2g}"
    return f"{rate.high / 10:.2g} to {rate.high:.2g}" if rate.discriminative else f"{rate.high:.2g}"


def _schedule(schedule: Schedule) -> str:
    if isinstance(schedule, OneCycle):
        return f"one cycle with its peak at {100 * schedule.pct_start:g} %"
    return type(schedule).__name__.replace("FlatCosine", "flat, then cosine").replace("Constant", "a constant rate")


def _on_off(value: object) -> str:
    return "on" if value else "off"


def _percent(value: float) -> str:
    return f"{100 * value:g} %"


def _or_off(value: float | None) -> str:
    return "off" if value is None else f"{value:g}"


def _architecture(value: Architecture | None) -> str:
    return value.replace("_", " ") if value else "the task's own"


_FIELDS: Final[tuple[tuple[str, Callable[[RunSpec], Any], Words], ...]] = (
    ("Clipping of gradients", lambda spec: spec.clip_norm, _or_off),
    ("Weight decay", lambda spec: spec.weight_decay, lambda value: f"{value:g}"),
    ("The number of parts of a batch", lambda spec: spec.parts, str),
    ("The patience of a stage in epochs", lambda spec: spec.early_stop, _or_off),
    ("Smoothing of labels", lambda spec: spec.label_smoothing, lambda value: f"{value:g}"),
    ("The weight of classes", lambda spec: spec.class_weights, str),
    ("The mean of the weights", lambda spec: spec.average_weights, lambda value: f"{value:g}" if value else "off"),
    ("The alpha of MixUp", lambda spec: spec.mixup, lambda value: f"{value:g}" if value else "off"),
    ("What becomes of other shapes", lambda spec: spec.resize, str),
    ("Precision", lambda spec: spec.precision, lambda value: "automatic" if value == "auto" else str(value)),
    ("What happens if it diverges", lambda spec: spec.on_divergence, lambda value: str(value).replace("-", " ")),
    ("Flipping left and right", lambda spec: spec.augment.flip, _on_off),
    ("Flipping up and down", lambda spec: spec.augment.flip_vertical, _on_off),
    ("Turning", lambda spec: spec.augment.rotate, lambda value: f"{value:g}°"),
    ("Zooming", lambda spec: spec.augment.zoom, _percent),
    ("Warping", lambda spec: spec.augment.warp, _percent),
    ("Lighting", lambda spec: spec.augment.lighting, _percent),
    ("The share of old data", lambda spec: spec.fine_tune.replay if spec.fine_tune else 0.0, _percent),
    ("The architecture", lambda spec: spec.architecture, _architecture),
    ("The encoder", lambda spec: spec.model.encoder, str),
    ("The seed", lambda spec: spec.seed, str),
)

_STAGE_FIELDS: Final[tuple[tuple[str, str, Words], ...]] = (
    ("a rate of", "lr", _rate),
    ("a batch of", "batch_size", str),
    ("epochs:", "epochs", str),
    ("the schedule", "schedule", _schedule),
)
