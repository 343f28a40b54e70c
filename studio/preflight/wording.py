"""Numbers of items in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.counting import counted

_NAMED = 3


def items_in_words(number: int) -> str:
    return counted(number, "item")


def names_in_words(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed
