"""Painting on a mask, exact to the pixel: brush strokes, polygons and connected regions.

Everything paints in place on a (H, W) uint8 mask and works on the painted part only, whatever the mask's size. A pixel
is judged by its centre, which lies at (x + 0.5, y + 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np

from studio.core.arrays import Mask, Region

XY = tuple[float, float]

_BAND: Final = 64
"""Rows painted at a time, so that a long slanting stroke never costs its whole bounding box."""


@dataclass(frozen=True, slots=True)
class Rect:
    """Pixels x … x + width - 1 by y … y + height - 1."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing an array by [rows, columns]."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def union(self, other: Rect) -> Rect:
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def intersect(self, other: Rect) -> Rect | None:
        """What both cover, or None when they share no pixel."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        return Rect(x, y, width, height) if width > 0 and height > 0 else None

    def clipped(self, width: int, height: int) -> Rect | None:
        """The part inside an image of that size, or None."""
        return self.intersect(Rect(0, 0, width, height))


def brush_bands(width: int, height: int, a: XY, b: XY, diameter: float) -> Iterator[Rect]:
    """Rectangles that together hold every pixel of the stroke inside an image of that size, top to bottom.

    They follow the stroke, so that their area grows with its length and not with its bounding box.
    """
    radius = diameter / 2
    top, bottom = min(a[1], b[1]) - radius, max(a[1], b[1]) + radius
    first, last = max(0, floor(top - 0.5)), min(height, ceil(bottom + 0.5))
    for y in range(first, last, _BAND):
        rows = min(_BAND, last - y)
        left, right = _reach(a, b, radius, y, y + rows)
        x, end = max(0, floor(left - 0.5)), min(width, ceil(right + 0.5))
        if end > x:
            yield Rect(x, y, end - x, rows)


def _reach(a: XY, b: XY, radius: float, top: float, bottom: float) -> tuple[float, float]:
    """How far left and right a stroke reaches between two heights: the part of the segment whose discs touch them."""
    (ax, ay), (bx, by) = (a, b) if a[1] <= b[1] else (b, a)
    if by - ay < 1e-9:
        return min(ax, bx) - radius, max(ax, bx) + radius
    slope = (bx - ax) / (by - ay)
    start = ax + slope * (min(max(top - radius, ay), by) - ay)
    end = ax + slope * (max(min(bottom + radius, by), ay) - ay)
    return min(start, end) - radius, max(start, end) + radius


def sweep_brush(mask: Mask, a: XY, b: XY, diameter: float, value: int) -> Rect | None:
    """Paint each pixel whose centre lies within diameter / 2 of the segment a–b (image pixels, floats).

    Returns a rectangle around what may have changed, or None when nothing lies inside the mask.
    """
    height, width = mask.shape
    dirty: Rect | None = None
    for band in brush_bands(width, height, a, b, diameter):
        inside = brush_pixels(band, a, b, diameter)
        np.copyto(mask[band.slices], np.uint8(value), where=inside)
        dirty = band if dirty is None else dirty.union(band)
    return dirty


def brush_pixels(rect: Rect, a: XY, b: XY, diameter: float) -> Region:
    """Which pixels of `rect` a stroke covers, (height, width) bool.

    Squares are compared instead of distances: no root, no division, so that borders do not hang on a rounding.
    """
    reach = (diameter / 2) ** 2
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    xs = np.arange(rect.x, rect.right) + (0.5 - a[0])
    ys = (np.arange(rect.y, rect.bottom) + (0.5 - a[1]))[:, None]
    if length == 0:
        return xs * xs + ys * ys <= reach
    along = xs * dx + ys * dy
    across = ys * dx - xs * dy
    inside = across * across <= reach * length
    inside &= along >= 0
    inside &= along <= length
    for centre in (a, b):
        _add_disc(inside, rect, centre, diameter / 2)
    return inside


def _add_disc(inside: Region, rect: Rect, centre: XY, radius: float) -> None:
    x, y = floor(centre[0] - radius), floor(centre[1] - radius)
    side = ceil(2 * radius) + 2
    box = Rect(x, y, side, side).intersect(rect)
    if box is not None:
        xs = np.arange(box.x, box.right) + (0.5 - centre[0])
        ys = (np.arange(box.y, box.bottom) + (0.5 - centre[1]))[:, None]
        part = Rect(box.x - rect.x, box.y - rect.y, box.width, box.height)
        inside[part.slices] |= xs * xs + ys * ys <= radius * radius


def fill_polygon(mask: Mask, points: Sequence[XY], value: int) -> Rect | None:
    """Paint each pixel whose centre lies inside the polygon (even-odd rule; it closes itself).

    A centre on a left edge is inside, on a right edge outside, so that polygons that share an edge share no pixel.
    Returns the rectangle around it, or None when nothing lies inside the mask.
    """
    height, width = mask.shape
    rect = polygon_bounds(points, width, height)
    if rect is None:
        return None
    for y in range(rect.y, rect.bottom, _BAND):
        band = Rect(rect.x, y, rect.width, min(_BAND, rect.bottom - y))
        np.copyto(mask[band.slices], np.uint8(value), where=polygon_pixels(band, points))
    return rect


def polygon_bounds(points: Sequence[XY], width: int, height: int) -> Rect | None:
    """The whole pixels that a polygon can touch inside an image of that size."""
    if len(points) < 3:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x, y = floor(min(xs)), floor(min(ys))
    return Rect(x, y, ceil(max(xs)) - x + 1, ceil(max(ys)) - y + 1).clipped(width, height)


def polygon_pixels(rect: Rect, points: Sequence[XY]) -> Region:
    """Which pixels of `rect` lie inside the polygon, (height, width) bool.

    Each edge flips, on every row whose centre it crosses, the first pixel to its right; a running parity along the row
    then says inside or outside.
    """
    flips = np.zeros((rect.height, rect.width + 1), np.uint8)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if ay == by:
            continue
        (x0, y0), (x1, y1) = ((ax, ay), (bx, by)) if ay < by else ((bx, by), (ax, ay))
        first, last = max(rect.y, ceil(y0 - 0.5)), min(rect.bottom, ceil(y1 - 0.5))
        if first >= last:
            continue
        centres = np.arange(first, last) + 0.5
        crossings = x0 + (centres - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(crossings - 0.5) - rect.x, 0, rect.width).astype(np.intp)
        flips[np.arange(first, last) - rect.y, columns] ^= 1
    return np.bitwise_xor.accumulate(flips[:, :-1], axis=1).astype(np.bool_)


def flood_region(mask: Mask, x: int, y: int) -> tuple[Region, Rect]:
    """The pixels that are joined to (x, y) through sides and have its value: (H, W) bool, and the box around them.

    Raises IndexError when (x, y) lies outside.
    """
    import cv2  # noqa: PLC0415  takes 0.2 s, which the first picture need not wait for

    height, width = mask.shape
    if not (0 <= x < width and 0 <= y < height):
        raise IndexError(f"({x}, {y}) lies outside an image of {width}×{height}")
    filled = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    box = cv2.floodFill(mask, filled, (x, y), 0, 0, 0, flags)[3]
    return filled[1:-1, 1:-1].view(np.bool_), Rect(*(int(side) for side in box))
