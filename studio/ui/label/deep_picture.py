"""A picture of more than 8 bits or more than four channels on the canvas, shown by a look that can be changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage

from studio.core.arrays import Picture as Pixels
from studio.core.deep_images import DeepImage, read_deep
from studio.core.look import Look, full_range
from studio.core.raster import Rect
from studio.ui.label.image_pixels import part_of, pixels_of
from studio.ui.label.picture import Sight
from studio.ui.widgets.image_memory import bytes_of

_SMALLEST_LEVEL: Final = 900
_ENTRIES: Final = 65536

Values = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class DeepPicture:
    """`levels` (H, W, C) uint16, largest first, are the file's values over `low` to `high`."""

    size: QSize
    levels: tuple[Values, ...]
    low: float
    high: float
    stretched: Look
    """Channel and range with which a person sees something: nearly all values lie within it."""
    is_preview: bool = False

    @property
    def channels(self) -> int:
        return self.levels[0].shape[2]

    @property
    def bytes(self) -> int:
        return sum(level.nbytes for level in self.levels)

    def value_at(self, x: int, y: int) -> tuple[float, ...]:
        """The file's values at a pixel, channel by channel; rounded to 1/65535 of the range for wide types."""
        share = self.levels[0][y, x].astype(np.float64) / (_ENTRIES - 1)
        return tuple(float(value) for value in self.low + share * (self.high - self.low))

    def sight(self, scale: float, area: QRectF) -> Sight:
        return self.seen_as(self.stretched, scale, area)

    def seen_as(self, look: Look, scale: float, area: QRectF) -> Sight:
        """What of `area` (image pixels) is drawn at `scale`, and the area that it covers; costs what is shown."""
        level = self._level_for(scale)
        per_pixel = level.shape[1] / self.size.width()
        left, top = max(0, floor(area.left() * per_pixel) - 1), max(0, floor(area.top() * per_pixel) - 1)
        right = min(level.shape[1], ceil(area.right() * per_pixel) + 1)
        bottom = min(level.shape[0], ceil(area.bottom() * per_pixel) + 1)
        image = _drawn(level[top:bottom, left:right], look)
        covered = QRectF(left / per_pixel, top / per_pixel, image.width() / per_pixel, image.height() / per_pixel)
        return Sight(image, covered)

    def pixels(self, rect: Rect, step: int = 1) -> Pixels | None:
        """As a person sees them at first."""
        level = self._level_for(1 / step)
        part = part_of(rect, level.shape[1] / self.size.width())
        return pixels_of(_drawn(level[part.slices], self.stretched), rect, step)

    def _level_for(self, scale: float) -> Values:
        needed = self.size.width() * scale * 0.999
        return next((level for level in reversed(self.levels) if level.shape[1] >= needed), self.levels[0])


def load_deep_picture(path: Path) -> DeepPicture:
    """For a background thread. Raises UnreadableImage."""
    image = read_deep(path)
    values = _as_uint16(image)
    levels = [values]
    while max(levels[-1].shape[:2]) > 2 * _SMALLEST_LEVEL:
        levels.append(_halved(levels[-1]))
    low, high = full_range(levels[-1][..., :3])
    channel = None if values.shape[2] >= 3 else 0
    look = Look(channel=channel, low=low / (_ENTRIES - 1), high=high / (_ENTRIES - 1))
    height, width = values.shape[:2]
    return DeepPicture(QSize(width, height), tuple(levels), image.low, image.high, look)


def _as_uint16(image: DeepImage) -> Values:
    if image.values.dtype == np.uint16:
        return image.values
    shares = (np.nan_to_num(image.values.astype(np.float32)) - image.low) / (image.high - image.low)
    return np.rint(np.clip(shares, 0, 1) * (_ENTRIES - 1)).astype(np.uint16)


def _halved(values: Values) -> Values:
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    height, width = max(1, values.shape[0] // 2), max(1, values.shape[1] // 2)
    planes = [
        cv2.resize(np.ascontiguousarray(values[..., channel]), (width, height), interpolation=cv2.INTER_AREA)
        for channel in range(values.shape[2])
    ]
    return np.stack(planes, axis=2).astype(np.uint16)


def _drawn(values: Values, look: Look) -> QImage:
    """(h, w, C) uint16 as RGB32."""
    table = _table(look)
    height, width, channels = values.shape
    image = QImage(width, height, QImage.Format.Format_RGB32)
    pixels = bytes_of(image)
    if look.channel is None and channels >= 3:
        for place, channel in enumerate((2, 1, 0)):  # RGB32 lies in memory blue first
            pixels[..., place] = table.take(values[..., channel])
    else:
        pixels[..., :3] = table.take(values[..., min(look.channel or 0, channels - 1)])[..., None]
    pixels[..., 3] = 255
    return image


@lru_cache(maxsize=8)
def _table(look: Look) -> npt.NDArray[np.uint8]:
    return look.table(_ENTRIES)
