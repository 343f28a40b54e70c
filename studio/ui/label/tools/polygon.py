"""Polygon: click the corners of a region."""

from __future__ import annotations

from studio.core.raster import XY
from studio.core.sketches import Sketch
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.corner_tool import CornerTool
from studio.ui.label.tools.outlines import Corners, Outline


class PolygonTool(CornerTool):
    name = ToolName.POLYGON
    usage = (
        "Click corners, drag them, drag an edge's middle · right-click: take away · Shift: 45° · Enter or double click:"
        " paint · Backspace, {undo}: back · Esc: give up"
    )
    what = "polygon"
    fewest = 0

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._cursor: XY | None = None

    @property
    def corners(self) -> list[XY]:
        """What has been clicked so far, in image pixels."""
        return list(self._outline.handles) if self._outline is not None else []

    def begin(self, pointer: Pointer) -> None:
        """Beside the corners that there are, another one is added; the button of the first says whether it paints."""
        outline = self._outline
        if outline is None:
            self.change(Corners(((pointer.x, pointer.y),), erase=pointer.erase))
        elif pointer.erase and not outline.erase:
            return
        else:
            assert isinstance(outline, Corners)
            last = len(outline.handles)
            self.change(outline.inserted(last, self.aimed(pointer, outline.handles[-1])))
        self._cursor = None
        self.grip(len(self.corners) - 1, pointer)

    def clicked(self, handle: int) -> None:
        if handle == 0 and len(self.corners) >= 3:
            self.finish()

    def hover(self, pointer: Pointer) -> None:
        super().hover(pointer)
        if self._outline is not None:
            self._repaint()
            on_corner = self._hovered is not None
            self._cursor = None if on_corner else self.aimed(pointer, self._outline.handles[-1])
            self._repaint()

    def leave(self) -> None:
        super().leave()
        self._cursor = None

    def outline_of(self, sketch: Sketch) -> Corners | None:
        return Corners(sketch.points, erase=sketch.erase) if sketch.points else None

    def shown_path(self, outline: Outline) -> list[XY]:
        return [*outline.path, *([self._cursor] if self._cursor is not None else [])]
