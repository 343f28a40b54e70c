"""Cut out: drag a box around an object and GrabCut finds it; strokes say where it was wrong, Enter paints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import ceil, floor
from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from studio.core.classes import UNLABELLED
from studio.core.grabcut import Cutting, Stroke, cut
from studio.core.raster import XY, Rect
from studio.core.selection import Selection
from studio.core.sketches import Sketch
from studio.ui.label.choices import ToolName
from studio.ui.label.picture import Picture
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.brush_outline import BrushOutline
from studio.ui.label.tools.grabcut_look import box_area, box_sides, paint_box, paint_strokes, stroke_area
from studio.ui.label.tools.picture_tool import PictureTool, paint_chip
from studio.ui.label.tools.region_layer import Drawing, RegionLayer, draw_selection, selection_colors
from studio.ui.label.viewport import Viewport
from studio.ui.widgets.latest import Latest

_SMALLEST_BOX: Final = 4
"""Image pixels on a side below which a drag is no box."""


class GrabCutTool(PictureTool):
    name = ToolName.GRABCUT
    usage: ClassVar[str] = (
        "Drag a box around an object · drag adds to it, right-drag takes away · Enter, double click: paint · Esc"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._layer = RegionLayer(bench, "cut-out drawing")
        self._latest = Latest("cut out", bench.owner)
        self._corner: XY | None = None
        self._opposite: XY = (0.0, 0.0)
        self._box_value = UNLABELLED
        self._cutting: Cutting | None = None
        self._stroke: Stroke | None = None
        self._commit_wanted = False
        self._unfinished: dict[int, Cutting] = {}
        self._at: XY | None = None
        self._outline_kept: BrushOutline | None = None

    @property
    def is_busy(self) -> bool:
        return self._corner is not None or self._cutting is not None

    @property
    def selection(self) -> Selection | None:
        """What is found for all strokes that were made; None when nothing is, or is yet."""
        return self._cutting.selection if self._cutting is not None else None

    # -- mouse and keys -----------------------------------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        if self._commit_wanted or self.document is None:
            return
        if self._cutting is not None:
            size = float(self.bench.choices.brush_size)
            self._stroke = Stroke(((pointer.x, pointer.y),), size, not pointer.erase)
            self._repaint_stroke(self._stroke)
            return
        value = self.value(pointer)
        if value is not None and self.whole_picture is not None:
            self._corner = self._opposite = (pointer.x, pointer.y)
            self._box_value = value

    def drag(self, pointer: Pointer) -> None:
        here = (pointer.x, pointer.y)
        if self._corner is not None:
            self._repaint_box()
            self._opposite = here
            self._repaint_box()
        elif self._stroke is not None:
            self._repaint_stroke(replace(self._stroke, points=(self._stroke.points[-1], here)))
            self._stroke = replace(self._stroke, points=(*self._stroke.points, here))
        self._follow(pointer)

    def release(self, pointer: Pointer) -> None:
        if self._corner is not None:
            self._begin()
        elif self._stroke is not None and self._cutting is not None:
            self._cutting.say(self._stroke)
            self._stroke = None
            self._ask()

    def double_click(self, pointer: Pointer) -> None:
        """The first click of the two has left a dot, which is not meant."""
        cutting = self._cutting
        if cutting is None or pointer.erase:
            self.press(pointer)
            return
        if cutting.strokes and len(cutting.strokes[-1].points) == 1:
            cutting.strokes.pop()
            self._ask()
        self._commit()

    def hover(self, pointer: Pointer) -> None:
        self._follow(pointer)

    def leave(self) -> None:
        self._repaint_outline()
        self._at = None

    def key(self, event: QKeyEvent) -> bool:
        if self._cutting is None:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
        elif event.key() == Qt.Key.Key_Backspace:
            self.step_back()
        else:
            return False
        return True

    def step_back(self) -> bool:
        """The last stroke away; without strokes the box."""
        if self._cutting is None or not self._cutting.strokes:
            return self.cancel()
        self._commit_wanted = False
        self._repaint_stroke(self._cutting.strokes.pop())
        self._ask()
        return True

    def cancel(self) -> bool:
        was_busy = self.is_busy
        self._repaint_box()
        self._corner = self._stroke = self._cutting = None
        self._commit_wanted = False
        self._latest.drop()
        self._layer.clear()
        return was_busy

    def put_down(self) -> None:
        self._settle()
        self.leave()

    def item_left(self) -> None:
        """What nobody asked to be painted waits for the next visit."""
        self._settle()
        document, cutting = self.document, self._cutting
        self.cancel()
        if document is not None and cutting is not None:
            self._unfinished[document.item.id] = cutting

    def item_shown(self) -> None:
        document = self.document
        self._cutting = self._unfinished.pop(document.item.id, None) if document is not None else None
        if self.bench.choices.tool is self.name:
            self.picture_changed()

    def waiting(self) -> dict[int, Sketch]:
        cuttings = dict(self._unfinished)
        if self.document is not None and self._cutting is not None:
            cuttings[self.document.item.id] = self._cutting
        return {item: _sketch(cutting) for item, cutting in cuttings.items()}

    def take_back(self, waiting: Mapping[int, Sketch]) -> None:
        for item, sketch in waiting.items():
            if len(sketch.points) == 2:
                (left, top), (right, bottom) = sketch.points
                box = Rect(int(left), int(top), int(right - left), int(bottom - top))
                self._unfinished[item] = Cutting(box, sketch.value, list(sketch.strokes))

    def annotation_changed(self) -> None:
        """The tool was taken up, perhaps for an item where something waits."""
        self.picture_changed()

    def picture_changed(self) -> None:
        if self._cutting is not None and not self._layer.is_shown and not self._latest.is_waiting:
            self._ask()

    def refresh(self) -> None:
        cutting = self._cutting
        takes = cutting is not None and cutting.value != UNLABELLED and not self._commit_wanted
        if cutting is not None and takes and self.bench.choices.class_id >= 0:
            cutting.value = self.bench.choices.class_id
        self.bench.repaint_soon(QRectF(0, 0, *self.bench.viewport.view))

    # -- cutting ------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The box is drawn: find what is in it."""
        box = self._box()
        self._repaint_box()
        self._corner = None
        if box is None or min(box.width, box.height) < _SMALLEST_BOX:
            return
        if box == Rect(0, 0, *self.bench.viewport.image):
            self.bench.hint("Leave some of what is around the object outside of the box.")
            return
        self._cutting = Cutting(box, self._box_value)
        self._repaint_box()
        self._ask()

    def _ask(self) -> None:
        """Show what is found for the strokes that there are, when it is."""
        cutting, picture = self._cutting, self.bench.picture
        if cutting is None or picture is None or picture.is_preview:
            return
        number, viewport, ratio = len(cutting.strokes), self.bench.viewport, self.bench.pixel_ratio
        if cutting.is_answered:
            known = cutting.selection
            work = partial(_draw, known, viewport, ratio)
        else:
            work = partial(_find, picture, cutting.box, tuple(cutting.strokes), viewport, ratio)
        self._latest.ask(work, partial(self._take, cutting, number))
        self._repaint_box()

    def _take(self, cutting: Cutting, number: int, found: tuple[Selection | None, Drawing | None]) -> None:
        if cutting is not self._cutting:
            return
        selection, drawing = found
        cutting.take(number, selection)
        for stroke in cutting.strokes:
            self._repaint_stroke(stroke)
        self._repaint_box()
        if selection is None:
            self._layer.clear()
            self.bench.hint("Nothing stands out in this box; paint over the object to say what belongs to it.")
        else:
            ratio = self.bench.pixel_ratio
            self._layer.show(lambda viewport: draw_selection(selection, viewport, ratio), drawing)
        if self._commit_wanted:
            self._commit()

    def _commit(self) -> None:
        cutting = self._cutting
        if cutting is None:
            return
        if not cutting.is_answered:
            self._commit_wanted = True
            return
        self.cancel()
        what = "cut-out" if cutting.value != UNLABELLED else "erasing"
        self.paint_selection(cutting.selection, cutting.value, what)

    def _settle(self) -> None:
        """Paint what a person asked to be painted, waiting for the answer if it is not there yet."""
        cutting, picture = self._cutting, self.bench.picture
        if self._commit_wanted and cutting is not None and picture is not None and not picture.is_preview:
            found = cut(picture.pixels, cutting.box, tuple(cutting.strokes), self.bench.viewport.image)
            cutting.take(len(cutting.strokes), found)
            self._commit()

    def _box(self) -> Rect | None:
        """The whole pixels under the box that is being dragged, or was."""
        if self._corner is None:
            return self._cutting.box if self._cutting is not None else None
        (ax, ay), (bx, by) = self._corner, self._opposite
        x, y = floor(min(ax, bx)), floor(min(ay, by))
        return Rect(x, y, max(1, ceil(max(ax, bx)) - x), max(1, ceil(max(ay, by)) - y)).clipped(
            *self.bench.viewport.image
        )

    # -- drawing ------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        cutting, ratio = self._cutting, self.bench.pixel_ratio
        if cutting is not None:
            self._layer.paint(painter, selection_colors(self.color(cutting.value)))
            unanswered = [] if cutting.is_answered else cutting.strokes[-1:]
            held = [self._stroke] if self._stroke is not None else []
            paint_strokes(painter, [*unanswered, *held], self.bench.viewport)
        box = self._box()
        if box is not None:
            paint_box(painter, box_area(box, self.bench.viewport), ratio)
            if cutting is not None and not cutting.is_answered:
                paint_chip(painter, box_area(box, self.bench.viewport).topLeft(), "Cutting out…", ratio)
        if cutting is not None and self._at is not None:
            self._outline().paint(painter, QPointF(*self.bench.viewport.to_view(*self._at)))

    def _outline(self) -> BrushOutline:
        look = (self.bench.choices.brush_size * self.bench.viewport.scale / 2, self.bench.pixel_ratio)
        kept = self._outline_kept
        if kept is None or (kept.radius, kept.pixel_ratio) != look:
            kept = self._outline_kept = BrushOutline(*look)
        return kept

    def _follow(self, pointer: Pointer) -> None:
        self._repaint_outline()
        self._at = (pointer.x, pointer.y)
        self._repaint_outline()

    def _repaint_outline(self) -> None:
        if self._at is not None and self._cutting is not None:
            for area in self._outline().areas(QPointF(*self.bench.viewport.to_view(*self._at))):
                self.bench.repaint_soon(area)

    def _repaint_box(self) -> None:
        """Its four sides and the words above it, not what lies inside."""
        box = self._box()
        if box is None:
            return
        for area in box_sides(box_area(box, self.bench.viewport), self.bench.pixel_ratio):
            self.bench.repaint_soon(area)

    def _repaint_stroke(self, stroke: Stroke) -> None:
        self.bench.repaint_soon(stroke_area(stroke, self.bench.viewport))


def _find(
    picture: Picture, box: Rect, strokes: tuple[Stroke, ...], viewport: Viewport, ratio: float
) -> tuple[Selection | None, Drawing | None]:
    """For a background thread."""
    return _draw(cut(picture.pixels, box, strokes, viewport.image), viewport, ratio)


def _draw(selection: Selection | None, viewport: Viewport, ratio: float) -> tuple[Selection | None, Drawing | None]:
    return selection, draw_selection(selection, viewport, ratio) if selection is not None else None


def _sketch(cutting: Cutting) -> Sketch:
    box = cutting.box
    corners = ((float(box.x), float(box.y)), (float(box.right), float(box.bottom)))
    return Sketch(corners, value=cutting.value, strokes=tuple(cutting.strokes))
