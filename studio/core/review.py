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


class ClassScore(msgspec.Struct, frozen=True, array_like=True):
    """How a mask fares in one class, over the counted pixels: `overlap` is the intersection over the union of label and
    prediction (IoU), `loss` the mean loss of the pixels that the label gives to the class, None where it gives none;
    `hits` how many of these the prediction gives to it, too, None in runs of earlier versions."""

    class_id: int
    overlap: float
    loss: float | None = None
    hits: int | None = None


class MistakenRegion(msgspec.Struct, frozen=True, array_like=True):
    """The largest connected mistake of a mask: its bounding box in pixels of the original, how many pixels are wrong in
    it, and their mean loss."""

    x: int
    y: int
    width: int
    height: int
    pixels: int
    loss: float


class ItemScore(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's `scores.jsonl`. `loss` is the task's loss of this item alone (mean over counted pixels or
    points); `error` is what a person understands: the share of counted pixels that are wrong (segmentation) or the mean
    distance in pixels of the original (keypoints). `mask` is the predicted mask, a PNG below the run's folder, of the
    original's size; `confusion` counts pixels by (label id, predicted id) where they differ, largest first.

    Of classes of whole items (`tags`, against the frozen `label`) `error` is 1 where the one class is wrong, or how
    many tags are missing or too many; `confusion` counts the item once for each, with `NO_CLASS` in the place of the
    class that the other side does not have.

    `confidence`, `margin` and `entropy`, each 0 to 1, say how sure the model was, whatever the label is: the highest
    probability, its lead over the second, and the entropy in parts of the largest possible; of a mask the means over
    the network's pixels, of tags those of each tag's yes or no, where `margin` is that of the least sure tag. None in
    runs of earlier versions. Of points, where a model gives no probabilities, there is a `confidence` alone: 1 less how
    far the answers to a darker and a brighter picture lie apart.

    Of a mask `classes` has each class of label or prediction, and `region` is where it is wrong most; of points
    `distances` has (keypoint, pixels of the original) for each visible one.

    Of a text `words` has those that weighed most: (place of the token in the document, share of what all of its words
    weigh), the greatest first, above 0 where the word pushed towards the predicted class and below where away."""

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
    confidence: float | None = None
    margin: float | None = None
    entropy: float | None = None
    classes: tuple[ClassScore, ...] = ()
    region: MistakenRegion | None = None
    distances: tuple[tuple[int, float], ...] = ()
    words: tuple[tuple[int, float], ...] = ()
    labelled: bool = True
    """False where nobody had said anything that counts: then `loss` and `error` are 0 and say nothing."""


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


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to know about an item before it is decided, and what was answered. Times are seconds since
    the epoch (UTC)."""

    text: str
    who: str = ""
    time: float = 0.0
    answer: str = ""
    answered_by: str = ""
    answered: float = 0.0

    @property
    def is_open(self) -> bool:
        return not self.answer


LABEL_CHANGED: Final = frozenset({Decision.ACCEPTED, Decision.EDITED})
"""Decisions after which the label is no longer the one that the run scored."""


def note_in_words(note: Note) -> str:
    """`Ann asked: a van? – Ben: yes`."""
    asked = f"{note.who or 'Somebody'} asked: {note.text}"
    return asked if note.is_open else f"{asked} – {note.answered_by or 'answer'}: {note.answer}"


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    score: ItemScore
    decision: Decision = Decision.UNDECIDED
    note: Note | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A label changed in review: `before` and `after` are the annotation's revisions, `run` showed the mistake; `who`
    decided last."""

    run: str
    item: int
    name: str
    decision: Decision
    before: int
    after: int
    time: float
    who: str = ""


def encode_score(score: ItemScore) -> bytes:
    return msgspec.json.encode(score) + b"\n"


def decode_score(line: bytes | str) -> ItemScore:
    return msgspec.json.decode(line, type=ItemScore)
