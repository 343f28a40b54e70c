"""Pixels into and out of a QImage by numpy, which lets other threads run meanwhile: Qt's own copies and conversions
keep Python's lock for as long as they take, and a thread that makes a large picture would freeze the window with them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, qRgb

from studio.core.classes import UNLABELLED

Bytes = npt.NDArray[np.uint8]

_BAND_PIXELS: Final = 2**18
"""Pixels that are converted at a time by Qt, about a quarter of a millisecond's work."""


class _Memory:
    """What an array of an image's bytes is made from; it keeps the image for as long as the array lives."""

    def __init__(self, image: QImage, data: bytes | bytearray | memoryview) -> None:
        self.image = image
        flat = np.frombuffer(data, np.uint8).__array_interface__
        self.__array_interface__ = {**flat, "shape": (image.height(), image.width(), 4)}


def bytes_of(image: QImage) -> Bytes:
    """(H, W, 4) uint8, blue first, of an RGB32 image, to be written while nobody else has the image."""
    return np.asarray(_Memory(image, image.bits()))


def seen_bytes_of(image: QImage) -> Bytes:
    """The same to read only, without a copy where the image is shared."""
    return np.asarray(_Memory(image, image.constBits()))


def from_rgb(pixels: Bytes) -> QImage:
    """(H, W, 3) uint8, red first, as an RGB32 image with memory of its own."""
    height, width = pixels.shape[:2]
    image = QImage(width, height, QImage.Format.Format_RGB32)
    there = bytes_of(image)
    for place, channel in enumerate((2, 1, 0)):
        there[..., place] = pixels[..., channel]
    there[..., 3] = 255
    return image


def from_mask(mask: Bytes, colors: Bytes) -> QImage:
    """(H, W) uint8 as an image in the `colors` (256, 3) of its values, transparent where it is unlabelled."""
    height, width = mask.shape
    packed = np.ascontiguousarray(mask)
    image = QImage(packed.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    table = [qRgb(*color) for color in colors.tolist()]
    table[UNLABELLED] = 0
    image.setColorTable(table)
    return image


def as_rgb32(image: QImage) -> QImage:
    """The image as it is where it is RGB32 already."""
    if image.format() == QImage.Format.Format_RGB32:
        return image
    width, height = image.width(), image.height()
    converted = QImage(width, height, QImage.Format.Format_RGB32)
    there = bytes_of(converted)
    rows = max(1, _BAND_PIXELS // max(1, width))
    for y in range(0, height, rows):
        band = image.copy(0, y, width, min(rows, height - y)).convertToFormat(QImage.Format.Format_RGB32)
        there[y : y + rows] = seen_bytes_of(band)
    return converted
