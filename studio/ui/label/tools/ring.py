"""The brush's outline under the cursor, drawn once for each size and then only copied."""

from __future__ import annotations

from math import ceil
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

DARK: Final = QColor(0, 0, 0, 150)
LIGHT: Final = QColor(255, 255, 255, 230)

_LARGEST_KEPT: Final = 512.0
"""Device pixels of radius from which on the ring is drawn anew each time, rather than kept as a picture."""

_MARGIN: Final = 3.0


class Ring:
    """A circle of a radius in device pixels; `pixel_ratio` makes its line look the same on every screen."""

    def __init__(self, radius: float, pixel_ratio: float) -> None:
        self.radius = radius
        self.pixel_ratio = pixel_ratio
        self._reach = ceil(radius + _MARGIN * pixel_ratio)
        self._image = self._draw() if radius <= _LARGEST_KEPT else None

    def paint(self, painter: QPainter, center: QPointF) -> None:
        if self._image is None:
            self._stroke(painter, center)
        else:
            corner = QPoint(round(center.x()) - self._reach, round(center.y()) - self._reach)
            painter.drawImage(corner, self._image)

    def areas(self, center: QPointF) -> list[QRectF]:
        """What painting it touches: the line, not what lies inside, so that a large brush costs as little as a small
        one."""
        x, y, outer = round(center.x()), round(center.y()), float(self._reach + 1)
        inner = (outer - 8 * self.pixel_ratio) * 0.7
        if inner < 24:
            return [QRectF(x - outer, y - outer, 2 * outer, 2 * outer)]
        edge = outer - inner
        return [
            QRectF(x - outer, y - outer, 2 * outer, edge),
            QRectF(x - outer, y + inner, 2 * outer, edge),
            QRectF(x - outer, y - inner, edge, 2 * inner),
            QRectF(x + inner, y - inner, edge, 2 * inner),
        ]

    def _draw(self) -> QImage:
        side = 2 * self._reach + 1
        image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self._stroke(painter, QPointF(self._reach, self._reach))
        painter.end()
        return image

    def _stroke(self, painter: QPainter, center: QPointF) -> None:
        """Once dark and once light, so that it shows on any picture."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((DARK, 2.6), (LIGHT, 1.2)):
            painter.setPen(QPen(color, width * self.pixel_ratio))
            painter.drawEllipse(center, self.radius, self.radius)
