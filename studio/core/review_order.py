"""In which order review items come, and how they are grouped."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from studio.core.settings import TAG_TASKS, Task


class SortBy(enum.StrEnum):
    """What items are sorted by; each says itself which end somebody wants to see first."""

    LOSS = "loss"
    ERROR = "error"
    CONFIDENCE = "confidence"
    MARGIN = "margin"
    ENTROPY = "entropy"
    OVERLAP = "iou"
    SUSPICION = "suspicion"
    NAME = "name"


class GroupBy(enum.StrEnum):
    NOTHING = "nothing"
    CLASS = "class"
    SEQUENCE = "sequence"


SPAN_KINDS: Final = (SortBy.LOSS, SortBy.ERROR, SortBy.CONFIDENCE, SortBy.MARGIN, SortBy.ENTROPY)
"""What a range of values can be asked of."""


class ReviewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`class_id` is the class whose overlap counts. Items that have nothing of what is sorted by come last, whichever
    way; those of one value in the order of their ids. In a group the order is the same."""

    by: SortBy = SortBy.LOSS
    class_id: int | None = None
    reverse: bool = False
    group: GroupBy = GroupBy.NOTHING


_WORDS: Final = {
    SortBy.LOSS: ("worst first", "best first"),
    SortBy.ERROR: ("most wrong first", "least wrong first"),
    SortBy.CONFIDENCE: ("least sure first", "surest first"),
    SortBy.MARGIN: ("closest call first", "clearest call first"),
    SortBy.ENTROPY: ("most torn first", "least torn first"),
    SortBy.OVERLAP: ("worst IoU first", "best IoU first"),
    SortBy.SUSPICION: ("most suspicious first", "least suspicious first"),
    SortBy.NAME: ("by name", "by name, backwards"),
}


def order_in_words(order: ReviewOrder, class_name: str = "") -> str:
    """`worst first`, `least sure first, by class`; `class_name` is that of `class_id`."""
    words = _WORDS[order.by][order.reverse]
    if order.by is SortBy.OVERLAP and class_name:
        words = words.replace("IoU", f"IoU of {class_name}")
    return words if order.group is GroupBy.NOTHING else f"{words}, by {order.group.value}"


def sorts_of(task: Task) -> tuple[SortBy, ...]:
    """What a task's items can be sorted by, the most useful first."""
    match task:
        case Task.SEGMENTATION:
            without = frozenset[SortBy]()
        case Task.KEYPOINTS:
            without = frozenset({SortBy.MARGIN, SortBy.ENTROPY, SortBy.OVERLAP})
        case _:
            assert task in TAG_TASKS
            without = frozenset({SortBy.OVERLAP})
    return tuple(by for by in SortBy if by not in without)
