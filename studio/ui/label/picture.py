"""A decoded picture with smaller versions of itself, so that any zoom is drawn from about the pixels that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from studio.core.arrays import Picture as Pixels
from studio.core.deep_images import is_deep
from studio.core.raster import Rect
from studio.ui.label.image_pixels import part_of, pixels_within
from studio.ui.widgets.decoding import decode, upright_size

if TYPE_CHECKING:
    from studio.ui.label.deep_picture import DeepPicture

_SMALLEST_LEVEL: Final = 900
"""Pixels on the longer side below which no further half is made."""

_ROWS_AT_A_TIME: Final = 128
"""Halving goes in strips, so that the other threads get their turn between two of them."""

PREVIEW_PIXELS: Final = 3_000_000
"""Pictures with more pixels are first decoded at a smaller scale, which shows them several times as fast."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a picture is to be drawn: `image` shows the rectangle `area` of it, in image pixels, at about the scale
    that was asked for."""

    image: QImage
    area: QRectF


class Picture(Protocol):
    """What the canvas shows. `size` is that of the picture in the file, upright; a preview stands in until there is
    more to show."""

    @property
    def size(self) -> QSize: ...

    @property
    def is_preview(self) -> bool: ...

    def sight(self, scale: float, area: QRectF) -> Sight:
        """What to draw of `area` (image pixels) where an image pixel takes `scale` device pixels; at least that area
        and often more. Never waits for a disk."""
        ...

    def pixels(self, rect: Rect, step: int = 1) -> Pixels | None:
        """RGB of `rect` (image pixels), which lies inside, one mean colour for each step × step pixels: (ceil(height /
        step), ceil(width / step), 3) uint8. None as long as the pixels are not there. For any thread but the GUI's."""
        ...


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture in memory: `levels` are RGB32, largest first. A preview has no level of full size."""

    size: QSize
    levels: tuple[QImage, ...]
    is_preview: bool = False

    @property
    def bytes(self) -> int:
        return sum(level.sizeInBytes() for level in self.levels)

    def level_for(self, scale: float) -> QImage:
        """The smallest level that still has a pixel for every device pixel at `scale`, else the largest there is."""
        needed = self.size.width() * scale * 0.999
        return next((level for level in reversed(self.levels) if level.width() >= needed), self.levels[0])

    def sight(self, scale: float, area: QRectF) -> Sight:
        return Sight(self.level_for(scale), QRectF(QPointF(), self.size.toSizeF()))

    def pixels(self, rect: Rect, step: int = 1) -> Pixels | None:
        if self.is_preview:
            return None
        level = self.level_for(1 / step)
        part = part_of(rect, level.width() / self.size.width())
        return pixels_within(level, part, rect, step)


def load_picture(path: Path) -> DecodedPicture | DeepPicture:
    """Decode the whole picture and halve it down. For a background thread. Raises UnreadableImage."""
    if is_deep(path):
        from studio.ui.label.deep_picture import load_deep_picture  # noqa: PLC0415 - it builds on this file

        return load_deep_picture(path)
    image = decode(path)
    levels = [image]
    while max(levels[-1].width(), levels[-1].height()) > 2 * _SMALLEST_LEVEL:
        levels.append(halved(levels[-1]))
    return DecodedPicture(image.size(), tuple(levels))


def load_preview(path: Path, view: QSize) -> DecodedPicture | None:
    """A first impression of a large picture, of about the pixels that `view` has; None where decoding it whole takes
    no longer. For a background thread. Raises UnreadableImage."""
    size = upright_size(path)
    if size.width() * size.height() <= PREVIEW_PIXELS:
        return None
    side = max(256, view.width(), view.height())
    if max(size.width(), size.height()) < 2 * side:
        side = max(size.width(), size.height()) // 2
    return DecodedPicture(size, (decode(path, max_side=side),), is_preview=True)


def halved(image: QImage) -> QImage:
    """The mean of each 2 × 2 pixels."""
    width, height = max(1, image.width() // 2), max(1, image.height() // 2)
    half = QImage(width, height, QImage.Format.Format_RGB32)
    for y in range(0, height, _ROWS_AT_A_TIME):
        rows = min(_ROWS_AT_A_TIME, height - y)
        painter = QPainter(half)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, y, width, rows), image, QRectF(0, 2 * y, 2 * width, 2 * rows))
        painter.end()
    return half
