"""Superpixels: small regions of one colour that follow the edges (SLIC, Achanta et al. 2012; scikit-image)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Picture
from studio.core.raster import Rect
from studio.core.selection import Selection

_COMPACTNESS: Final = 9.0
"""How much nearness counts against colour (CIELAB); SLIC's authors use 10, a little less finds edges in the dark."""

_SMOOTHING: Final = 0.7
"""Standard deviation in cells of the blur that takes out grain before colours are compared."""

_ROUNDS: Final = 6
_SMALLEST_CELLS: Final = 4.0
"""Cells on a superpixel's side below which there would be little to follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Superpixels:
    """`labels` is (ceil(height / step), ceil(width / step)) int32: which superpixel each step × step pixels of `rect`
    (image pixels) belong to, counted from 0."""

    rect: Rect
    step: int
    labels: npt.NDArray[np.int32]
    boxes: tuple[Rect, ...]
    """Around each superpixel, in cells."""

    @classmethod
    def of(cls, pixels: Picture, rect: Rect, *, step: int = 1, size: float) -> Superpixels:
        """`pixels` (RGB) has one pixel a cell; `size` is the side of a superpixel in image pixels. A second for a
        million cells."""
        segmentation: Any = import_module("skimage.segmentation")  # heavy, and for this tool only

        height, width = pixels.shape[:2]
        side = max(_SMALLEST_CELLS, size / step)
        found = segmentation.slic(
            pixels,
            n_segments=max(1, round(height * width / side**2)),
            compactness=_COMPACTNESS,
            max_num_iter=_ROUNDS,
            start_label=0,
            sigma=_SMOOTHING,
            channel_axis=-1,
        )
        labels = np.asarray(found, np.int32)
        return cls(rect, step, labels, _boxes(labels))

    def at(self, x: float, y: float) -> int | None:
        """The superpixel under an image point, None outside of `rect`."""
        column, row = int((x - self.rect.x) // self.step), int((y - self.rect.y) // self.step)
        height, width = self.labels.shape
        return int(self.labels[row, column]) if 0 <= column < width and 0 <= row < height else None

    def selection(self, number: int) -> Selection:
        """The pixels of one superpixel."""
        box = self.boxes[number]
        x, y = self.rect.x + box.x * self.step, self.rect.y + box.y * self.step
        right = min(self.rect.right, x + box.width * self.step)
        bottom = min(self.rect.bottom, y + box.height * self.step)
        return Selection(Rect(x, y, right - x, bottom - y), self.labels[box.slices] == number, self.step)


def _boxes(labels: npt.NDArray[np.int32]) -> tuple[Rect, ...]:
    """The box around each number's cells; each number from 0 to the largest occurs."""
    width = labels.shape[1]
    order = np.argsort(labels, axis=None, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(labels.ravel()))[:-1]))
    rows, columns = np.divmod(order, width)
    edges = (
        np.minimum.reduceat(columns, starts),
        np.minimum.reduceat(rows, starts),
        np.maximum.reduceat(columns, starts) + 1,
        np.maximum.reduceat(rows, starts) + 1,
    )
    return tuple(Rect(x, y, right - x, bottom - y) for x, y, right, bottom in np.stack(edges, axis=1).tolist())
