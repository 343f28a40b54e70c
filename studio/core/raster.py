"""Which pixels belong to a shape, exact to the pixel: rectangles, polygons, ellipses and connected regions.

A pixel is judged by its centre, which lies at (x + 0.5, y + 0.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from studio.core.arrays import Mask, Region

XY = tuple[float, float]


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

    def within(self, whole: Rect) -> tuple[slice, slice]:
        """`slices` counted from the corner of a rectangle around this one."""
        return Rect(self.x - whole.x, self.y - whole.y, self.width, self.height).slices

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


def box_around(region: Region) -> Rect | None:
    """The smallest rectangle that holds every True pixel; None when there is none."""
    rows = np.flatnonzero(region.any(axis=1))
    if not rows.size:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(region[top:bottom].any(axis=0))
    return Rect(int(columns[0]), top, int(columns[-1]) + 1 - int(columns[0]), bottom - top)


def polygon_bounds(points: Sequence[XY], width: int, height: int) -> Rect | None:
    """The whole pixels that a polygon can touch inside an image of that size."""
    if len(points) < 3:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x, y = floor(min(xs)), floor(min(ys))
    return Rect(x, y, ceil(max(xs)) - x + 1, ceil(max(ys)) - y + 1).clipped(width, height)


def polygon_pixels(rect: Rect, points: Sequence[XY]) -> Region:
    """Which pixels of `rect` lie inside the polygon, (height, width) bool (even-odd rule; it closes itself).

    A centre on a left edge is inside, on a right edge outside, so that polygons that share an edge share no pixel.
    """
    return ring_pixels(rect, (points,))


def ring_pixels(rect: Rect, rings: Iterable[Sequence[XY]]) -> Region:
    """Which pixels of `rect` lie inside closed lines that are filled together by the even-odd rule, (height, width)
    bool.

    Each edge flips, on every row whose centre it crosses, the first pixel to its right; a running parity along the row
    then says inside or outside.
    """
    edges = [(a, b) for ring in rings for a, b in zip(ring, (*ring[1:], *ring[:1]), strict=True) if a[1] != b[1]]
    if not edges:
        return np.zeros((rect.height, rect.width), np.bool_)
    ends = np.array(edges, np.float64)
    down = (ends[:, 0, 1] < ends[:, 1, 1])[:, None]
    x0, y0 = np.where(down, ends[:, 0], ends[:, 1]).T
    x1, y1 = np.where(down, ends[:, 1], ends[:, 0]).T
    first = np.maximum(rect.y, np.ceil(y0 - 0.5)).astype(np.intp)
    count = np.maximum(0, np.minimum(rect.bottom, np.ceil(y1 - 0.5)).astype(np.intp) - first)
    edge = np.repeat(np.arange(len(ends)), count)
    rows = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    crossings = x0[edge] + (rows + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    columns = np.clip(np.ceil(crossings - 0.5) - rect.x, 0, rect.width).astype(np.intp)
    places, times = np.unique((rows - rect.y) * (rect.width + 1) + columns, return_counts=True)
    flips = np.zeros((rect.height, rect.width + 1), np.uint8)
    flips.reshape(-1)[places[times % 2 == 1]] = 1
    return np.bitwise_xor.accumulate(flips[:, :-1], axis=1).view(np.bool_)


def ellipse_pixels(rect: Rect, bounds: Rect) -> Region:
    """Which pixels of `rect` have their centre inside or on the ellipse that touches the sides of `bounds`, (height,
    width) bool. Whole numbers are compared: no rounding decides."""
    xs = 2 * np.arange(rect.x, rect.right) + 1 - (2 * bounds.x + bounds.width)
    ys = (2 * np.arange(rect.y, rect.bottom) + 1 - (2 * bounds.y + bounds.height))[:, None]
    width, height = bounds.width**2, bounds.height**2
    return xs * xs * height + ys * ys * width <= width * height


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
    if not mask.flags.writeable:  # OpenCV insists on writing though it only fills `filled`
        mask = mask.copy()
    box = cv2.floodFill(mask, filled, (x, y), 0, 0, 0, flags)[3]
    return filled[1:-1, 1:-1].view(np.bool_), Rect(*(int(side) for side in box))
