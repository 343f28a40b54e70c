"""Superpixels: paint by small regions that follow the edges; the one under the cursor lights up."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from math import ceil, hypot
from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from studio.core.classes import UNLABELLED
from studio.core.raster import XY, Rect
from studio.core.selection import step_for
from studio.core.superpixels import Superpixels
from studio.ui.label.choices import ToolName
from studio.ui.label.picture import Picture
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.picture_tool import PictureTool, chip_area, paint_chip, visible_pixels
from studio.ui.label.tools.region_layer import (
    Drawing,
    RegionLayer,
    boundary_colors,
    draw_boundaries,
    draw_selection,
    selection_colors,
)
from studio.ui.label.viewport import Viewport
from studio.ui.widgets.latest import Latest

_CELLS: Final = 500_000
"""Cells that are divided at a time: about what a window shows, a second's work."""

_KEPT: Final = 4
_Key = tuple[Rect, int, int]
"""What is divided, in which step, into superpixels of which size."""


class SuperpixelsTool(PictureTool):
    name = ToolName.SUPERPIXELS
    usage: ClassVar[str] = "Drag paints every superpixel it touches · right-drag: erase them"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._lines = RegionLayer(bench, "superpixel lines")
        self._light = RegionLayer(bench, "superpixel drawing")
        self._latest = Latest("superpixels", bench.owner)
        self._known: OrderedDict[_Key, Superpixels] = OrderedDict()
        self._asked: _Key | None = None
        self._shown: Superpixels | None = None
        self._shown_size = 0
        self._hovered: int | None = None
        self._stroke_value: int | None = None
        self._painted: set[int] = set()
        self._last: XY | None = None

    @property
    def is_busy(self) -> bool:
        return self._stroke_value is not None

    @property
    def superpixels(self) -> Superpixels | None:
        """What the picture is divided into, when that is known."""
        return self._shown

    @property
    def is_settled(self) -> bool:
        """Whether the picture is divided as the choices say."""
        return self._asked is None

    # -- mouse --------------------------------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        document, value = self.document, self.value(pointer)
        if document is None or value is None or self.whole_picture is None:
            return
        if self._shown is None:
            self.bench.hint("The superpixels are still being found.")
            return
        self._light.clear()
        self._hovered = None
        document.begin("superpixels" if value != UNLABELLED else "erasing")
        self._stroke_value = value
        self._painted.clear()
        self._last = (pointer.x, pointer.y)
        self._paint_along(self._last, self._last)

    def drag(self, pointer: Pointer) -> None:
        if self._last is not None and self.is_busy:
            here = (pointer.x, pointer.y)
            self._paint_along(self._last, here)
            self._last = here

    def release(self, pointer: Pointer) -> None:
        document = self.document
        if self.is_busy and document is not None:
            self._stroke_value = None
            document.commit()
        self.hover(pointer)

    def hover(self, pointer: Pointer) -> None:
        self._divide()
        number = self._shown.at(pointer.x, pointer.y) if self._shown is not None else None
        if number != self._hovered:
            self._hovered = number
            self._light_up()

    def leave(self) -> None:
        self._hovered = None
        self._light.clear()
        if self.bench.choices.tool is not self.name:
            self._latest.drop()
            self._asked = None

    def cancel(self) -> bool:
        document = self.document
        if not self.is_busy or document is None:
            return False
        self._stroke_value = None
        document.cancel()
        return True

    def item_left(self) -> None:
        document = self.document
        if self.is_busy and document is not None:
            self._stroke_value = None
            document.commit()
        self._latest.drop()
        self._lines.clear()
        self._light.clear()
        self._known.clear()
        self._shown = self._asked = self._hovered = self._last = None

    def item_shown(self) -> None:
        self.annotation_changed()

    def annotation_changed(self) -> None:
        """The tool may have been taken up."""
        if self.bench.choices.tool is self.name:
            self._divide()

    def picture_changed(self) -> None:
        self._divide()

    def refresh(self) -> None:
        self._divide()
        self._light.repaint()

    # -- dividing -----------------------------------------------------------------------------------------------------

    def _divide(self) -> None:
        """Have what is in sight divided, unless it is, or is about to be."""
        picture, seen = self.bench.picture, visible_pixels(self.bench.viewport)
        if picture is None or picture.is_preview or seen is None or self.document is None or self.is_busy:
            return
        step, size, shown = step_for(seen, _CELLS), self.bench.choices.smart.superpixel_size, self._shown
        serves = shown is not None and self._shown_size == size and shown.step <= step
        if serves and shown is not None and seen.intersect(shown.rect) == seen:
            return
        key = (_with_surroundings(seen, self.bench.viewport.image), step, size)
        if key in self._known:
            self._known.move_to_end(key)
            self._latest.drop()
            self._show(key, self._known[key], None)
        elif key != self._asked:
            self._asked = key
            self._latest.ask(partial(_find, picture, key, self.bench.viewport), partial(self._take, key))
            self._repaint_chip()

    def _take(self, key: _Key, found: tuple[Superpixels, Drawing | None] | None) -> None:
        self._asked = None
        self._repaint_chip()
        if found is None:
            return
        superpixels, drawing = found
        self._known[key] = superpixels
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        if not self.is_busy:
            self._show(key, superpixels, drawing)

    def _show(self, key: _Key, superpixels: Superpixels, drawing: Drawing | None) -> None:
        self._asked = None
        self._shown, self._shown_size = superpixels, key[2]
        self._hovered = None
        self._light.clear()
        self._lines.show(partial(draw_boundaries, superpixels), drawing)
        self.bench.repaint_soon(QRectF(0, 0, *self.bench.viewport.view))

    def _light_up(self) -> None:
        shown, number = self._shown, self._hovered
        if shown is None or number is None or self.bench.choices.class_id < 0:
            self._light.clear()
            return
        selection, ratio = shown.selection(number), self.bench.pixel_ratio
        drawing = draw_selection(selection, self.bench.viewport, ratio)
        self._light.show(lambda viewport: draw_selection(selection, viewport, ratio), drawing)

    # -- painting -----------------------------------------------------------------------------------------------------

    def _paint_along(self, a: XY, b: XY) -> None:
        """Every superpixel on the way from `a` to `b` that this stroke has not painted."""
        document, shown, value = self.document, self._shown, self._stroke_value
        if document is None or shown is None or value is None:
            return
        ways = max(1, ceil(2 * hypot(b[0] - a[0], b[1] - a[1]) / shown.step))
        for i in range(ways + 1):
            number = shown.at(a[0] + (b[0] - a[0]) * i / ways, a[1] + (b[1] - a[1]) * i / ways)
            if number is not None and number not in self._painted:
                self._painted.add(number)
                selection = shown.selection(number)
                document.paint(selection.rect, selection.pixels(), value)

    def paint(self, painter: QPainter) -> None:
        self._lines.paint(painter, boundary_colors())
        self._light.paint(painter, selection_colors(self.color(self.bench.choices.class_id)))
        if self._asked is not None and self._latest.is_waiting:
            paint_chip(painter, self._chip_place(), "Finding superpixels…", self.bench.pixel_ratio)

    def _chip_place(self) -> QPointF:
        ratio = self.bench.pixel_ratio
        return QPointF(12 * ratio, 40 * ratio)

    def _repaint_chip(self) -> None:
        self.bench.repaint_soon(chip_area(self._chip_place(), self.bench.pixel_ratio))


def _with_surroundings(seen: Rect, image: tuple[int, int]) -> Rect:
    """The whole picture if it is small enough, else some more than is seen: superpixels stay while one moves about."""
    whole = Rect(0, 0, *image)
    if image[0] * image[1] <= _CELLS:
        return whole
    dx, dy = seen.width // 6, seen.height // 6
    return Rect(seen.x - dx, seen.y - dy, seen.width + 2 * dx, seen.height + 2 * dy).intersect(whole) or whole


def _find(picture: Picture, key: _Key, viewport: Viewport) -> tuple[Superpixels, Drawing | None] | None:
    """For a background thread."""
    rect, step, size = key
    pixels = picture.pixels(rect, step)
    if pixels is None:
        return None
    superpixels = Superpixels.of(pixels, rect, step=step, size=size)
    return superpixels, draw_boundaries(superpixels, viewport)
