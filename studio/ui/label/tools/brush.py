"""Brush and eraser: strokes of a round brush, with its outline under the cursor."""

from __future__ import annotations

from math import floor
from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.ring import DARK, LIGHT, Ring

_SMALLEST_RING: Final = 5.0
"""Logical pixels of diameter below which the cross of the cursor says more than a ring."""


class BrushTool(Tool):
    name = ToolName.BRUSH
    usage: ClassVar[str] = (
        "Drag paints, right-drag erases · Ctrl+wheel or [ ]: size · Shift+click: line · Alt+click: pick"
    )
    what: ClassVar[str] = "brush stroke"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._at: XY | None = None
        self._line_wanted = False
        self._stroke_value: int | None = None
        self._last: XY | None = None
        self._ring: Ring | None = None

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
        center = self._center(self._at)
        if self._line_wanted and self._last is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for color, width in ((DARK, 2.6), (LIGHT, 1.2)):
                painter.setPen(QPen(color, width * self.bench.pixel_ratio))
                painter.drawLine(self._center(self._last), center)
        if 2 * self._outline().radius >= _SMALLEST_RING * self.bench.pixel_ratio:
            self._outline().paint(painter, center)

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

    def _center(self, point: XY) -> QPointF:
        return QPointF(*self.bench.viewport.to_view(*point))

    def _outline(self) -> Ring:
        radius = self.bench.choices.brush_size * self.bench.viewport.scale / 2
        if self._ring is None or (self._ring.radius, self._ring.pixel_ratio) != (radius, self.bench.pixel_ratio):
            self._ring = Ring(radius, self.bench.pixel_ratio)
        return self._ring

    def _repaint_preview(self) -> None:
        if self._at is None:
            return
        center = self._center(self._at)
        for area in self._outline().areas(center):
            self.bench.repaint_soon(area)
        if self._line_wanted and self._last is not None:
            self.bench.repaint_soon(QRectF(center, self._center(self._last)).normalized().adjusted(-3, -3, 3, 3))


class EraserTool(BrushTool):
    name = ToolName.ERASER
    usage = "Drag to take the label away · Shift+click: straight line · Ctrl+wheel or [ ]: size"
    what = "erasing"

    def value(self, pointer: Pointer) -> int | None:
        return UNLABELLED
