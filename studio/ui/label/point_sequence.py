"""Points from neighbouring items: copied from the one before, and filled in between two of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from studio.core.counting import counted
from studio.core.document import PointsDocument
from studio.core.items import Item, LabelState
from studio.core.point_frames import Gap, filled, gap_at, gaps
from studio.core.points import Points
from studio.store import Store

_REACH: Final = 2_000
"""Items to either side that are looked at."""


class PointSequence:
    """What stands in a row in the project and belongs to one group is a sequence. Each method returns a sentence for
    the person; what is changed is one edit an item. Raises StudioError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def copy_previous(self, document: PointsDocument, *, replacing: bool) -> str:
        """Take over from the item before what is missing here, or all of it."""
        items, here = self._store.sequence(document.item, 1)
        if here == 0:
            return "There is no item before this one in its sequence."
        before = items[here - 1]
        points = self._store.read_points(before.id)
        if points is None or not points.placed:
            return f"{before.name} has no points to copy."
        points = _inside(points, document.size)
        new = points if replacing else document.points.completed_from(points)
        number = len(set(new.placed) - set(document.points.placed))
        if not document.replace(new, "copying the points before"):
            return f"Nothing is missing here that {before.name} has."
        return f"{counted(number, 'point')} copied from {before.name}."

    def interpolate(self, item: Item, *, everywhere: bool) -> tuple[list[int], str]:
        """Fill the gap around the item, or else the one before or after it; `everywhere`: all gaps of its sequence.
        Returns the ids of the items that changed, too."""
        sequence, position = self._store.sequence(item, _REACH)
        known = [self._has_points(each) for each in sequence]
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
        return changed, f"{counted(len(changed), 'item')} filled in between {first} and {last}; each can be undone."

    def _fill(self, sequence: Sequence[Item], gap: Gap) -> dict[int, Points]:
        before = self._store.read_points(sequence[gap.first].id) or Points()
        after = self._store.read_points(sequence[gap.last].id) or Points()
        made = filled(before, after, gap)
        return {sequence[p].id: points for p, points in made.items() if sequence[p].state is not LabelState.LEFT_OUT}

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
