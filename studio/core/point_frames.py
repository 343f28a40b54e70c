"""Points between two frames of a sequence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.points import Keypoint, Points


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames without points between two that have some: positions in the sequence, `first` and `last` being theirs."""

    first: int
    last: int

    @property
    def inside(self) -> range:
        return range(self.first + 1, self.last)


def interpolated(before: Points, after: Points, share: float) -> Points:
    """The points `share` (0–1) of the way from `before` to `after`, in a straight line; visibility is that of the
    nearer end. Only points that both ends have: nobody said where the others went."""
    near = before if share <= 0.5 else after
    ends, other = after.by_key(), near.by_key()
    return Points(
        tuple(
            Keypoint(
                index=p.index,
                x=p.x + (ends[key].x - p.x) * share,
                y=p.y + (ends[key].y - p.y) * share,
                visibility=other[key].visibility,
                instance=p.instance,
            )
            for key, p in before.by_key().items()
            if key in ends
        )
    )


def filled(before: Points, after: Points, gap: Gap) -> dict[int, Points]:
    """What is interpolated for each position inside the gap; positions for which the ends agree on nothing are left
    out."""
    between = {
        position: interpolated(before, after, (position - gap.first) / (gap.last - gap.first))
        for position in gap.inside
    }
    return {position: points for position, points in between.items() if points.placed}


def gaps(has_points: Sequence[bool]) -> list[Gap]:
    """All gaps of a sequence, in order."""
    known = [position for position, has in enumerate(has_points) if has]
    return [Gap(a, b) for a, b in itertools.pairwise(known) if b - a > 1]


def gap_at(has_points: Sequence[bool], position: int) -> Gap | None:
    """The gap that `position` lies in; for a frame with points the gap before it, else the one after it."""
    found = gaps(has_points)
    inside = next((gap for gap in found if gap.first < position < gap.last), None)
    before = next((gap for gap in found if gap.last == position), None)
    after = next((gap for gap in found if gap.first == position), None)
    return inside or before or after
