"""Lasso: draw around a region with a free hand, then adjust the corners or paint at once."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import XY
from studio.core.sketches import Sketch
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.colors import class_color
from studio.ui.label.tools.corner_tool import CornerTool
from studio.ui.label.tools.outline_painter import OutlinePainter
from studio.ui.label.tools.outlines import Corners, simplified

_TOLERANCE: Final = 1.5
"""Logical pixels by which the corners may leave the line that was drawn."""

_SMALLEST: Final = 5.0
"""Logical pixels below which a drag was meant to be a click."""


class LassoTool(CornerTool):
    name = ToolName.LASSO
    usage = (
        "Drag around a region, right-drag takes away · then drag corners, an edge's middle or the whole · right-click:"
        " take a corner away · Enter or double click: paint · Esc: give up"
    )
    what = "lasso"
    fewest = 3

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._trail: list[XY] = []
        self._erases = False

    @property
    def is_busy(self) -> bool:
        return bool(self._trail) or super().is_busy

    def outline_of(self, sketch: Sketch) -> Corners | None:
        is_region = len(sketch.points) >= self.fewest
        return Corners(sketch.points, erase=sketch.erase, is_complete=True) if is_region else None

    def begin(self, pointer: Pointer) -> None:
        self.finish()
        self._trail = [(pointer.x, pointer.y)]
        self._erases = pointer.erase

    def drag(self, pointer: Pointer) -> None:
        if not self._trail:
            super().drag(pointer)
        elif (pointer.x, pointer.y) != self._trail[-1]:
            self._trail.append((pointer.x, pointer.y))
            self._repaint_trail()

    def release(self, pointer: Pointer) -> None:
        if not self._trail:
            super().release(pointer)
            return
        trail = self._take_trail()
        document = self.bench.document
        if self._extent(trail) < _SMALLEST * self.bench.pixel_ratio or not isinstance(document, MaskDocument):
            return
        if self.bench.choices.outline.paints_at_once:
            self.paint_pixels(document, Corners(tuple(trail)), erase=self._erases)
            return
        corners = simplified([*trail, trail[0]], _TOLERANCE * self.bench.pixel_ratio / self.bench.viewport.scale)[:-1]
        if len(corners) >= self.fewest:
            self.change(Corners(tuple(corners), erase=self._erases, is_complete=True))

    def cancel(self) -> bool:
        return bool(self._take_trail()) or super().cancel()

    def step_back(self) -> bool:
        return bool(self._take_trail()) or super().step_back()

    def item_left(self) -> None:
        self._take_trail()
        super().item_left()

    def paint(self, painter: QPainter) -> None:
        super().paint(painter)
        if len(self._trail) > 1:
            drawn = OutlinePainter(painter, self.bench.viewport, self.bench.pixel_ratio)
            value = UNLABELLED if self._erases else self.bench.choices.class_id
            drawn.region(self._trail, class_color(self.bench, value), erase=self._erases)
            drawn.line(self._trail, closed=False)

    def _take_trail(self) -> list[XY]:
        self._repaint_trail()
        trail, self._trail = self._trail, []
        return trail

    def _extent(self, trail: list[XY]) -> float:
        """How large what was drawn is, in device pixels."""
        xs, ys = [x for x, _ in trail], [y for _, y in trail]
        return hypot(max(xs) - min(xs), max(ys) - min(ys)) * self.bench.viewport.scale

    def _repaint_trail(self) -> None:
        if self._trail:
            xs, ys = [x for x, _ in self._trail], [y for _, y in self._trail]
            left, top = self.bench.viewport.to_view(min(xs), min(ys))
            right, bottom = self.bench.viewport.to_view(max(xs), max(ys))
            margin = 4 * self.bench.pixel_ratio
            area = QRectF(left, top, right - left, bottom - top)
            self.bench.repaint_soon(area.adjusted(-margin, -margin, margin, margin))
