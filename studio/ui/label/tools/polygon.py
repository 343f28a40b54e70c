"""Polygon: click the corners of a region; what is begun waits until it is closed, also across a visit elsewhere."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPainter, QPen, QPolygonF

from studio.core.classes import rgb
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool

_CATCH: Final = 9.0
"""Logical pixels around the first corner within which a click closes the polygon."""

_CORNER: Final = 3.5


class PolygonTool(Tool):
    name = ToolName.POLYGON
    usage = "Click corners · Enter, double click or the first corner closes · Backspace: one back · Esc: give up"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._corners: list[XY] = []
        self._cursor: XY | None = None
        self._unfinished: dict[int, list[XY]] = {}

    @property
    def is_busy(self) -> bool:
        return bool(self._corners)

    @property
    def corners(self) -> list[XY]:
        """What has been clicked so far, in image pixels."""
        return list(self._corners)

    def press(self, pointer: Pointer) -> None:
        if pointer.erase or not isinstance(self.bench.document, MaskDocument):
            return
        if self.bench.choices.class_id < 0:
            self.bench.hint("There is no class to paint yet: add one in the panel on the right.")
            return
        self._repaint()
        if len(self._corners) >= 3 and self._is_on_first(pointer):
            self._close()
            return
        self._corners.append((pointer.x, pointer.y))
        self._cursor = (pointer.x, pointer.y)
        self._repaint()

    def double_click(self, pointer: Pointer) -> None:
        """The first click of the two has set the last corner already."""
        if not pointer.erase and len(self._corners) >= 3:
            self._close()
        else:
            self.press(pointer)

    def hover(self, pointer: Pointer) -> None:
        self._move_cursor(pointer)

    def drag(self, pointer: Pointer) -> None:
        self._move_cursor(pointer)

    def leave(self) -> None:
        self._repaint()
        self._cursor = None

    def key(self, event: QKeyEvent) -> bool:
        if not self._corners:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        elif event.key() == Qt.Key.Key_Backspace:
            self.step_back()
        else:
            return False
        return True

    def step_back(self) -> bool:
        if not self._corners:
            return False
        self._repaint()
        self._corners.pop()
        self._repaint()
        return True

    def cancel(self) -> bool:
        self._repaint()
        had_any = bool(self._corners)
        self._corners.clear()
        return had_any

    def item_left(self) -> None:
        document = self.bench.document
        if document is not None:
            if self._corners:
                self._unfinished[document.item.id] = self._corners
            else:
                self._unfinished.pop(document.item.id, None)
        self._corners = []

    def item_shown(self) -> None:
        document = self.bench.document
        self._corners = self._unfinished.pop(document.item.id, []) if document is not None else []

    def refresh(self) -> None:
        self._repaint()

    def paint(self, painter: QPainter) -> None:
        if not self._corners:
            return
        ratio = self.bench.pixel_ratio
        outline = QPolygonF([self._to_view(corner) for corner in self._path()])
        color = self._color()
        inside = QColor(color)
        inside.setAlphaF(0.28)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(inside))
        painter.drawPolygon(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 3.2 * ratio), QPen(QColor("white"), 1.4 * ratio)):
            painter.setPen(pen)
            painter.drawPolyline(outline)
        closing = QPen(QColor(255, 255, 255, 190), 1.2 * ratio, Qt.PenStyle.DashLine)
        painter.setPen(closing)
        painter.drawLine(outline.last(), outline.first())
        self._paint_corners(painter, color, ratio)

    def _paint_corners(self, painter: QPainter, color: QColor, ratio: float) -> None:
        painter.setPen(QPen(QColor("white"), 1.4 * ratio))
        painter.setBrush(color)
        for number, corner in enumerate(self._corners):
            closes = number == 0 and len(self._corners) >= 3
            size = (1.7 if closes else 1.0) * _CORNER * ratio
            painter.drawEllipse(self._to_view(corner), size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _close(self) -> None:
        document = self.bench.document
        self._repaint()
        if len(self._corners) < 3:
            self.bench.hint("A polygon needs at least three corners.")
        elif isinstance(document, MaskDocument):
            corners, self._corners = self._corners, []
            document.polygon(corners, self.bench.choices.class_id)

    def _path(self) -> list[XY]:
        return [*self._corners, *([self._cursor] if self._cursor is not None else [])]

    def _move_cursor(self, pointer: Pointer) -> None:
        if self._corners:
            self._repaint()
            self._cursor = (pointer.x, pointer.y)
            self._repaint()

    def _is_on_first(self, pointer: Pointer) -> bool:
        first = self._to_view(self._corners[0])
        return hypot(first.x() - pointer.device[0], first.y() - pointer.device[1]) <= _CATCH * self.bench.pixel_ratio

    def _color(self) -> QColor:
        chosen = self.bench.choices.class_id
        color = next((c.color for c in self.bench.settings.classes if c.id == chosen), "#ffffff")
        return QColor(*rgb(color))

    def _to_view(self, corner: XY) -> QPointF:
        return QPointF(*self.bench.viewport.to_view(*corner))

    def _repaint(self) -> None:
        if not self._corners:
            return
        margin = 3 * _CORNER * self.bench.pixel_ratio
        bounds = QPolygonF([self._to_view(corner) for corner in self._path()]).boundingRect()
        self.bench.repaint_soon(QRectF(bounds).adjusted(-margin, -margin, margin, margin))
