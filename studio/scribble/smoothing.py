"""Answers whose borders lie on the picture's edges: the guided filter (He, Sun and Tang, 2010), in colour.

Within a window each answer is taken for a linear function of the three colours, so it can change only where the picture
does. The function is found at the working size and applied at the picture's own (He and Sun, “Fast guided filter”,
2015), which is why a large picture costs little and its borders are still exact to its pixels.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from studio.core.arrays import Picture

Planes = npt.NDArray[np.float32]

_RADIUS: Final = 0.025
"""Of the window, in parts of the picture's longer side."""

_EPSILON: Final = 4e-4
"""How much colours (0–1) may vary, squared, before it counts as an edge."""


class GuidedFilter:
    def __init__(self, small: Picture, full: Picture) -> None:
        """`small` is `full`, the picture, at the working size: (h, w, 3) and (H, W, 3) uint8."""
        self._full = [_scaled(full[..., channel]) for channel in range(3)]
        self._guide = _scaled(small)
        radius = max(2, round(_RADIUS * max(small.shape[:2])))
        self._window = (2 * radius + 1, 2 * radius + 1)
        self._mean = self._box(self._guide)
        matrix = (*small.shape[:2], 3, 3)
        spread = self._box(_products(self._guide, self._guide)) - _products(self._mean, self._mean)
        self._inverse = np.linalg.inv(spread.reshape(matrix) + _EPSILON * np.eye(3, dtype=np.float32))

    def smooth(self, plane: Planes) -> Planes:
        """(h, w) → (H, W), both float32."""
        mean = self._box(plane)
        together = self._box(self._guide * plane[..., None]) - self._mean * mean[..., None]
        slope = np.einsum("hwij,hwj->hwi", self._inverse, together)
        start = mean - np.einsum("hwi,hwi->hw", slope, self._mean)
        smooth = self._enlarged(self._box(start))
        for channel, picture in enumerate(self._full):
            smooth += self._enlarged(self._box(slope[..., channel])) * picture
        return smooth

    def _enlarged(self, plane: Planes) -> Planes:
        height, width = self._full[0].shape
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    def _box(self, planes: Planes) -> Planes:
        """The mean of a window around each pixel."""
        means = cv2.blur(np.ascontiguousarray(planes, np.float32), self._window, borderType=cv2.BORDER_REFLECT)
        return np.asarray(means, np.float32).reshape(planes.shape)


def _scaled(picture: npt.NDArray[np.uint8]) -> Planes:
    return picture.astype(np.float32) * np.float32(1 / 255)


def _products(first: Planes, second: Planes) -> Planes:
    """(h, w, 3) twice → (h, w, 9): every colour of one times every colour of the other."""
    return (first[..., :, None] * second[..., None, :]).reshape(*first.shape[:2], 9)
