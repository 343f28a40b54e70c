"""Review: what a model said about each item, how wrong it was, and what a person decided."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from studio.core.items import Split
from studio.core.points import Points
from studio.core.tags import PredictedTags, Tags

SCORES_FILE: Final = "scores.jsonl"

NO_CLASS: Final = -1
"""In a confusion: the other side has nothing in this class's place."""


class ItemScore(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's `scores.jsonl`. `loss` is the task's loss of this item alone (mean over counted pixels or
    points); `error` is what a person understands: the share of counted pixels that are wrong (segmentation) or the mean
    distance in pixels of the original (keypoints). `mask` is the predicted mask, a PNG below the run's folder, of the
    original's size; `confusion` counts pixels by (label id, predicted id) where they differ, largest first.

    Of classes of whole items (`tags`, against the frozen `label`) `error` is 1 where the one class is wrong, or how
    many tags are missing or too many; `confusion` counts the item once for each, with `NO_CLASS` in the place of the
    class that the other side does not have."""

    item: int
    name: str
    split: Split
    revision: int
    loss: float
    error: float
    mask: str | None = None
    points: Points | None = None
    tags: PredictedTags | None = None
    label: Tags | None = None
    confusion: tuple[tuple[int, int, int], ...] = ()
    corrected: bool = False


def mistake_in_words(label: int, predicted: int, names: Mapping[int, str]) -> str:
    """`road → sidewalk`, `road missing` or `haze too many`; `names` by class id."""
    if predicted == NO_CLASS:
        return f"{names.get(label, label)} missing"
    if label == NO_CLASS:
        return f"{names.get(predicted, predicted)} too many"
    return f"{names.get(label, label)} → {names.get(predicted, predicted)}"


class Decision(enum.StrEnum):
    UNDECIDED = "undecided"
    ACCEPTED = "accepted the prediction"
    LABEL_RIGHT = "label was right"
    EDITED = "edited"
    LEFT_OUT = "left out"


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    score: ItemScore
    decision: Decision = Decision.UNDECIDED


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A label changed in review: `before` and `after` are the annotation's revisions, `run` showed the mistake."""

    run: str
    item: int
    name: str
    decision: Decision
    before: int
    after: int
    time: float


def encode_score(score: ItemScore) -> bytes:
    return msgspec.json.encode(score) + b"\n"


def decode_score(line: bytes | str) -> ItemScore:
    return msgspec.json.decode(line, type=ItemScore)
