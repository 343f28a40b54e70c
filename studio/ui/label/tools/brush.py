"""Brush and eraser: strokes of a round brush, with its outline under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt
from typing import ClassVar, Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool

_SMALLEST_RING: Final = 5.0
"""Logical pixels of diameter below which the cross of the cursor says more than a ring."""

_WORTH_LEAVING_OUT: Final = 24
"""Device pixels from the middle; smaller squares inside of a ring are painted along."""

_DARK: Final = QColor(0, 0, 0, 150)
_LIGHT: Final = QColor(255, 255, 255, 230)


class BrushTool(Tool):
    name = ToolName.BRUSH
    usage: ClassVar[str] = (
        "Drag to paint, right-drag to erase · Shift+click: straight line · Ctrl+wheel or [ ]: size · Alt+click: pick"
    )
    what: ClassVar[str] = "brush stroke"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._at: XY | None = None
        self._line_wanted = False
        self._stroke_value: int | None = None
        self._last: XY | None = None

    @property
    def is_busy(self) -> bool:
        return self._stroke_value is not None

    def value(self, pointer: Pointer) -> int | None:
        """What this button paints, None when there is nothing to paint with."""
        if pointer.erase:
            return UNLABELLED
        return self.bench.choices.class_id if self.bench.choices.class_id >= 0 else None

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        value = self.value(pointer)
        if not isinstance(document, MaskDocument):
            return
        if value is None:
            self.bench.hint("There is no class to paint yet: add one in the panel on the right.")
            return
        here = self._snapped(pointer)
        start = self._last if pointer.shift and self._last is not None else here
        document.begin("erasing" if value == UNLABELLED else self.what)
        self._stroke_value = value
        document.brush(start, here, self.bench.choices.brush_size, value)
        self._last = here
        self._follow(pointer)

    def drag(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._stroke_value is not None and isinstance(document, MaskDocument) and self._last is not None:
            here = self._snapped(pointer)
            document.brush(self._last, here, self.bench.choices.brush_size, self._stroke_value)
            self._last = here
        self._follow(pointer)

    def release(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._stroke_value is not None and isinstance(document, MaskDocument):
            self._stroke_value = None
            document.commit()
        self._follow(pointer)

    def hover(self, pointer: Pointer) -> None:
        self._follow(pointer)

    def leave(self) -> None:
        self._repaint_preview()
        self._at = None

    def cancel(self) -> bool:
        document = self.bench.document
        if self._stroke_value is None or not isinstance(document, MaskDocument):
            return False
        self._stroke_value = None
        document.cancel()
        return True

    def item_left(self) -> None:
        document = self.bench.document
        if self._stroke_value is not None and isinstance(document, MaskDocument):
            self._stroke_value = None
            document.commit()
        self._last = None

    def refresh(self) -> None:
        self.bench.repaint_soon(QRectF(0, 0, *self.bench.viewport.view))

    def paint(self, painter: QPainter) -> None:
        if self._at is None:
            return
        center = QPointF(*self.bench.viewport.to_view(*self._at))
        radius = self._radius()
        ratio = self.bench.pixel_ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._line_wanted and self._last is not None:
            start = QPointF(*self.bench.viewport.to_view(*self._last))
            _draw_twice(painter, ratio, lambda: painter.drawLine(QLineF(start, center)))
        if 2 * radius >= _SMALLEST_RING * ratio:
            _draw_twice(painter, ratio, lambda: painter.drawEllipse(center, radius, radius))

    def _snapped(self, pointer: Pointer) -> XY:
        """To the middle of a pixel for odd sizes and to a corner for even ones, so that a brush of 1 paints exactly
        the pixel under the cursor and every size has a symmetric print."""
        if self.bench.choices.brush_size % 2:
            return floor(pointer.x) + 0.5, floor(pointer.y) + 0.5
        return float(round(pointer.x)), float(round(pointer.y))

    def _follow(self, pointer: Pointer) -> None:
        self._repaint_preview()
        self._at = self._snapped(pointer)
        self._line_wanted = pointer.shift and not self.is_busy
        self._repaint_preview()

    def _radius(self) -> float:
        return self.bench.choices.brush_size * self.bench.viewport.scale / 2

    def _repaint_preview(self) -> None:
        """The ring alone, not what lies inside of it: a large brush costs no more than a small one."""
        if self._at is None:
            return
        x, y = self.bench.viewport.to_view(*self._at)
        reach = self._radius() + 3 * self.bench.pixel_ratio
        hollow = (reach - 8 * self.bench.pixel_ratio) / sqrt(2)
        for area in _frame(x, y, reach, hollow if hollow > _WORTH_LEAVING_OUT else 0.0):
            self.bench.repaint_soon(area)
        if self._line_wanted and self._last is not None:
            line = QRectF(QPointF(x, y), QPointF(*self.bench.viewport.to_view(*self._last))).normalized()
            self.bench.repaint_soon(line.adjusted(-3, -3, 3, 3))


class EraserTool(BrushTool):
    name = ToolName.ERASER
    usage = "Drag to take the label away · Shift+click: straight line · Ctrl+wheel or [ ]: size"
    what = "erasing"

    def value(self, pointer: Pointer) -> int | None:
        return UNLABELLED


def _frame(x: float, y: float, outer: float, inner: float) -> list[QRectF]:
    """The square of half side `outer` around (x, y) without the one of half side `inner`."""
    if inner <= 0:
        return [QRectF(x - outer, y - outer, 2 * outer, 2 * outer)]
    edge = outer - inner
    return [
        QRectF(x - outer, y - outer, 2 * outer, edge),
        QRectF(x - outer, y + inner, 2 * outer, edge),
        QRectF(x - outer, y - inner, edge, 2 * inner),
        QRectF(x + inner, y - inner, edge, 2 * inner),
    ]


def _draw_twice(painter: QPainter, ratio: float, draw: Callable[[], None]) -> None:
    """Once dark and once light, so that it shows on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_DARK, 2.6 * ratio))
    draw()
    painter.setPen(QPen(_LIGHT, 1.2 * ratio))
    draw()
