"""The picture and what is said about it, composed at device resolution; painting recomposes what it touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.arrays import Mask
from studio.core.look import Look
from studio.core.raster import Rect
from studio.ui.label.deep_picture import DeepPicture
from studio.ui.label.overlay_colors import OverlayColors
from studio.ui.label.picture import Picture
from studio.ui.label.picture_look import dress
from studio.ui.label.viewport import Viewport

_SHARP_FROM: Final = 2.0
"""From this scale on a picture's pixels are drawn as squares."""

_WHOLE_ROWS_FROM: Final = 60_000
"""Device pixels from which on whole rows of a mask are gathered, which is faster than gathering pixels."""

_FAR_FROM: Final = 0.25
"""Up to this scale most rows of a mask are not shown."""

_BAND_PIXELS: Final = 200_000
"""Device pixels that are composed at a time."""

Indices = npt.NDArray[np.intp]


class Scene:
    """`image` shows what `viewport` sees, in device pixels. What changes is marked and composed again in `update`."""

    def __init__(self) -> None:
        self.image = QImage(1, 1, QImage.Format.Format_RGB32)
        self.viewport = Viewport()
        self._backdrop = QImage(1, 1, QImage.Format.Format_RGB32)
        self._picture: Picture | None = None
        self._label: Mask | None = None
        self._prediction: Mask | None = None
        self._colors: OverlayColors | None = None
        self._look = Look()
        self._surround = QColor("black")
        self._columns: Indices = np.zeros(0, np.intp)
        self._rows: Indices = np.zeros(0, np.intp)
        self._rows_once = self._rows
        self._backdrop_stale = True
        self._stale: Rect | None = None

    def look_from(self, viewport: Viewport) -> None:
        if viewport != self.viewport:
            self.viewport = viewport
            self._everything_is_stale()

    def set_surround(self, color: QColor) -> None:
        """The colour around the picture."""
        if color != self._surround:
            self._surround = color
            self._everything_is_stale()

    def set_picture(self, picture: Picture | None) -> None:
        self._picture = picture
        self._everything_is_stale()

    def set_look(self, look: Look) -> None:
        """How the picture is shown; the masks stay as they are."""
        if look != self._look:
            self._look = look
            self._everything_is_stale()

    def set_masks(self, label: Mask | None, prediction: Mask | None) -> None:
        """Both (H, W) uint8 of the picture's size. `label` may go on changing: say where with `mark`."""
        self._label = label
        self._prediction = prediction
        self._stale = Rect(0, 0, *self.viewport.view)

    def set_colors(self, colors: OverlayColors | None) -> None:
        """None hides the masks."""
        self._colors = colors
        self._stale = Rect(0, 0, *self.viewport.view)

    def mark(self, rect: Rect) -> Rect | None:
        """The masks changed within `rect` (image pixels); returns the device pixels that will look different."""
        seen = self.viewport.covering(rect)
        if seen is not None:
            self._stale = seen if self._stale is None else self._stale.union(seen)
        return seen

    def rows_shown(self) -> Indices | None:
        """The masks' rows that show, ascending, each once, where those are few of all; None where they are not, or
        where that is not known before `update`."""
        if self._backdrop_stale or self.viewport.scale > _FAR_FROM:
            return None
        return self._rows_once

    def update(self) -> None:
        """Bring `image` up to date; costs as much as what was marked."""
        if self._backdrop_stale:
            self._compose_backdrop()
        if self._stale is not None:
            stale = self._stale.clipped(*self.viewport.view)
            self._stale = None
            if stale is not None:
                self._compose(stale)

    def _everything_is_stale(self) -> None:
        self._backdrop_stale = True
        self._stale = Rect(0, 0, *self.viewport.view)

    def _compose_backdrop(self) -> None:
        width, height = self.viewport.view
        if self.image.width() != width or self.image.height() != height:
            self.image = QImage(width, height, QImage.Format.Format_RGB32)
            self._backdrop = QImage(width, height, QImage.Format.Format_RGB32)
        self._backdrop.fill(self._surround)
        if self._picture is not None:
            painter = QPainter(self._backdrop)
            _draw_picture(painter, self._picture, self.viewport, self._look)
            painter.end()
            visible = self.viewport.visible()
            if visible is not None and not isinstance(self._picture, DeepPicture):
                dress(self._backdrop, QRect(visible.x, visible.y, visible.width, visible.height), self._look)
        self._columns, self._rows = _sampled_pixels(self.viewport)
        self._rows_once = np.unique(self._rows)
        self._backdrop_stale = False

    def _compose(self, device: Rect) -> None:
        target = QRect(device.x, device.y, device.width, device.height)
        painter = QPainter(self.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(target.topLeft(), self._backdrop, target)
        visible = self.viewport.visible()
        covered = device.intersect(visible) if visible is not None else None
        if covered is not None and self._colors is not None and self._label is not None and self._picture is not None:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            for band in _bands(covered):
                self._draw_masks(painter, band, self._colors, self._label)
        painter.end()

    def _draw_masks(self, painter: QPainter, device: Rect, colors: OverlayColors, label: Mask) -> None:
        columns = self._columns[device.x : device.right + 2]
        rows = self._rows[device.y : device.bottom + 2]
        ids = _sample(label, rows, columns)
        predicted = _sample(self._prediction, rows, columns) if self._prediction is not None else None
        argb = np.ascontiguousarray(colors.color(ids, predicted, device.x, device.y))
        overlay = QImage(
            argb.data, device.width, device.height, 4 * device.width, QImage.Format.Format_ARGB32_Premultiplied
        )
        painter.drawImage(QPoint(device.x, device.y), overlay)


def _draw_picture(painter: QPainter, picture: Picture, viewport: Viewport, look: Look) -> None:
    """Draw the visible part of the picture. All of its pixels come through here, as an image of about the pixels that
    are seen."""
    visible = viewport.visible()
    if visible is None:
        return
    left, top = viewport.to_image(visible.x, visible.y)
    wanted = QRectF(left, top, visible.width / viewport.scale, visible.height / viewport.scale)
    deep = isinstance(picture, DeepPicture)
    sight = picture.seen_as(look, viewport.scale, wanted) if deep else picture.sight(viewport.scale, wanted)
    across, down = sight.image.width() / sight.area.width(), sight.image.height() / sight.area.height()
    source = QRectF(
        (wanted.x() - sight.area.x()) * across,
        (wanted.y() - sight.area.y()) * down,
        wanted.width() * across,
        wanted.height() * down,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, viewport.scale < _SHARP_FROM)
    painter.setClipRect(QRect(visible.x, visible.y, visible.width, visible.height))
    painter.drawImage(QRectF(visible.x, visible.y, visible.width, visible.height), sight.image, source)


def _bands(rect: Rect) -> Iterator[Rect]:
    """The rectangle in pieces whose arrays stay in the processor's cache."""
    rows = max(16, _BAND_PIXELS // rect.width)
    for y in range(rect.y, rect.bottom, rows):
        yield Rect(rect.x, y, rect.width, min(rows, rect.bottom - y))


def _sampled_pixels(viewport: Viewport) -> tuple[Indices, Indices]:
    """For each device column and row the mask's column and row under its centre, with one more at either end."""
    sampled = []
    for start, room, length in zip(viewport.origin, viewport.view, viewport.image, strict=True):
        positions = (np.arange(-1, room + 1) + 0.5 - start) / viewport.scale
        sampled.append(np.clip(np.floor(positions), 0, length - 1).astype(np.intp))
    return sampled[0], sampled[1]


def _sample(mask: Mask, rows: Indices, columns: Indices) -> Mask:
    if rows.size * columns.size < _WHOLE_ROWS_FROM:
        return mask[rows[:, None], columns]
    return mask.take(rows, axis=0).take(columns, axis=1)
