"""Paths along edges, as intelligent scissors walk them (Mortensen and Barrett 1995; OpenCV's implementation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from studio.core.arrays import Picture
from studio.core.raster import XY, Rect

_CANNY: Final = (32, 100)
"""Thresholds of the edge detector, for gradients of 8-bit pictures."""

_LARGEST_GRADIENT: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class PathMap:
    """The cheapest ways from one image point to every other one in `rect` (image pixels, cells of step × step)."""

    rect: Rect
    step: int
    start: XY
    _scissors: Any

    @classmethod
    def build(cls, pixels: Picture, rect: Rect, start: XY, *, step: int = 1) -> PathMap:
        """`pixels` (RGB) has one pixel a cell; `start` lies in `rect`. Takes some 0.1 s for 512 × 512 cells."""
        import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

        scissors = cv2.segmentation.IntelligentScissorsMB()
        scissors.setEdgeFeatureCannyParameters(*_CANNY)
        scissors.setGradientMagnitudeMaxLimit(_LARGEST_GRADIENT)
        scissors.applyImage(pixels)
        made = cls(rect, step, start, scissors)
        scissors.buildMap(made._cell(start, pixels.shape))
        return made

    def path(self, end: XY) -> list[XY]:
        """From `start` to `end` by way of pixel centres on edges. Where `end` lies outside of `rect` a straight line
        goes on from its border."""
        x = min(max(end[0], self.rect.x), self.rect.right - 1e-3)
        y = min(max(end[1], self.rect.y), self.rect.bottom - 1e-3)
        shape = -(-self.rect.height // self.step), -(-self.rect.width // self.step)
        contour = self._scissors.getContour(self._cell((x, y), shape)).reshape(-1, 2)
        half = self.step / 2
        walked = [(self.rect.x + c * self.step + half, self.rect.y + r * self.step + half) for c, r in contour.tolist()]
        return [self.start, *walked[1:-1], end]

    def _cell(self, point: XY, shape: Sequence[int]) -> tuple[int, int]:
        """(column, row) of the cell under an image point."""
        column = min(max(int(point[0] - self.rect.x) // self.step, 0), shape[1] - 1)
        return column, min(max(int(point[1] - self.rect.y) // self.step, 0), shape[0] - 1)
