"""Scissors: click along an object and the outline follows its edges; what is begun waits until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import hypot
from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from studio.core.classes import UNLABELLED
from studio.core.edge_outline import FEWEST, EdgeOutline
from studio.core.edge_paths import PathMap
from studio.core.raster import XY
from studio.core.selection import window_around
from studio.core.sketches import Sketch
from studio.ui.label.choices import ToolName
from studio.ui.label.picture import Picture
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.brush_outline import DARK, LIGHT
from studio.ui.label.tools.picture_tool import PictureTool
from studio.ui.label.viewport import Viewport
from studio.ui.widgets.latest import Latest

_CELLS: Final = 640
"""Side of the window around the last anchor in which edges are looked for; at a smaller zoom in coarser cells."""

_CATCH: Final = 9.0
"""Logical pixels around the first anchor within which a click closes the outline."""

_ANCHOR: Final = 3.5


class ScissorsTool(PictureTool):
    name = ToolName.SCISSORS
    usage: ClassVar[str] = (
        "Click along an edge · Shift: straight · Enter or the first point closes, right-click erases · Backspace: back"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._latest = Latest("scissors", bench.owner)
        self._outline = EdgeOutline()
        self._drawn: list[XY] = []
        self._live: list[XY] = []
        self._cursor: XY | None = None
        self._straight = False
        self._closing: int | None = None
        self._asked: XY | None = None
        """The anchor whose map was asked for last."""
        self._unfinished: dict[int, EdgeOutline] = {}

    @property
    def is_busy(self) -> bool:
        return bool(self._outline.anchors)

    @property
    def path(self) -> list[XY]:
        """The outline so far, in image pixels, without what leads to the cursor."""
        return self._outline.path()

    @property
    def is_settled(self) -> bool:
        """Whether the outline follows its edges, and could go on."""
        return self._outline.is_settled

    # -- mouse and keys -----------------------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        if self._closing is not None or self.document is None:
            return
        if pointer.erase:
            if self.is_busy:
                self._close(UNLABELLED)
            return
        value = self.value(pointer)
        if value is None or self.whole_picture is None:
            return
        if len(self._outline.anchors) >= FEWEST and self._is_on_first(pointer):
            self._close(value)
            return
        self._repaint()
        self._cursor = (pointer.x, pointer.y)
        self._outline.add(self._cursor, straight=pointer.shift)
        self._changed()

    def double_click(self, pointer: Pointer) -> None:
        """The first click of the two has set the last anchor already."""
        if not pointer.erase and len(self._outline.anchors) >= FEWEST and self._closing is None:
            self._close(self.bench.choices.class_id)
        else:
            self.press(pointer)

    def hover(self, pointer: Pointer) -> None:
        if self.is_busy and self._closing is None:
            self._cursor, self._straight = (pointer.x, pointer.y), pointer.shift
            self._find_live()

    def drag(self, pointer: Pointer) -> None:
        self.hover(pointer)

    def leave(self) -> None:
        self._cursor = None
        self._find_live()

    def key(self, event: QKeyEvent) -> bool:
        if not self.is_busy:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close(self.bench.choices.class_id)
        elif event.key() == Qt.Key.Key_Backspace:
            self.step_back()
        else:
            return False
        return True

    def step_back(self) -> bool:
        """The last anchor away."""
        if not self.is_busy:
            return False
        self._repaint()
        self._outline.step_back()
        self._closing = None
        self._changed()
        return True

    def cancel(self) -> bool:
        was_busy = self.is_busy
        self._repaint()
        self._latest.drop()
        self._outline = EdgeOutline()
        self._cursor = self._closing = None
        self._drawn, self._live = [], []
        return was_busy

    def item_left(self) -> None:
        document, outline, closing = self.document, self._outline, self._closing
        self.cancel()
        if document is None or not outline.anchors:
            return
        if closing is not None:
            self._paint_region(outline, closing)
        else:
            self._unfinished[document.item.id] = outline

    def item_shown(self) -> None:
        document = self.document
        self._outline = self._unfinished.pop(document.item.id, EdgeOutline()) if document is not None else EdgeOutline()
        self._drawn = self.path
        if self.bench.choices.tool is self.name:
            self._ask_for_map()

    def waiting(self) -> dict[int, Sketch]:
        outlines = dict(self._unfinished)
        if self.document is not None and self._outline.anchors:
            outlines[self.document.item.id] = self._outline
        return {
            item: Sketch(tuple(outline.anchors), ways=tuple(map(tuple, outline.ways)))
            for item, outline in outlines.items()
        }

    def take_back(self, waiting: Mapping[int, Sketch]) -> None:
        for item, sketch in waiting.items():
            if sketch.points:
                self._unfinished[item] = EdgeOutline.of(sketch.points, sketch.ways)

    def put_down(self) -> None:
        """What is closed is painted before anything else is begun."""
        self.leave()
        outline, closing = self._outline, self._closing
        if closing is not None:
            self.cancel()
            self._paint_region(outline, closing)

    def annotation_changed(self) -> None:
        """The tool was taken up, perhaps for an item where something waits."""
        self._ask_for_map()

    def picture_changed(self) -> None:
        self._ask_for_map()

    def refresh(self) -> None:
        self._repaint()

    # -- the outline --------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Anchors or maps did."""
        outline, closing = self._outline, self._closing
        if closing is not None and outline.is_settled:
            self.cancel()
            self._paint_region(outline, closing)
            return
        self._drawn = self.path
        self._find_live()
        self._ask_for_map()
        self._repaint()

    def _ask_for_map(self) -> None:
        picture, anchor = self.bench.picture, self._outline.wants_map_of
        is_asked = self._latest.is_waiting and anchor == self._asked
        if picture is not None and not picture.is_preview and anchor is not None and not is_asked:
            self._asked = anchor
            self._latest.ask(partial(_build_map, picture, anchor, self.bench.viewport), self._take_map)

    def _take_map(self, found: PathMap | None) -> None:
        if found is not None:
            self._repaint()
            self._outline.take_map(found)
            self._changed()

    def _find_live(self) -> None:
        """What would be added by a click at the cursor."""
        self._repaint_live()
        cursor = self._cursor
        self._live = self._outline.way_to(cursor, straight=self._straight) if cursor is not None else []
        self._repaint_live()

    def _close(self, value: int) -> None:
        if len(self._outline.anchors) < FEWEST:
            self.bench.hint("An outline needs at least three points.")
        elif value >= 0:
            self._repaint()
            self._closing, self._cursor = value, None
            self._changed()

    def _paint_region(self, outline: EdgeOutline, value: int) -> None:
        document = self.document
        if document is not None:
            document.begin("scissors" if value != UNLABELLED else "erasing")
            document.polygon(outline.closed(), value)
            document.commit()

    # -- drawing ------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if not self.is_busy:
            return
        ratio, viewport = self.bench.pixel_ratio, self.bench.viewport
        color = self.color(self.bench.choices.class_id)
        inside = QColor(color)
        inside.setAlphaF(0.28)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.translate(*viewport.origin)
        painter.scale(viewport.scale, viewport.scale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inside)
        painter.drawPolygon(_polygon([*self._drawn, *self._live]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for points, light in ((self._drawn, LIGHT), (self._live, color.lighter(140))):
            line = _polygon(points)
            for shade, width in ((DARK, 3.4), (light, 1.6)):
                pen = QPen(shade, width * ratio)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPolyline(line)
        painter.restore()
        self._paint_anchors(painter, color, ratio)

    def _paint_anchors(self, painter: QPainter, color: QColor, ratio: float) -> None:
        anchors = self._outline.anchors
        painter.setPen(QPen(QColor("white"), 1.4 * ratio))
        painter.setBrush(color)
        for number, anchor in enumerate(anchors):
            size = (1.7 if number == 0 and len(anchors) >= FEWEST else 1.0) * _ANCHOR * ratio
            painter.drawEllipse(QPointF(*self.bench.viewport.to_view(*anchor)), size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _is_on_first(self, pointer: Pointer) -> bool:
        x, y = self.bench.viewport.to_view(*self._outline.anchors[0])
        return hypot(x - pointer.device[0], y - pointer.device[1]) <= _CATCH * self.bench.pixel_ratio

    def _repaint_live(self) -> None:
        """The path to the cursor, and the tint that ends at it."""
        if self._live:
            self._repaint_around([*self._live, self._outline.anchors[0]] if self.is_busy else self._live)

    def _repaint(self) -> None:
        if self.is_busy:
            self._repaint_around([*self.path, *self._live])

    def _repaint_around(self, points: list[XY]) -> None:
        margin = 3 * _ANCHOR * self.bench.pixel_ratio
        bounds = _polygon(points).boundingRect()
        left, top = self.bench.viewport.to_view(bounds.left(), bounds.top())
        right, bottom = self.bench.viewport.to_view(bounds.right(), bounds.bottom())
        area = QRectF(left, top, right - left, bottom - top)
        self.bench.repaint_soon(area.adjusted(-margin, -margin, margin, margin))


def _polygon(points: list[XY]) -> QPolygonF:
    return QPolygonF([QPointF(*point) for point in points])


def _build_map(picture: Picture, anchor: XY, viewport: Viewport) -> PathMap | None:
    """For a background thread: edges as fine as they are seen, and never finer than the picture's pixels."""
    step = max(1, int(1 / viewport.scale))
    rect = window_around(*anchor, _CELLS * step, *viewport.image)
    pixels = picture.pixels(rect, step)
    return PathMap.build(pixels, rect, anchor, step=step) if pixels is not None else None
