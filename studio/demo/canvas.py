"""A picture and its exact mask, drawn together: whatever paints a colour paints the class on the same pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

SUPERSAMPLING: Final = 3
"""Drawn at three times the size: the picture is the mean of 3×3 pixels, the mask the class in their middle, so edges
are smooth in the picture and sharp in the mask."""

Color = tuple[float, float, float]
"""Red, green and blue from 0 to 255."""

_SHIFT: Final = 4
"""Fractional bits of the coordinates that OpenCV takes."""

_TURNS = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_UNIT_CIRCLE: Final = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)


def mix(a: Color, b: Color, share: float) -> Color:
    """`a` with `share` (0–1) of `b` in it."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def shade(color: Color, factor: float) -> Color:
    """Brighter above 1, darker below."""
    return (min(255.0, color[0] * factor), min(255.0, color[1] * factor), min(255.0, color[2] * factor))


class Canvas:
    """Coordinates are pixels of the finished picture, `width` × `height`; (0, 0) is its top left corner."""

    def __init__(self, width: int, height: int) -> None:
        shape = (height * SUPERSAMPLING, width * SUPERSAMPLING)
        self.pixels = np.zeros((*shape, 3), np.uint8)
        self.ids = np.zeros(shape, np.uint8)

    def polygon(
        self, points: Sequence[tuple[float, float]] | np.ndarray, color: Color, class_id: int | None = None
    ) -> None:
        """`class_id` None leaves the mask alone: a mark on something that has its class already."""
        corners = np.rint((np.asarray(points) * SUPERSAMPLING - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self.pixels, [corners], color, shift=_SHIFT)
        if class_id is not None:
            cv2.fillPoly(self.ids, [corners], (class_id,), shift=_SHIFT)

    def ellipse(
        self,
        center: tuple[float, float],
        axes: tuple[float, float],
        color: Color,
        class_id: int | None = None,
        *,
        angle: float = 0.0,
    ) -> None:
        """`axes` are half the width and half the height; `angle` turns clockwise in degrees."""
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        across = np.array([[axes[0] * cos, axes[0] * sin], [-axes[1] * sin, axes[1] * cos]])
        self.polygon(_UNIT_CIRCLE @ across + center, color, class_id)

    def line(
        self, points: Sequence[tuple[float, float]], width: float, color: Color, class_id: int | None = None
    ) -> None:
        """An open line with round ends and joints, `width` in pixels of the finished picture."""
        corners = np.rint((np.asarray(points) * SUPERSAMPLING - 0.5) * (1 << _SHIFT)).astype(np.int32)
        thickness = max(1, round(width * SUPERSAMPLING))
        cv2.polylines(self.pixels, [corners], False, color, thickness, shift=_SHIFT)
        if class_id is not None:
            cv2.polylines(self.ids, [corners], False, (class_id,), thickness, shift=_SHIFT)

    def gradient(self, top: float, bottom: float, first: Color, last: Color) -> None:
        """Rows from `top` to `bottom` in colours from `first` to `last`; the mask stays."""
        low, high = (max(0, round(row * SUPERSAMPLING)) for row in (top, bottom))
        share = np.linspace(0, 1, max(1, high - low))[:, None]
        rows = np.asarray(first) * (1 - share) + np.asarray(last) * share
        self.pixels[low:high] = np.rint(rows[:, None]).astype(np.uint8)

    def picture(self) -> np.ndarray:
        """(height, width, 3) uint8 RGB."""
        height, width = self.ids.shape
        return cv2.resize(self.pixels, (width // SUPERSAMPLING, height // SUPERSAMPLING), interpolation=cv2.INTER_AREA)

    def mask(self) -> np.ndarray:
        """(height, width) uint8 of class ids: what lies at the middle of each pixel."""
        middle = SUPERSAMPLING // 2
        return np.ascontiguousarray(self.ids[middle::SUPERSAMPLING, middle::SUPERSAMPLING])
