"""How an outline that is not painted yet looks: what it encloses, its line, and what can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from studio.core.raster import XY
from studio.ui.label.viewport import Viewport

_HANDLE: Final = 3.5
"""Logical pixels of a handle's radius."""


class OutlinePainter:
    """Draws in device pixels what is given in image pixels."""

    def __init__(self, painter: QPainter, viewport: Viewport, pixel_ratio: float) -> None:
        self._painter = painter
        self._viewport = viewport
        self._ratio = pixel_ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def region(self, path: Sequence[XY], color: QColor, *, erase: bool) -> None:
        """A veil of the class's colour; hatched where a label is taken away."""
        inside = QColor(color)
        inside.setAlphaF(0.5 if erase else 0.28)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(QBrush(inside, Qt.BrushStyle.BDiagPattern if erase else Qt.BrushStyle.SolidPattern))
        self._painter.drawPolygon(self._polygon(path))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def line(self, path: Sequence[XY], *, closed: bool) -> None:
        """Once dark and once light; what is not closed yet shows dashed where it would be."""
        polygon = self._polygon(path)
        for pen in (QPen(QColor(0, 0, 0, 150), 3.2 * self._ratio), QPen(QColor("white"), 1.4 * self._ratio)):
            self._painter.setPen(pen)
            if closed:
                self._painter.drawPolygon(polygon)
            else:
                self._painter.drawPolyline(polygon)
        if not closed and len(path) > 2:
            self._painter.setPen(QPen(QColor(255, 255, 255, 190), 1.2 * self._ratio, Qt.PenStyle.DashLine))
            self._painter.drawLine(polygon.last(), polygon.first())

    def handles(self, places: Sequence[XY], color: QColor, marked: int | None) -> None:
        """`marked` is the one that a press would take hold of."""
        for number, place in enumerate(places):
            radius = (1.6 if number == marked else 1.0) * _HANDLE * self._ratio
            self._painter.setBrush(color)
            for pen in (QPen(QColor(0, 0, 0, 150), 3.2 * self._ratio), QPen(QColor("white"), 1.4 * self._ratio)):
                self._painter.setPen(pen)
                self._painter.drawEllipse(self._at(place), radius, radius)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def middles(self, places: Sequence[XY]) -> None:
        """Small and faint: a press there inserts a corner."""
        self._painter.setPen(QPen(QColor(0, 0, 0, 190), 1.2 * self._ratio))
        self._painter.setBrush(QColor(255, 255, 255, 215))
        radius = 0.8 * _HANDLE * self._ratio
        for place in places:
            self._painter.drawEllipse(self._at(place), radius, radius)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def _polygon(self, path: Sequence[XY]) -> QPolygonF:
        return QPolygonF([self._at(place) for place in path])

    def _at(self, place: XY) -> QPointF:
        return QPointF(*self._viewport.to_view(*place))
