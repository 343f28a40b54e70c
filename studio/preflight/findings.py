"""What a look at the data finds, and what can be done about it at once."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FixKind(enum.StrEnum):
    LEAVE_OUT = "leave-out"
    TO_TRAIN = "to-train"
    TO_VALID = "to-valid"
    MARK_VOID = "mark-void"
    ADD_CLASS = "add-class"
    REMOVE_CLASSES = "remove-classes"


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Changes `items` or the classes with these ids. `words` say on a button what it does."""

    kind: FixKind
    words: str
    items: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`sentence` says what is wrong and what it does to a run; `items` are where it can be seen."""

    sentence: str
    items: tuple[int, ...] = ()
    fixes: tuple[Fix, ...] = ()
