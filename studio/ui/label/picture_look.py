"""From what the person chose to what is done to the pixels of the picture that shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage

from studio.core.look import Look, full_range
from studio.ui.label.deep_picture import DeepPicture
from studio.ui.label.picture import DecodedPicture, Picture
from studio.ui.label.view_choices import Seen

_SAMPLED: Final = 512
"""Pixels on the longer side from which the range of a picture of 8 bits is taken."""

_SHOWN_CHANNELS: Final = 4


def look_of(picture: Picture, seen: Seen) -> Look:
    """The whole look, its range included."""
    if isinstance(picture, DeepPicture):
        look = picture.stretched if seen.stretch_deep else Look(channel=picture.stretched.channel)
        channel = look.channel if seen.look.channel is None else min(seen.look.channel, picture.channels - 1)
        return replace(seen.look, channel=channel, low=look.low, high=look.high)
    channel = None if seen.look.channel is None else min(seen.look.channel, 2)
    low, high = _range_of(picture) if seen.stretch_plain else (0.0, 1.0)
    return replace(seen.look, channel=channel, low=low, high=high)


def channels_of(picture: Picture) -> int:
    return picture.channels if isinstance(picture, DeepPicture) else 3


def value_text(picture: Picture | None, pixel: tuple[int, int] | None) -> str:
    """What the picture's file holds at an image pixel (column, row), channel by channel; empty where it is not known
    without reading the file."""
    if pixel is None or picture is None or picture.is_preview:
        return ""
    if not (0 <= pixel[0] < picture.size.width() and 0 <= pixel[1] < picture.size.height()):
        return ""  # the picture came while the cursor rested where the one before reached
    if isinstance(picture, DeepPicture):
        return " ".join(f"{value:.6g}" for value in picture.value_at(*pixel)[:_SHOWN_CHANNELS])
    if not isinstance(picture, DecodedPicture):
        return ""
    color = picture.levels[0].pixelColor(*pixel)
    return f"{color.red()} {color.green()} {color.blue()}"


def dress(image: QImage, area: QRect, look: Look) -> None:
    """Show `area` of an RGB32 image with this look, in place."""
    if look.is_plain or area.isEmpty():
        return
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    rows = np.frombuffer(image.bits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    pixels = rows[area.top() : area.bottom() + 1, area.left() : area.right() + 1]
    table = look.table(256)
    if look.channel is None:
        pixels[...] = cv2.LUT(pixels, table)
    else:
        pixels[..., :3] = table.take(pixels[..., 2 - look.channel])[..., None]


def _range_of(picture: Picture) -> tuple[float, float]:
    """Black and white point of a picture of 8 bits, as shares of 255."""
    size = picture.size
    scale = min(1.0, _SAMPLED / max(size.width(), size.height(), 1))
    image = picture.sight(scale, QRectF(0, 0, size.width(), size.height())).image
    step = max(1, max(image.width(), image.height()) // _SAMPLED)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    low, high = full_range(rows[::step, : image.width() : step, :3])
    return low / 255, high / 255
