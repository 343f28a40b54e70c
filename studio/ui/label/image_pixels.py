"""From a QImage that shows a part of a picture to an array of RGB."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from studio.core.arrays import Picture
from studio.core.raster import Rect
from studio.ui.widgets.image_memory import as_rgb32, seen_bytes_of


def pixels_of(image: QImage, rect: Rect, step: int) -> Picture:
    """(ceil(height / step), ceil(width / step), 3) uint8 of an RGB32 image that shows `rect`, scaled where it must
    be."""
    width, height = -(-rect.width // step), -(-rect.height // step)
    if (image.width(), image.height()) != (width, height):
        keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(width, height, keep, smooth)
    return np.ascontiguousarray(seen_bytes_of(as_rgb32(image))[..., 2::-1])


def pixels_within(image: QImage, part: Rect, rect: Rect, step: int) -> Picture:
    """The same of a part of a larger image, of which nothing is copied first where it needs no scaling."""
    if (part.width, part.height) == (-(-rect.width // step), -(-rect.height // step)):
        return np.ascontiguousarray(seen_bytes_of(as_rgb32(image))[part.slices][..., 2::-1])
    return pixels_of(image.copy(part.x, part.y, part.width, part.height), rect, step)


def part_of(rect: Rect, share: float) -> Rect:
    """Where `rect` (image pixels) lies in a version of the picture that has `share` of its pixels a side."""
    left, top = round(rect.x * share), round(rect.y * share)
    right, bottom = max(left + 1, round(rect.right * share)), max(top + 1, round(rect.bottom * share))
    return Rect(left, top, right - left, bottom - top)
