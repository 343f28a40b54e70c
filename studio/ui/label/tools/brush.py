"""Brush and eraser: strokes of a round or square brush, with its outline under the cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.core.sweep import BrushShape, Sweep
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.angles import at_round_angle
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.brush_outline import BrushOutline, line_path, stroke_twice
from studio.ui.label.tools.colors import class_color

_SMALLEST_OUTLINE: Final = 5.0
"""Logical pixels of diameter below which the cross of the cursor says more than an outline."""

_LINE_DEGREES: Final = 15


@dataclass(frozen=True, slots=True)
class _Print:
    """Where the brush stood, in image pixels, and how large it was there."""

    at: XY
    diameter: int


class BrushTool(Tool):
    name = ToolName.BRUSH
    usage: ClassVar[str] = (
        "Drag paints, right-drag erases · Ctrl+wheel or {smaller_brush} {larger_brush}: size · {brush_shape}: shape"
        " · Shift+click: line · Alt+click: pick"
    )
    what: ClassVar[str] = "brush stroke"
    takes_pressure: ClassVar[bool] = True

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._pointer: Pointer | None = None
        """Where the preview shows."""
        self._stroke_value: int | None = None
        self._last: _Print | None = None
        self._outline_kept: BrushOutline | None = None

    @property
    def is_busy(self) -> bool:
        return self._stroke_value is not None

    @property
    def shape(self) -> BrushShape:
        return self.bench.choices.brush.shape_of(self.name)

    def value(self, pointer: Pointer) -> int | None:
        """What this button paints, None when there is nothing to paint with."""
        return UNLABELLED if pointer.erase else self.class_to_paint

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        value = self.value(pointer)
        if not isinstance(document, MaskDocument):
            return
        if value is None:
            self.say_no_class()
            return
        document.begin("erasing" if value == UNLABELLED else self.what)
        self._stroke_value = value
        line = self._line(pointer)
        here = _Print(line.b, round(line.end)) if line is not None else self._print(pointer)
        document.sweep(line or Sweep.even(here.at, here.at, here.diameter, self.shape), value)
        self._last = here
        self._follow(pointer)

    def drag(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._stroke_value is not None and isinstance(document, MaskDocument) and self._last is not None:
            last, here = self._last, self._print(pointer)
            way = Sweep(last.at, here.at, last.diameter, here.diameter, self.shape)
            document.sweep(way, self._stroke_value, first=self.bench.rows_shown())
            self._last = here
        self._follow(pointer)

    def release(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._stroke_value is not None and isinstance(document, MaskDocument):
            self._stroke_value = None
            document.commit()
        self._follow(replace(pointer, pressure=None))

    def hover(self, pointer: Pointer) -> None:
        self._follow(pointer)

    def leave(self) -> None:
        self._repaint_preview()
        self._pointer = None

    def key(self, event: QKeyEvent) -> bool:
        """The line shows as soon as Shift is down, without waiting for the mouse."""
        self._follow_keys(event, down=True)
        return False

    def key_released(self, event: QKeyEvent) -> None:
        self._follow_keys(event, down=False)

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
        if self._pointer is None:
            return
        line = self._line(self._pointer) if not self.is_busy else None
        if line is not None:
            path = line_path(self._on_screen(line))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillPath(path, self._line_color())
            stroke_twice(painter, path, self.bench.pixel_ratio)
        elif 2 * self._outline().radius >= _SMALLEST_OUTLINE * self.bench.pixel_ratio:
            self._outline().paint(painter, self._center())

    def _print(self, pointer: Pointer) -> _Print:
        diameter = self.bench.choices.brush.diameter(self.bench.choices.brush_size, pointer.pressure)
        return _Print(_snapped(pointer.x, pointer.y, diameter), diameter)

    def _line(self, pointer: Pointer) -> Sweep | None:
        """The straight line of the whole brush that a press here would paint, None where none is asked for."""
        if not pointer.shift or self._last is None:
            return None
        size = self.bench.choices.brush_size
        start = _snapped(*self._last.at, size)
        end = (pointer.x, pointer.y)
        if pointer.ctrl:
            end = at_round_angle(start, end, degrees=_LINE_DEGREES)
        return Sweep.even(start, _snapped(*end, size), size, self.shape)

    def _line_color(self) -> QColor:
        value = self.value(self._pointer) if self._pointer is not None else None
        color = class_color(self.bench, value if value is not None else UNLABELLED)
        color.setAlphaF(0.35)
        return color

    def _follow(self, pointer: Pointer) -> None:
        self._repaint_preview()
        self._pointer = pointer
        self._repaint_preview()

    def _follow_keys(self, event: QKeyEvent, *, down: bool) -> None:
        if self._pointer is None or event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control):
            return
        if event.key() == Qt.Key.Key_Shift:
            self._follow(replace(self._pointer, shift=down))
        else:
            self._follow(replace(self._pointer, ctrl=down))

    def _center(self) -> QPointF:
        assert self._pointer is not None
        return QPointF(*self.bench.viewport.to_view(*self._print(self._pointer).at))

    def _outline(self) -> BrushOutline:
        assert self._pointer is not None
        wanted = (
            self._print(self._pointer).diameter * self.bench.viewport.scale / 2,
            self.bench.pixel_ratio,
            self.shape,
        )
        kept = self._outline_kept
        if kept is None or (kept.radius, kept.pixel_ratio, kept.shape) != wanted:
            kept = self._outline_kept = BrushOutline(*wanted)
        return kept

    def _on_screen(self, line: Sweep) -> Sweep:
        viewport = self.bench.viewport
        a, b = viewport.to_view(*line.a), viewport.to_view(*line.b)
        return Sweep.even(a, b, line.start * viewport.scale, line.shape)

    def _repaint_preview(self) -> None:
        if self._pointer is None:
            return
        for area in self._outline().areas(self._center()):
            self.bench.repaint_soon(area)
        line = self._line(self._pointer) if not self.is_busy else None
        if line is not None:
            shown = self._on_screen(line)
            wide = Sweep.even(shown.a, shown.b, shown.start + 8 * self.bench.pixel_ratio, shown.shape)
            for band in wide.bands(*self.bench.viewport.view):
                self.bench.repaint_soon(QRectF(band.x, band.y, band.width, band.height))


class EraserTool(BrushTool):
    name = ToolName.ERASER
    usage = (
        "Drag to take the label away · Ctrl+wheel or {smaller_brush} {larger_brush}: size · {brush_shape}: shape"
        " · Shift+click: line · Shift+Ctrl: round angle"
    )
    what = "erasing"

    def value(self, pointer: Pointer) -> int | None:
        return UNLABELLED


def _snapped(x: float, y: float, diameter: int) -> XY:
    """To the middle of a pixel for odd sizes and to a corner for even ones, so that a brush of 1 paints exactly the
    pixel under the cursor and every size has a symmetric print."""
    if diameter % 2:
        return floor(x) + 0.5, floor(y) + 0.5
    return float(round(x)), float(round(y))
