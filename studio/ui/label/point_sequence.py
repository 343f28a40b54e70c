"""Points from other items: copied from the one before, filled in between two of a sequence, and their mean shape.

What stands in a row in the project and belongs to one group is a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from studio.core.counting import counted
from studio.core.document import PointsDocument
from studio.core.items import Item, LabelState
from studio.core.point_frames import Gap, filled, gap_at, gaps
from studio.core.point_templates import PointsTemplate, mean_template
from studio.core.points import Points
from studio.store import ItemFilter, Store

_REACH: Final = 2_000
"""Items to either side that are looked at."""

_MEAN_OF: Final = 200
"""Labelled items that a mean shape is taken from."""


@dataclass(frozen=True)
class Filling:
    """What items of a sequence get, each with the edit that it stood at, and the names of the items around."""

    items: tuple[tuple[int, Points, int], ...]
    first: str
    last: str


def copy_previous(store: Store, document: PointsDocument, *, replacing: bool) -> str:
    """Take over from the item before what is missing here, or all of it, as one edit. Returns a sentence for the
    person. Raises StudioError."""
    items, here = store.sequence(document.item, 1)
    if here == 0:
        return "There is no item before this one in its sequence."
    before = items[here - 1]
    points = store.read_points(before.id)
    if points is None or not points.placed:
        return f"{before.name} has no points to copy."
    points = _inside(points, document.size)
    new = points if replacing else document.points.completed_from(points)
    number = len(set(new.placed) - set(document.points.placed))
    if not document.replace(new, "copying the points before"):
        return f"Nothing is missing here that {before.name} has."
    return f"{counted(number, 'point')} copied from {before.name}."


def find_filling(root: Path, item: Item, *, everywhere: bool) -> Filling | str:
    """For another thread: what fills the gap around the item, or else the one before or after it; `everywhere`: all
    gaps of its sequence. A sentence where there is none. Raises StudioError."""
    with Store.open(root) as store:
        sequence, position = store.sequence(item, _REACH)
        known = [_has_points(store, each) for each in sequence]
        around = gap_at(known, position)
        chosen = gaps(known) if everywhere else [around] if around is not None else []
        if not chosen:
            return "There is nothing to fill: an earlier and a later item of this sequence must have points."
        heads = {each.id: store.journal.head(each.id) for gap in chosen for each in sequence[gap.first : gap.last + 1]}
        new: dict[int, Points] = {}
        for gap in chosen:
            new |= _fill(store, sequence, gap)
        first, last = sequence[chosen[0].first].name, sequence[chosen[-1].last].name
        return Filling(tuple((item_id, points, heads[item_id]) for item_id, points in new.items()), first, last)


def find_mean(root: Path, name: str) -> PointsTemplate | None:
    """For another thread: the mean shape of the first labelled items. Raises StudioError."""
    with Store.open(root) as store:
        ids = store.item_ids(ItemFilter(states=(LabelState.LABELLED,)))[:_MEAN_OF]
        labels = [points for item in ids if (points := store.read_points(item)) is not None]
    return mean_template(name, [(points, n) for points in labels for n in points.instances])


def _fill(store: Store, sequence: Sequence[Item], gap: Gap) -> dict[int, Points]:
    before = store.read_points(sequence[gap.first].id) or Points()
    after = store.read_points(sequence[gap.last].id) or Points()
    made = filled(before, after, gap)
    return {sequence[p].id: points for p, points in made.items() if sequence[p].state is not LabelState.LEFT_OUT}


def _has_points(store: Store, item: Item) -> bool:
    if item.state is LabelState.LEFT_OUT:
        return bool((store.read_points(item.id) or Points()).placed)
    return item.state is LabelState.LABELLED


def _inside(points: Points, size: tuple[int, int]) -> Points:
    """Kept inside a picture of `size` (width, height), which may be smaller than the one they come from."""
    return Points(
        tuple(
            replace(p, x=min(max(p.x, 0.0), float(size[0])), y=min(max(p.y, 0.0), float(size[1])))
            for p in points.placed
        )
    )
