"""Outlines that can be changed until they are painted: corners, or a box. Pure geometry in image pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, pi, sin
from typing import Final, Protocol

import numpy as np

from studio.core.arrays import Region
from studio.core.raster import XY, Rect, ellipse_pixels, polygon_bounds, polygon_pixels

_ELLIPSE_STEPS: Final = 96
_HANDLES: Final = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))
"""Of a box, clockwise from its top left: which side each handle moves, horizontally and vertically."""


class Outline(Protocol):
    """What may become paint. It is frozen: each change makes another one, so that undo only keeps the ones before."""

    @property
    def erase(self) -> bool:
        """Whether it takes the label away."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether it encloses something as it stands, so that nothing needs to be added."""
        ...

    @property
    def handles(self) -> Sequence[XY]:
        """What can be dragged."""
        ...

    @property
    def path(self) -> Sequence[XY]:
        """The line around it, without the first place again."""
        ...

    def moved(self, handle: int, to: XY, *, even: bool = False, centred: bool = False) -> Outline: ...

    def shifted(self, dx: float, dy: float) -> Outline: ...

    def pixels(self, width: int, height: int) -> tuple[Rect, Region] | None:
        """Which pixels it paints inside an image of that size; None when there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Corners:
    """A polygon, which paints each pixel whose centre lies inside (even-odd rule)."""

    handles: tuple[XY, ...]
    erase: bool = False
    is_complete: bool = False

    @property
    def path(self) -> tuple[XY, ...]:
        return self.handles

    def moved(self, handle: int, to: XY, *, even: bool = False, centred: bool = False) -> Corners:
        return replace(self, handles=(*self.handles[:handle], to, *self.handles[handle + 1 :]))

    def inserted(self, before: int, corner: XY) -> Corners:
        return replace(self, handles=(*self.handles[:before], corner, *self.handles[before:]))

    def without(self, handle: int) -> Corners:
        return replace(self, handles=(*self.handles[:handle], *self.handles[handle + 1 :]))

    def shifted(self, dx: float, dy: float) -> Corners:
        return replace(self, handles=tuple((x + dx, y + dy) for x, y in self.handles))

    def pixels(self, width: int, height: int) -> tuple[Rect, Region] | None:
        rect = polygon_bounds(self.handles, width, height)
        return (rect, polygon_pixels(rect, self.handles)) if rect is not None else None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels, or the ellipse that touches its sides, which paints each pixel whose centre lies
    inside or on it."""

    bounds: Rect
    is_ellipse: bool = False
    erase: bool = False
    is_complete: bool = True

    @property
    def handles(self) -> tuple[XY, ...]:
        box = self.bounds
        x, y = box.x + box.width / 2, box.y + box.height / 2
        return tuple((x + h * box.width / 2, y + v * box.height / 2) for h, v in _HANDLES)

    @property
    def path(self) -> tuple[XY, ...]:
        if not self.is_ellipse:
            return self.handles[::2]
        box = self.bounds
        x, y = box.x + box.width / 2, box.y + box.height / 2
        angles = (2 * pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS))
        return tuple((x + cos(a) * box.width / 2, y + sin(a) * box.height / 2) for a in angles)

    def moved(self, handle: int, to: XY, *, even: bool = False, centred: bool = False) -> Box:
        """`even` keeps both sides of the same length where a corner is dragged; `centred` keeps the middle in place."""
        h, v = _HANDLES[handle]
        box = self.bounds
        opposite = self.handles[(handle + 4) % 8]
        middle = (box.x + box.width / 2, box.y + box.height / 2)
        bounds = box_between(middle if centred else opposite, to, even=even and bool(h and v), centred=centred)
        if not h:
            bounds = Rect(box.x, bounds.y, box.width, bounds.height)
        if not v:
            bounds = Rect(bounds.x, box.y, bounds.width, box.height)
        return replace(self, bounds=Rect(bounds.x, bounds.y, max(1, bounds.width), max(1, bounds.height)))

    def shifted(self, dx: float, dy: float) -> Box:
        return replace(self, bounds=replace(self.bounds, x=self.bounds.x + round(dx), y=self.bounds.y + round(dy)))

    def pixels(self, width: int, height: int) -> tuple[Rect, Region] | None:
        rect = self.bounds.clipped(width, height)
        if rect is None:
            return None
        if self.is_ellipse:
            return rect, ellipse_pixels(rect, self.bounds)
        return rect, np.ones((rect.height, rect.width), np.bool_)


def box_between(start: XY, end: XY, *, even: bool, centred: bool) -> Rect:
    """Whole pixels from `start` to `end`, or with `start` in the middle; `even` makes a square of the longer side."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    if even:
        side = max(abs(dx), abs(dy))
        dx, dy = side if dx >= 0 else -side, side if dy >= 0 else -side
    left, right = sorted((start[0] - dx if centred else start[0], start[0] + dx))
    top, bottom = sorted((start[1] - dy if centred else start[1], start[1] + dy))
    x, y = round(left), round(top)
    width, height = round(right) - x, round(bottom) - y
    return Rect(x, y, max(width, height), max(width, height)) if even else Rect(x, y, width, height)


def encloses(path: Sequence[XY], point: XY) -> bool:
    """Whether a point lies inside a closed line (even-odd rule)."""
    inside = False
    for (ax, ay), (bx, by) in zip(path, [*path[1:], path[0]], strict=True):
        if (ay > point[1]) != (by > point[1]):
            inside ^= point[0] < ax + (point[1] - ay) * (bx - ax) / (by - ay)
    return inside


def simplified(line: Sequence[XY], tolerance: float) -> list[XY]:
    """The fewest places of `line`, its ends among them, so that no other is further than `tolerance` from the straight
    lines between them (Douglas and Peucker 1973)."""
    kept = {0, len(line) - 1}
    pending = [(0, len(line) - 1)]
    while pending:
        first, last = pending.pop()
        away = [_from_segment(line[n], line[first], line[last]) for n in range(first + 1, last)]
        if away and max(away) > tolerance:
            furthest = first + 1 + away.index(max(away))
            kept.add(furthest)
            pending += [(first, furthest), (furthest, last)]
    return [line[n] for n in sorted(kept)]


def _from_segment(point: XY, a: XY, b: XY) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length if length else 0.0
    t = min(max(t, 0.0), 1.0)
    return hypot(point[0] - a[0] - t * dx, point[1] - a[1] - t * dy)
