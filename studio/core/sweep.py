"""What a brush covers on its way from one place to the next, exact to the pixel.

A pixel is judged by its centre, which lies at (x + 0.5, y + 0.5): it is covered when the brush covers that centre at
any place between the two ends. Nothing is divided and no root is taken, so that borders do not hang on a rounding.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from studio.core.arrays import Mask, Region
from studio.core.raster import XY, Rect

_BAND: Final = 64
"""Rows painted at a time at least, so that a long slanting stroke never costs its whole bounding box."""

_WIDE: Final = 600
"""Pixels from which on a row is searched for its two borders instead of being judged pixel by pixel."""

_STRIDE: Final = 64
"""Pixels between the probes with which such a search begins; a power of two."""

Numbers = NDArray[np.floating[Any]]
Whole = NDArray[np.integer[Any]]


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
        first, last = max(0, floor(top - 0.5)), min(height, ceil(bottom + 0.5))
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
        self._fill_between_borders(inside, rect, 1)
        return inside

    def fill(self, part: Mask, rect: Rect, value: int) -> None:
        """Give each covered pixel of `part`, what a mask has at `rect`, the value."""
        if rect.width < _WIDE:
            np.copyto(part, np.uint8(value), where=self.pixels(rect))
        else:
            self._fill_between_borders(part, rect, value)

    def _fill_between_borders(self, part: Mask | Region, rect: Rect, value: int) -> None:
        """What a sweep covers has no dents, so that in a row everything between two covered pixels is covered too."""
        rows = np.arange(rect.y, rect.bottom)[:, None]
        probes = np.arange(rect.x, rect.right, _STRIDE)
        hit = self._covers(probes[None, :], rows)
        met = hit.any(axis=1)
        missed = np.flatnonzero(~met)
        if missed.size:
            covered = self._covers(np.arange(rect.x, rect.right)[None, :], rows[missed])
            for row, there in zip(missed.tolist(), covered, strict=True):
                part[row, there] = value
        met = np.flatnonzero(met)
        first, last = hit[met].argmax(axis=1), hit.shape[1] - 1 - hit[met, ::-1].argmax(axis=1)
        borders: Whole = np.stack([probes[first], probes[last]], axis=1)
        outwards = np.array([-1, 1])
        step = _STRIDE
        while step > 1:  # each pair of borders is covered; half a step further out may be as well
            step //= 2
            further = np.clip(borders + step * outwards, rect.x, rect.right - 1)
            borders = np.where(self._covers(further, rows[met]), further, borders)
        for row, left, right in zip(met.tolist(), *(borders - rect.x).T.tolist(), strict=True):
            part[row, left : right + 1] = value

    def _covers(self, columns: Whole, rows: Whole) -> Region:
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
