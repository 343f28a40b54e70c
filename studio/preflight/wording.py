"""Numbers of items in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from studio.core.counting import counted
from studio.core.settings import Task

_NAMED = 3


def items_in_words(number: int) -> str:
    return counted(number, "item")


def names_in_words(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed


def what_was_looked_at(task: Task, items: int, unlabelled: int, *, files: bool) -> str:
    """Of how many `items`, for what, and how many more are `unlabelled`; `files`: whether those were read, too."""
    sides = "keypoints on both sides" if task is Task.KEYPOINTS else "classes on both sides"
    numbers = "numbers with a class, " if task is Task.SEGMENTATION else ""
    what = "text" if task is Task.TEXT else "picture"
    if files:
        looked = f"Looked at {counted(items, what)} with labels: readable, {numbers}{sides}, copies on both sides."
    elif task is Task.KEYPOINTS:
        looked = f"Looked at no file of the {counted(items, what)} with labels."
    else:
        looked = f"Looked at the labels of {counted(items, what)}: {sides}. Their files were not read."
    more = f" {items_in_words(unlabelled)} of train and valid {_have(unlabelled)} no label yet." if unlabelled else ""
    return f"{looked} Whether a label is right is for Review.{more}"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
