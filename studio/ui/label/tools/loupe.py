"""The loupe: the picture's pixels around a point, enlarged without smoothing, in a circle beside the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from studio.core.raster import XY
from studio.ui.label.picture import Picture
from studio.ui.label.viewport import Viewport

_DIAMETER: Final = 156.0
_GAP: Final = 30.0
"""Logical pixels between the cursor and the circle."""

_PIXEL: Final = 6
"""Logical pixels an image pixel; twice what the canvas shows where that is more, up to the next."""
_LARGEST_PIXEL: Final = 16

_RIM: Final = 3.0
_CROSS_GAP: Final = 5.0
_DARK: Final = QColor(0, 0, 0, 190)


def loupe_pixel(viewport: Viewport, ratio: float) -> int:
    """Device pixels a side of an enlarged image pixel; 0 where the canvas shows them as large already."""
    pixel = round(min(max(_PIXEL * ratio, 2 * viewport.scale), _LARGEST_PIXEL * ratio))
    return pixel if pixel >= 1.5 * viewport.scale else 0


def loupe_area(cursor: XY, view: tuple[int, int], ratio: float) -> QRectF:
    """Where the circle lies: up and right of the cursor (device pixels), on its other side where the canvas ends."""
    side, away = _DIAMETER * ratio, _GAP * ratio
    left, top = cursor[0] + away, cursor[1] - away - side
    if left + side > view[0]:
        left = cursor[0] - away - side
    if top < 0:
        top = cursor[1] + away
    return QRectF(round(left), round(top), round(side), round(side))


def paint_loupe(
    painter: QPainter, area: QRectF, picture: Picture, centre: XY, *, pixel: int, ratio: float, marks: Sequence[XY] = ()
) -> None:
    """Enlarge what lies around `centre` (image pixels) into `area`; `marks` are points to show as small rings."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QPainterPath()
    circle.addEllipse(area.adjusted(_RIM * ratio, _RIM * ratio, -_RIM * ratio, -_RIM * ratio))
    painter.setClipPath(circle, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, QColor(24, 26, 30))
    _paint_pixels(painter, area, picture, centre, pixel)
    middle = area.center()
    for x, y in marks:
        place = middle + QPointF((x - centre[0]) * pixel, (y - centre[1]) * pixel)
        for pen in (QPen(_DARK, 3 * ratio), QPen(QColor("white"), 1.4 * ratio)):
            painter.setPen(pen)
            painter.drawEllipse(place, 4 * ratio, 4 * ratio)
    painter.restore()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_cross(painter, area, ratio)
    rim = area.adjusted(_RIM * ratio / 2, _RIM * ratio / 2, -_RIM * ratio / 2, -_RIM * ratio / 2)
    for pen in (QPen(_DARK, _RIM * ratio), QPen(QColor("white"), 1.4 * ratio)):
        painter.setPen(pen)
        painter.drawEllipse(rim)
    painter.restore()


def _paint_pixels(painter: QPainter, area: QRectF, picture: Picture, centre: XY, pixel: int) -> None:
    """Whole image pixels as squares of `pixel` device pixels, so that `centre` lies in the middle of `area`."""
    half = area.width() / 2 / pixel
    left, top = floor(centre[0] - half), floor(centre[1] - half)
    number = ceil(2 * half) + 2
    middle = area.center()
    corner = QPointF(round(middle.x() - (centre[0] - left) * pixel), round(middle.y() - (centre[1] - top) * pixel))
    wanted = QRect(left, top, number, number) & QRect(0, 0, picture.size.width(), picture.size.height())
    if wanted.isEmpty():
        return
    target = QRectF(
        corner.x() + (wanted.x() - left) * pixel,
        corner.y() + (wanted.y() - top) * pixel,
        wanted.width() * pixel,
        wanted.height() * pixel,
    )
    sight = picture.sight(pixel, QRectF(wanted))
    across, down = sight.image.width() / sight.area.width(), sight.image.height() / sight.area.height()
    source = QRectF(
        (wanted.x() - sight.area.x()) * across,
        (wanted.y() - sight.area.y()) * down,
        wanted.width() * across,
        wanted.height() * down,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(target, sight.image, source)


def _paint_cross(painter: QPainter, area: QRectF, ratio: float) -> None:
    """Crosshair that leaves the middle free."""
    middle, reach, gap = area.center(), area.width() / 2 - 2 * _RIM * ratio, _CROSS_GAP * ratio
    for pen in (QPen(QColor(0, 0, 0, 110), 2.6 * ratio), QPen(QColor(255, 255, 255, 210), ratio)):
        painter.setPen(pen)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(middle + QPointF(dx * gap, dy * gap), middle + QPointF(dx * reach, dy * reach))
        painter.drawPoint(middle)
