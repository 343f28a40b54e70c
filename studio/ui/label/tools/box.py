"""Rectangle and ellipse: drag one, adjust it by its handles, paint it."""

from __future__ import annotations

from typing import ClassVar

from studio.core.raster import XY
from studio.core.sketches import Sketch
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.outline_tool import OutlineTool
from studio.ui.label.tools.outlines import Box, Outline, box_between


class RectangleTool(OutlineTool):
    name = ToolName.RECTANGLE
    usage: ClassVar[str] = (
        "Drag a rectangle, right-drag takes away · Shift: square · Ctrl: from the middle · then drag its handles ·"
        " Enter, double click or the next one: paint · Esc: give up"
    )
    what = "rectangle"
    is_ellipse: ClassVar[bool] = False

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._anchor: XY | None = None
        self._erases = False

    def sketch_of(self, outline: Outline) -> Sketch:
        """Its top left and its bottom right corner."""
        return Sketch((outline.handles[0], outline.handles[4]), outline.erase)

    def outline_of(self, sketch: Sketch) -> Box | None:
        if len(sketch.points) != 2:
            return None
        bounds = box_between(*sketch.points, even=False, centred=False)
        is_there = bounds.width > 0 and bounds.height > 0
        return Box(bounds, is_ellipse=self.is_ellipse, erase=sketch.erase) if is_there else None

    def begin(self, pointer: Pointer) -> None:
        self.finish()
        self._anchor = (float(round(pointer.x)), float(round(pointer.y)))
        self._erases = pointer.erase

    def drag(self, pointer: Pointer) -> None:
        if self._anchor is None:
            super().drag(pointer)
            return
        here = (pointer.x, pointer.y)
        bounds = box_between(self._anchor, here, even=pointer.shift, centred=pointer.ctrl or pointer.alt)
        is_there = bounds.width > 0 and bounds.height > 0
        self._show(Box(bounds, is_ellipse=self.is_ellipse, erase=self._erases) if is_there else None)

    def release(self, pointer: Pointer) -> None:
        if self._anchor is None:
            super().release(pointer)
            return
        self._anchor = None
        if self._outline is None:
            return
        self._history.add(None)
        if self.bench.choices.outline.paints_at_once:
            self.finish()

    def remove(self, outline: Outline, handle: int) -> None:
        """A box has no handle to spare: it goes as a whole."""
        self.change(None)

    def cancel(self) -> bool:
        self._anchor = None
        return super().cancel()

    def step_back(self) -> bool:
        return self.cancel() if self._anchor is not None else super().step_back()

    def item_left(self) -> None:
        self._anchor = None
        super().item_left()


class EllipseTool(RectangleTool):
    name = ToolName.ELLIPSE
    usage = (
        "Drag an ellipse, right-drag takes away · Shift: circle · Ctrl: from the middle · then drag its handles ·"
        " Enter, double click or the next one: paint · Esc: give up"
    )
    what = "ellipse"
    is_ellipse = True
