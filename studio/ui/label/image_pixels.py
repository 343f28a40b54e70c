"""From a QImage that shows a part of a picture to an array of RGB."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from studio.core.arrays import Picture
from studio.core.raster import Rect


def pixels_of(image: QImage, rect: Rect, step: int) -> Picture:
    """(ceil(height / step), ceil(width / step), 3) uint8 of an RGB32 image that shows `rect`, scaled where it must
    be."""
    width, height = -(-rect.width // step), -(-rect.height // step)
    if (image.width(), image.height()) != (width, height):
        keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(width, height, keep, smooth)
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(rows[:, :width, 2::-1])


def part_of(rect: Rect, share: float) -> Rect:
    """Where `rect` (image pixels) lies in a version of the picture that has `share` of its pixels a side."""
    left, top = round(rect.x * share), round(rect.y * share)
    right, bottom = max(left + 1, round(rect.right * share)), max(top + 1, round(rect.bottom * share))
    return Rect(left, top, right - left, bottom - top)
