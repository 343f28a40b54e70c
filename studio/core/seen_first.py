"""A brush's way painted where the screen looks first: the rest is owed until nothing waits for it.

Far from the picture a screen shows one row of a mask in many. Painting those rows alone takes a fraction of the time
that all of them take, and a person sees no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.arrays import Mask
from studio.core.edits import bounds_of
from studio.core.raster import Rect
from studio.core.sweep import Sweep

Rows = NDArray[np.signedinteger[Any]]
"""Rows of a mask, ascending, each once."""


@dataclass(frozen=True, slots=True)
class SeenFirst:
    """A sweep of which only some rows are painted, and what was there before."""

    sweep: Sweep
    value: int
    dirty: Rect | None
    """Around what the whole sweep may change; None when nothing lies inside the mask."""
    _before: tuple[tuple[Rect, Rows, Mask], ...]

    @classmethod
    def paint(cls, mask: Mask, sweep: Sweep, value: int, rows: Rows) -> SeenFirst:
        """Give the pixels of `mask`, (H, W) uint8, that a sweep covers in these rows the value."""
        height, width = mask.shape
        before: list[tuple[Rect, Rows, Mask]] = []
        bands = list(sweep.bands(width, height))
        for band in bands:
            inside = rows[np.searchsorted(rows, band.y) : np.searchsorted(rows, band.bottom)] - band.y
            part = mask[band.slices]
            before.append((band, inside, part[inside]))
            sweep.fill_rows(part, band, inside, value)
        return cls(sweep, value, bounds_of(bands), tuple(before))

    def take_back(self, mask: Mask) -> None:
        """Make the mask what it was."""
        for band, inside, pixels in self._before:
            mask[band.slices][inside] = pixels
