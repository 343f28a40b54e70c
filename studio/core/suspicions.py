"""Label errors: which labels are probably wrong, told by models that never saw them."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from studio.core.items import Split

SUSPICIONS_FILE: Final = "suspicions.jsonl"


class Method(enum.StrEnum):
    """How a quality came about."""

    CLEANLAB = "cleanlab"
    SELF_CONFIDENCE = "self-confidence"
    """The probability of the given label, where cleanlab is not installed."""

    REGIONS = "regions"
    """The largest connected part of a mask that the model confidently sees otherwise, by confident learning's rule of
    what is confident."""

    DISTANCE = "distance"
    """How far the model's points lie from the label's, beside the same distance of the other items."""


class DoubtedRegion(msgspec.Struct, frozen=True, kw_only=True):
    """A connected part of a mask that the model confidently sees otherwise: its bounding box in pixels of the original,
    its area there, and the class ids that the label and the model say."""

    left: int
    top: int
    right: int
    bottom: int
    area: int
    label: int
    proposed: int


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's `suspicions.jsonl`. `quality` is 0 (surely wrong) to 1 (surely right), `is_issue` whether it
    is so low that somebody should look; `revision` is that of the label which was judged. What is proposed in its place
    is the prediction of the same run and item in `scores.jsonl`; the rest says what exactly is doubted: `regions` of a
    mask, indices of `points`, or class ids of `tags`, which should be there or should not."""

    item: int
    name: str
    split: Split
    revision: int
    quality: float
    is_issue: bool
    method: Method
    regions: tuple[DoubtedRegion, ...] = ()
    points: tuple[int, ...] = ()
    tags: tuple[int, ...] = ()


def encode_suspicion(suspicion: Suspicion) -> bytes:
    return msgspec.json.encode(suspicion) + b"\n"


def decode_suspicion(line: bytes | str) -> Suspicion:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=Suspicion)
