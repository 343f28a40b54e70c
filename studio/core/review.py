"""Review: what a model said about each item, how wrong it was, and what a person decided."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from studio.core.items import Split
from studio.core.points import Points

SCORES_FILE: Final = "scores.jsonl"


class ItemScore(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's `scores.jsonl`. `loss` is the task's loss of this item alone (mean over counted pixels or
    points); `error` is what a person understands: the share of counted pixels that are wrong (segmentation) or the mean
    distance in pixels of the original (keypoints). `mask` is the predicted mask, a PNG below the run's folder, of the
    original's size; `confusion` counts pixels by (label id, predicted id) where they differ, largest first."""

    item: int
    name: str
    split: Split
    revision: int
    loss: float
    error: float
    mask: str | None = None
    points: Points | None = None
    confusion: tuple[tuple[int, int, int], ...] = ()
    corrected: bool = False


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
