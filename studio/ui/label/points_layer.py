"""Keypoints over the picture: markers of a constant size on the screen, names, and the skeleton's links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings
from studio.ui.label.viewport import Viewport

_RADIUS: Final = 4.5
_SELECTED_RING: Final = 9.0
_NAME_SIZE: Final = 11
_DARK: Final = QColor(0, 0, 0, 170)
_WHITE: Final = QColor(255, 255, 255)


@dataclass(frozen=True)
class PointsLayer:
    """Draws the placed points of one item; with `prediction` also what a run says, joined to the label by a line."""

    settings: ProjectSettings
    viewport: Viewport
    pixel_ratio: float
    opacity: float = 1.0

    def paint(self, painter: QPainter, points: Points, prediction: Points | None, selected: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if prediction is not None:
            self._paint_prediction(painter, points, prediction)
        self._paint_links(painter, points)
        for point in points.placed:
            if point.visibility is not Visibility.ABSENT:
                self._paint_point(painter, point, point.index == selected)

    def bounds(self, points: Points, prediction: Points | None = None) -> QRectF:
        """The device pixels that painting these points can touch, names included."""
        shown = [*points.placed, *(prediction.placed if prediction is not None else ())]
        if not shown:
            return QRectF()
        places = [self._place(p) for p in shown]
        longest = max((len(k.name) for k in self.settings.keypoints), default=0)
        margin = 3 * _SELECTED_RING * self.pixel_ratio
        xs, ys = [p.x() for p in places], [p.y() for p in places]
        box = QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        return box.adjusted(-margin, -margin, margin + longest * _NAME_SIZE * self.pixel_ratio, margin)

    def _paint_links(self, painter: QPainter, points: Points) -> None:
        for instance in sorted({p.instance for p in points.placed}):
            for first, second in self.settings.links:
                a, b = points.get(first, instance), points.get(second, instance)
                if a is None or b is None or Visibility.ABSENT in (a.visibility, b.visibility):
                    continue
                line = QLineF(self._place(a), self._place(b))
                color = QColor(_WHITE)
                color.setAlphaF(0.8 * self.opacity)
                for pen in (QPen(_DARK, 3.4 * self.pixel_ratio), QPen(color, 1.4 * self.pixel_ratio)):
                    painter.setPen(pen)
                    painter.drawLine(line)

    def _paint_point(self, painter: QPainter, point: Keypoint, is_selected: bool) -> None:
        """Full: visible. Hollow: hidden."""
        place, ratio = self._place(point), self.pixel_ratio
        color = self._color(point.index)
        hidden = point.visibility is Visibility.HIDDEN
        if is_selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(_DARK, 4 * ratio), QPen(_WHITE, 2 * ratio)):
                painter.setPen(pen)
                painter.drawEllipse(place, _SELECTED_RING * ratio, _SELECTED_RING * ratio)
        painter.setPen(QPen(_DARK, 4.4 * ratio if hidden else 1.5 * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush if hidden else color)
        painter.drawEllipse(place, _RADIUS * ratio, _RADIUS * ratio)
        painter.setPen(QPen(color if hidden else _WHITE, 2 * ratio if hidden else 1.4 * ratio))
        painter.drawEllipse(place, _RADIUS * ratio, _RADIUS * ratio)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._paint_name(painter, place, point)

    def _paint_name(self, painter: QPainter, place: QPointF, point: Keypoint) -> None:
        if point.index >= len(self.settings.keypoints):
            return
        font = QFont(painter.font())
        font.setPixelSize(round(_NAME_SIZE * self.pixel_ratio))
        font.setItalic(point.visibility is Visibility.HIDDEN)
        baseline = place + QPointF(10 * self.pixel_ratio, QFontMetricsF(font).ascent() / 2 - self.pixel_ratio)
        path = QPainterPath()
        path.addText(baseline, font, self.settings.keypoints[point.index].name)
        painter.strokePath(path, QPen(_DARK, 3 * self.pixel_ratio))
        painter.fillPath(path, _WHITE)

    def _paint_prediction(self, painter: QPainter, points: Points, prediction: Points) -> None:
        """Diamonds, each joined to where the label has the same point."""
        size = 5 * self.pixel_ratio
        for point in prediction.placed:
            place = self._place(point)
            label = points.get(point.index, point.instance)
            painter.setPen(QPen(self._color(point.index), 1.6 * self.pixel_ratio, Qt.PenStyle.DashLine))
            if label is not None and label.visibility is not Visibility.ABSENT:
                painter.drawLine(QLineF(self._place(label), place))
            diamond = QPainterPath(place + QPointF(0, -size))
            for dx, dy in ((size, 0), (0, size), (-size, 0)):
                diamond.lineTo(place + QPointF(dx, dy))
            diamond.closeSubpath()
            painter.strokePath(diamond, QPen(_DARK, 4 * self.pixel_ratio))
            painter.strokePath(diamond, QPen(self._color(point.index), 1.8 * self.pixel_ratio))

    def _color(self, index: int) -> QColor:
        if index >= len(self.settings.keypoints):
            return QColor(_WHITE)
        return QColor(self.settings.keypoints[index].color)

    def _place(self, point: Keypoint) -> QPointF:
        return QPointF(*self.viewport.to_view(point.x, point.y))
