"""Points from neighbouring items: copied from the one before, and filled in between two of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from studio.core.document import PointsDocument
from studio.core.items import Item, LabelState
from studio.core.point_frames import Gap, filled, gap_at, gaps
from studio.core.points import Points
from studio.store import Store

_REACH: Final = 2_000
"""Items to either side that are looked at."""


class PointSequence:
    """A sequence is what stands in a row in `ids` and belongs to one group. Each method returns a sentence for the
    person; what is changed is one edit an item. Raises StudioError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def copy_previous(self, document: PointsDocument, ids: Sequence[int], *, replacing: bool) -> str:
        """Take over from the item before what is missing here, or all of it."""
        before = self._previous(document.item, ids)
        if before is None:
            return "There is no item before this one in its sequence."
        points = self._store.read_points(before.id)
        if points is None or not points.placed:
            return f"{before.name} has no points to copy."
        points = _inside(points, document.size)
        new = points if replacing else document.points.completed_from(points)
        number = len(set(new.placed) - set(document.points.placed))
        if not document.replace(new, "copying the points before"):
            return f"Nothing is missing here that {before.name} has."
        return f"{_count(number, 'point')} copied from {before.name}."

    def interpolate(self, item: Item, ids: Sequence[int], *, everywhere: bool) -> tuple[list[int], str]:
        """Fill the gap around the item, or else the one before or after it; `everywhere`: all gaps of its sequence.
        Returns the ids of the items that changed, too."""
        sequence = self._sequence(item, ids)
        known = [self._has_points(each) for each in sequence]
        position = next(i for i, each in enumerate(sequence) if each.id == item.id)
        around = gap_at(known, position)
        chosen = gaps(known) if everywhere else [around] if around is not None else []
        if not chosen:
            return [], "There is nothing to fill: an earlier and a later item of this sequence must have points."
        new: dict[int, Points] = {}
        for gap in chosen:
            new |= self._fill(sequence, gap)
        changed = self._store.replace_points(new, "interpolating points")
        first, last = sequence[chosen[0].first].name, sequence[chosen[-1].last].name
        if not changed:
            return [], f"{first} and {last} have no point in common; nothing was filled in."
        return changed, f"{_count(len(changed), 'item')} filled in between {first} and {last}; each can be undone."

    def _fill(self, sequence: Sequence[Item], gap: Gap) -> dict[int, Points]:
        before = self._store.read_points(sequence[gap.first].id) or Points()
        after = self._store.read_points(sequence[gap.last].id) or Points()
        made = filled(before, after, gap)
        return {sequence[p].id: points for p, points in made.items() if sequence[p].state is not LabelState.LEFT_OUT}

    def _previous(self, item: Item, ids: Sequence[int]) -> Item | None:
        row = ids.index(item.id) if item.id in ids else 0
        found = self._store.items([ids[row - 1]]) if row > 0 else []
        return found[0] if found and found[0].group == item.group else None

    def _sequence(self, item: Item, ids: Sequence[int]) -> list[Item]:
        row = ids.index(item.id) if item.id in ids else -1
        if row < 0:
            return [item]
        start = max(0, row - _REACH)
        items = self._store.items(list(ids[start : row + _REACH + 1]))
        here = row - start
        first = next((i + 1 for i in range(here, -1, -1) if items[i].group != item.group), 0)
        last = next((i for i in range(here, len(items)) if items[i].group != item.group), len(items))
        return items[first:last]

    def _has_points(self, item: Item) -> bool:
        if item.state is LabelState.LEFT_OUT:
            return bool((self._store.read_points(item.id) or Points()).placed)
        return item.state is LabelState.LABELLED


def _inside(points: Points, size: tuple[int, int]) -> Points:
    """Kept inside a picture of `size` (width, height), which may be smaller than the one they come from."""
    return Points(
        tuple(
            replace(p, x=min(max(p.x, 0.0), float(size[0])), y=min(max(p.y, 0.0), float(size[1])))
            for p in points.placed
        )
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
