"""The brush's outline under the cursor, drawn once for each size and then only copied, and the outline of a line."""

from __future__ import annotations

from math import ceil
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPainterPathStroker, QPen, QPolygonF

from studio.core.sweep import BrushShape, Sweep

DARK: Final = QColor(0, 0, 0, 150)
LIGHT: Final = QColor(255, 255, 255, 230)

_LARGEST_KEPT: Final = 512.0
"""Device pixels of radius from which on the outline is drawn anew each time, rather than kept as a picture."""

_MARGIN: Final = 3.0


class BrushOutline:
    """A circle or square of a radius in device pixels; `pixel_ratio` makes its line look the same on every screen."""

    def __init__(self, radius: float, pixel_ratio: float, shape: BrushShape = BrushShape.ROUND) -> None:
        self.radius = radius
        self.pixel_ratio = pixel_ratio
        self.shape = shape
        self._reach = ceil(radius + _MARGIN * pixel_ratio)
        self._image = self._draw() if radius <= _LARGEST_KEPT else None

    def paint(self, painter: QPainter, center: QPointF) -> None:
        if self._image is None:
            stroke_twice(painter, self._path(center), self.pixel_ratio)
        else:
            corner = QPoint(round(center.x()) - self._reach, round(center.y()) - self._reach)
            painter.drawImage(corner, self._image)

    def areas(self, center: QPointF) -> list[QRectF]:
        """What painting it touches: the line, not what lies inside, so that a large brush costs as little as a small
        one."""
        x, y, outer = round(center.x()), round(center.y()), float(self._reach + 1)
        inner = (outer - 8 * self.pixel_ratio) * (0.7 if self.shape is BrushShape.ROUND else 1)
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
        stroke_twice(painter, self._path(QPointF(self._reach, self._reach)), self.pixel_ratio)
        painter.end()
        return image

    def _path(self, center: QPointF) -> QPainterPath:
        path = QPainterPath()
        if self.shape is BrushShape.SQUARE:
            path.addRect(center.x() - self.radius, center.y() - self.radius, 2 * self.radius, 2 * self.radius)
        else:
            path.addEllipse(center, self.radius, self.radius)
        return path


def line_path(line: Sweep) -> QPainterPath:
    """The outline of an even sweep."""
    a, b = QPointF(*line.a), QPointF(*line.b)
    path = QPainterPath(a)
    if line.shape is BrushShape.SQUARE:
        path = QPainterPath()
        path.addPolygon(_hexagon(a, b, line.start / 2))
        path.closeSubpath()
        return path
    path.lineTo(b)
    stroker = QPainterPathStroker()
    stroker.setWidth(line.start)
    stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
    return stroker.createStroke(path).simplified()


def stroke_twice(painter: QPainter, path: QPainterPath, pixel_ratio: float) -> None:
    """Once dark and once light, so that it shows on any picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((DARK, 2.6), (LIGHT, 1.2)):
        painter.setPen(QPen(color, width * pixel_ratio))
        painter.drawPath(path)


def _hexagon(a: QPointF, b: QPointF, half: float) -> QPolygonF:
    """Around two squares of the same size."""
    x = half if b.x() >= a.x() else -half
    y = half if b.y() >= a.y() else -half
    ahead, behind = QPointF(x, -y), QPointF(-x, y)
    return QPolygonF([a - QPointF(x, y), a + ahead, b + ahead, b + QPointF(x, y), b + behind, a + behind])
