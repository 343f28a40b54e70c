"""What a change made of a recipe, in words: `Weight decay is 0.1, it was 0.01.`"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from studio.core.architectures import Architecture
from studio.core.recipe import ClassWeights, LearningRate, OnDivergence, RunSpec, Stage
from studio.core.resizing import Resize
from studio.core.schedules import OneCycle, Schedule

Words = Callable[[Any], str]

_SENTENCE: Final = "{name} is {new}, it was {old}."
"""For a field whose name is a thing; the others bring a sentence of their own."""


def in_words(before: RunSpec, after: RunSpec) -> str:
    """One sentence for each field of the recipe that differs; stages that came are described, others told apart."""
    told = [
        (name if "{new}" in name else _SENTENCE.format(name=name, new="{new}", old="{old}")).format(
            new=words(new), old=words(old)
        )
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


_SHAPED: Final = {Resize.SQUISH: "squished", Resize.CROP: "cropped", Resize.PAD: "padded"}

_DIVERGING: Final = {OnDivergence.STOP: "stop", OnDivergence.GO_BACK: "go back to its last checkpoint"}


def _counting(value: ClassWeights) -> str:
    return "the more the rarer they are" if value is ClassWeights.BALANCED else "alike"


def _answering(decay: float) -> str:
    return f"a moving average of its weights ({decay:g})" if decay else "its last weights"


_FIELDS: Final[tuple[tuple[str, Callable[[RunSpec], Any], Words], ...]] = (
    ("Clipping of gradients", lambda spec: spec.clip_norm, _or_off),
    ("Weight decay", lambda spec: spec.weight_decay, lambda value: f"{value:g}"),
    ("The number of parts of a batch", lambda spec: spec.parts, str),
    ("The patience of a stage in epochs", lambda spec: spec.early_stop, _or_off),
    ("Smoothing of labels", lambda spec: spec.label_smoothing, lambda value: f"{value:g}"),
    ("Classes count {new}, they counted {old}.", lambda spec: spec.class_weights, _counting),
    ("The run answers with {new}, it did with {old}.", lambda spec: spec.average_weights, _answering),
    ("MixUp", lambda spec: spec.mixup, lambda value: f"{value:g}" if value else "off"),
    ("Pictures of another shape are {new}, they were {old}.", lambda spec: spec.resize, _SHAPED.__getitem__),
    ("Precision", lambda spec: spec.precision, lambda value: "automatic" if value == "auto" else str(value)),
    ("A run that diverges is to {new}; it was to {old}.", lambda spec: spec.on_divergence, _DIVERGING.__getitem__),
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
