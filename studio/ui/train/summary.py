"""What a recipe amounts to, in a sentence, and what stands in its way. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.architectures import default_architecture, missing_package
from studio.core.counting import counted
from studio.core.durations import duration
from studio.core.recipe import ModelSpec, Purpose, RunSpec
from studio.preflight.estimate import VALID_COST
from studio.ui.run_history import RunHistory


@dataclass(frozen=True, kw_only=True)
class LabelledItems:
    """Items with a label, by the splits that a run uses."""

    train: int
    valid: int


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What one training image of one pixel cost an earlier run of this model, in seconds, on this computer."""

    model: ModelSpec
    seconds_a_pixel: float


def pace_of(spec: RunSpec, history: RunHistory) -> Pace | None:
    """From the run's epochs, all but its first: that one reads the images. None for a run that has no epoch."""
    started = history.started
    ends = history.epochs[1:] or history.epochs
    if started is None or not ends or not history.stages:
        return None
    pixels = 0.0
    for end in ends:
        stage = next(stage for before, stage in reversed(history.stages) if before < end.step)
        pixels += _images(started.train_items, started.valid_items) * stage.height * stage.width
    seconds = sum(end.seconds for end in ends)
    return Pace(model=spec.model, seconds_a_pixel=seconds / pixels) if pixels and seconds > 0 else None


def summary_sentence(spec: RunSpec, items: LabelledItems, pace: Pace | None) -> str:
    """150 train / 45 valid items, 10 epochs, about 3 min."""
    epochs = sum(stage.epochs for stage in spec.stages)
    parts = [f"{items.train:,} train / {items.valid:,} valid items", counted(epochs, "epoch")]
    if spec.fine_tune is not None:
        count = len(spec.fine_tune.corrections)
        parts[0] = f"{counted(count, 'correction')} and {100 * spec.fine_tune.replay:.0f} % of the old data"
    elif pace is not None and _is_of_this_network(pace, spec):
        parts.append(f"about\u00a0{duration(expected_seconds(spec, items, pace))}")
    return ", ".join(parts)


def _is_of_this_network(pace: Pace, spec: RunSpec) -> bool:
    architecture = pace.model.architecture or default_architecture(spec.task)
    return (architecture, pace.model.encoder) == (spec.architecture, spec.model.encoder)


def expected_seconds(spec: RunSpec, items: LabelledItems, pace: Pace) -> float:
    pixels = sum(stage.epochs * stage.height * stage.width for stage in spec.stages)
    return pixels * _images(items.train, items.valid) * pace.seconds_a_pixel


def problem(spec: RunSpec, items: LabelledItems, known_runs: Iterable[str]) -> str:
    """Why this recipe cannot be carried out and what to do about it, or an empty string."""
    if spec.parent is not None and spec.parent not in known_runs:
        return f"Run {spec.parent}, which this recipe starts from, is not there any more; choose another start."
    missing = missing_package(spec.architecture, spec.model.encoder)
    if missing is not None or spec.fine_tune is not None:
        return missing.sentence if missing is not None else ""
    if not items.train and not items.valid:
        return "No item has a label yet: label some on the Label page first."
    if not items.train:
        return "No labelled item is in the train split: label some, or move some into it."
    if not items.valid and spec.purpose is Purpose.TRAIN:
        return "No labelled item is in the valid split: label some, or move some into it."
    return ""


def _images(train: int, valid: int) -> float:
    return train + valid * VALID_COST
