"""The wand: pixels whose colour is near that of one pixel.

Colours are compared in CIELAB (D65). One is within the tolerance when neither its lightness (0–100) nor either of its
two colour axes is further than that from the seed's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.core.arrays import Picture
from studio.core.raster import Rect
from studio.core.selection import Selection

_LIGHTNESS_STEPS: Final = 255 / 100
"""OpenCV's 8-bit CIELAB spreads the lightness 0–100 over 0–255; the colour axes keep their unit."""

_GRAIN: Final = 5
"""Side of the median that takes out grain, in cells."""


@dataclass(frozen=True, slots=True, eq=False)
class ColorField:
    """The colours of `rect` (image pixels), one for each step × step pixels, ready to select from.

    `lab` is (ceil(height / step), ceil(width / step), 3) uint8, OpenCV's 8-bit CIELAB.
    """

    rect: Rect
    step: int
    lab: Picture

    @classmethod
    def of(cls, pixels: Picture, rect: Rect, *, step: int = 1, without_grain: bool) -> ColorField:
        """`pixels` are RGB, of the shape that `lab` has. Without grain a median goes over them first, so that single
        noisy pixels neither stop the wand nor stay out of what it selects."""
        import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

        if without_grain:
            pixels = np.asarray(cv2.medianBlur(pixels, _GRAIN), np.uint8)
        return cls(rect, step, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2Lab), np.uint8))

    def holds(self, x: int, y: int) -> bool:
        return self.rect.x <= x < self.rect.right and self.rect.y <= y < self.rect.bottom

    def select(self, x: int, y: int, tolerance: float, *, contiguous: bool) -> Selection:
        """What is like the image pixel (x, y), which lies inside `rect`; with `contiguous` only what is joined to it
        through sides."""
        import cv2  # noqa: PLC0415 - as above

        column, row = (x - self.rect.x) // self.step, (y - self.rect.y) // self.step
        reach = (tolerance * _LIGHTNESS_STEPS, tolerance, tolerance)
        height, width = self.lab.shape[:2]
        if contiguous:
            filled = np.zeros((height + 2, width + 2), np.uint8)
            flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
            box = Rect(*cv2.floodFill(self.lab, filled, (column, row), 0, reach, reach, flags)[3])
            cells = filled[1:-1, 1:-1][box.slices].view(np.bool_)
        else:
            seed = self.lab[row, column].astype(np.float64)
            low, high = np.ceil(seed - reach), np.floor(seed + reach)
            box = Rect(0, 0, width, height)
            cells = np.asarray(cv2.inRange(self.lab, np.maximum(low, 0), np.minimum(high, 255)), np.uint8) > 0
        return Selection(self._pixels_of(box), cells, self.step)

    def _pixels_of(self, box: Rect) -> Rect:
        """The image pixels that a box of cells stands for."""
        x, y = self.rect.x + box.x * self.step, self.rect.y + box.y * self.step
        right = min(self.rect.right, x + box.width * self.step)
        return Rect(x, y, right - x, min(self.rect.bottom, y + box.height * self.step) - y)
