"""What a brush covers on its way from one place to the next, exact to the pixel.

A pixel is judged by its centre, which lies at (x + 0.5, y + 0.5): it is covered when the brush covers that centre at
any place between the two ends. That is judged without a division or a root, so that borders do not hang on a rounding.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from studio.core.arrays import Mask, Region
from studio.core.raster import XY, Rect

_BAND: Final = 64
"""Rows painted at a time at least, so that a long slanting stroke never costs its whole bounding box."""

_WIDE: Final = 300
"""Pixels from which on a row is filled between its two borders instead of being judged pixel by pixel."""

_AROUND: Final = np.arange(-2.0, 3.0)
"""The pixels about a border that are judged exactly."""

_CLOSE: Final = 1e-6
"""Square pixels by which a row may seem to miss a disc that it touches."""

Numbers = NDArray[np.floating[Any]]


class BrushShape(enum.StrEnum):
    ROUND = "round"
    SQUARE = "square"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A brush that moves from `a` to `b` (image pixels, floats) while its diameter, for a square its side, goes evenly
    from `start` to `end` pixels."""

    a: XY
    b: XY
    start: float
    end: float
    shape: BrushShape = BrushShape.ROUND

    @classmethod
    def even(cls, a: XY, b: XY, diameter: float, shape: BrushShape = BrushShape.ROUND) -> Sweep:
        """A sweep of one diameter."""
        return cls(a, b, diameter, diameter, shape)

    def bands(self, width: int, height: int) -> Iterator[Rect]:
        """Rectangles that together hold every covered pixel inside an image of that size, top to bottom.

        They follow the sweep, so that their area grows with its length and not with its bounding box.
        """
        radius = max(self.start, self.end) / 2
        top, bottom = min(self.a[1], self.b[1]) - radius, max(self.a[1], self.b[1]) + radius
        first, last = max(0, ceil(top - 0.5 - _CLOSE)), min(height, floor(bottom + 0.5 + _CLOSE))
        band = max(_BAND, int(2.5 * radius))
        for y in range(first, last, band):
            rows = min(band, last - y)
            left, right = self._reach(radius, y, y + rows)
            x, end = max(0, floor(left - 0.5)), min(width, ceil(right + 0.5))
            if end > x:
                yield Rect(x, y, end - x, rows)

    def pixels(self, rect: Rect) -> Region:
        """Which pixels of `rect` are covered, (height, width) bool."""
        if rect.width < _WIDE:
            return self._covers(np.arange(rect.x, rect.right)[None, :], np.arange(rect.y, rect.bottom)[:, None])
        inside = np.zeros((rect.height, rect.width), np.bool_)
        self._fill_between_borders(inside, rect, np.arange(rect.height), 1)
        return inside

    def fill(self, part: Mask, rect: Rect, value: int) -> None:
        """Give each covered pixel of `part`, what a mask has at `rect`, the value."""
        if rect.width < _WIDE:
            np.copyto(part, np.uint8(value), where=self.pixels(rect))
        else:
            self._fill_between_borders(part, rect, np.arange(rect.height), value)

    def fill_rows(self, part: Mask, rect: Rect, rows: NDArray[np.signedinteger[Any]], value: int) -> None:
        """`fill` for these rows of `part` alone."""
        self._fill_between_borders(part, rect, rows, value)

    def _fill_between_borders(
        self, part: Mask | Region, rect: Rect, wanted: NDArray[np.signedinteger[Any]], value: int
    ) -> None:
        """What a sweep covers has no dents, so that in a row everything between two covered pixels is covered too.

        Where the borders lie is worked out with roots and divisions; the pixels around there are then judged exactly,
        and a row whose borders are not among them is judged pixel by pixel.
        """
        rows = (wanted + rect.y)[:, None]
        lefts, rights = (np.floor(border)[:, None] for border in self._borders(rows[:, 0] + 0.5))
        covered = self._covers(np.concatenate((lefts + _AROUND, rights + _AROUND), axis=1), rows)
        first, last = covered[:, : _AROUND.size], covered[:, : _AROUND.size - 1 : -1]
        found = first.any(axis=1) & last.any(axis=1) & ~first[:, 0] & ~last[:, 0]
        begins = lefts[:, 0] + (first.argmax(axis=1) + (_AROUND[0] - rect.x))
        ends = rights[:, 0] - (last.argmax(axis=1) - (_AROUND[-1] + 1 - rect.x))
        spans = np.clip((begins[found], ends[found]), 0, rect.width).astype(np.intp).tolist()
        for row, begin, end in zip(wanted[found].tolist(), *spans, strict=True):
            part[row, begin:end] = value
        unsure = np.flatnonzero(~found)
        if unsure.size:
            covered = self._covers(np.arange(rect.x, rect.right)[None, :], rows[unsure])
            for row, there in zip(wanted[unsure].tolist(), covered, strict=True):
                part[row, there] = value

    def _borders(self, ys: Numbers) -> tuple[Numbers, Numbers]:
        """About where the sweep begins and ends at these heights, in image pixels; somewhere where it is not met."""
        left, right = np.full(ys.shape, np.inf), np.full(ys.shape, -np.inf)
        if self.shape is BrushShape.ROUND:
            for (x, y), diameter in ((self.a, self.start), (self.b, self.end)):
                room = (diameter / 2) ** 2 - (ys - y) ** 2
                half = np.sqrt(np.maximum(room, 0))
                np.copyto(left, np.minimum(left, x - half), where=room > -_CLOSE)
                np.copyto(right, np.maximum(right, x + half), where=room > -_CLOSE)
        for (x0, y0), (x1, y1) in self._sides():
            if y0 == y1:
                continue
            share = (ys - y0) / (y1 - y0)
            met = (share >= 0) & (share <= 1)
            xs = x0 + share * (x1 - x0)
            np.copyto(left, np.minimum(left, xs), where=met)
            np.copyto(right, np.maximum(right, xs), where=met)
        met = left <= right
        return np.where(met, left, self.a[0]), np.where(met, right, self.a[0])

    def _sides(self) -> list[tuple[XY, XY]]:
        """The straight parts of the outline, and perhaps some that lie inside."""
        (ax, ay), (bx, by) = self.a, self.b
        start, end = self.start / 2, self.end / 2
        if self.shape is BrushShape.SQUARE:
            around = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
            first = [(ax + x * start, ay + y * start) for x, y in around]
            last = [(bx + x * end, by + y * end) for x, y in around]
            return [
                *zip(first, last, strict=True),
                (first[3], first[0]),
                (first[1], first[2]),
                (last[3], last[0]),
                (last[1], last[2]),
            ]
        dx, dy, growth = bx - ax, by - ay, end - start
        length = dx * dx + dy * dy
        if length <= growth * growth:
            return []
        across = sqrt(length - growth * growth)
        normals = [((-growth * dx - s * dy) / length, (-growth * dy + s * dx) / length) for s in (across, -across)]
        return [((ax + start * x, ay + start * y), (bx + end * x, by + end * y)) for x, y in normals]

    def _covers(self, columns: NDArray[Any], rows: NDArray[Any]) -> Region:
        """Whether the pixels at these columns and rows, which broadcast to one shape, are covered."""
        xs, ys = columns + (0.5 - self.a[0]), rows + (0.5 - self.a[1])
        if self.shape is BrushShape.SQUARE:
            return self._square(xs, ys)
        inside = self._way_between(xs, ys)
        inside |= xs * xs + ys * ys <= (self.start / 2) ** 2
        xs, ys = columns + (0.5 - self.b[0]), rows + (0.5 - self.b[1])
        inside |= xs * xs + ys * ys <= (self.end / 2) ** 2
        return inside

    def paint(self, mask: Mask, value: int) -> Rect | None:
        """Give each covered pixel of `mask`, (H, W) uint8, the value.

        Returns a rectangle around what may have changed, or None when nothing lies inside the mask.
        """
        height, width = mask.shape
        dirty: Rect | None = None
        for band in self.bands(width, height):
            self.fill(mask[band.slices], band, value)
            dirty = band if dirty is None else dirty.union(band)
        return dirty

    def _reach(self, radius: float, top: float, bottom: float) -> tuple[float, float]:
        """How far left and right it covers between two heights: where the brush touches them on its way."""
        (ax, ay), (bx, by) = (self.a, self.b) if self.a[1] <= self.b[1] else (self.b, self.a)
        if by - ay < 1e-9:
            return min(ax, bx) - radius, max(ax, bx) + radius
        slope = (bx - ax) / (by - ay)
        start = ax + slope * (min(max(top - radius, ay), by) - ay)
        end = ax + slope * (max(min(bottom + radius, by), ay) - ay)
        return min(start, end) - radius, max(start, end) + radius

    def _way_between(self, xs: Numbers, ys: Numbers) -> Region:
        """The convex hull of two discs, or the part of it that lies between them.

        With q = (xs, ys) the way from `a` to a pixel's centre and (dx, dy) the way to `b`, the centre is covered at a
        share t when |q - t d|² ≤ (r + t growth)², which is a quadratic in t: it has a solution between the ends, or
        one of the two discs holds the centre.
        """
        dx, dy = self.b[0] - self.a[0], self.b[1] - self.a[1]
        radius, growth = self.start / 2, (self.end - self.start) / 2
        spread = dx * dx + dy * dy - growth * growth
        if spread <= 0:
            return np.zeros(np.broadcast_shapes(xs.shape, ys.shape), np.bool_)
        along = xs * dx + ys * dy
        across = ys * dx - xs * dy
        room = radius * radius * (dx * dx + dy * dy)
        inside = across * across <= room
        if growth:
            tapered = room + 2 * radius * growth * along + growth * growth * (xs * xs + ys * ys)
            inside = across * across <= tapered
        inside &= along >= -radius * growth
        inside &= along <= spread - radius * growth
        return inside

    def _square(self, xs: Numbers, ys: Numbers) -> Region:
        """The convex hull of two squares.

        A centre is covered at a share t of the way when each side of the square leaves it room: offset + slope t ≥ 0.
        Some t from 0 to 1 satisfies all of these exactly when every rising one agrees with every falling one
        (Fourier and Motzkin's elimination).
        """
        dx, dy = self.b[0] - self.a[0], self.b[1] - self.a[1]
        half, growth = self.start / 2, (self.end - self.start) / 2
        sides = [
            (half - xs, growth + dx),
            (half + xs, growth - dx),
            (half - ys, growth + dy),
            (half + ys, growth - dy),
            (np.zeros(1), 1.0),
            (np.ones(1), -1.0),
        ]
        inside = np.ones(np.broadcast_shapes(xs.shape, ys.shape), np.bool_)
        for offset, slope in sides:
            if slope == 0:
                inside &= offset >= 0
        for rising, up in (side for side in sides if side[1] > 0):
            for falling, down in (side for side in sides if side[1] < 0):
                inside &= falling * up - rising * down >= 0
        return inside
