"""What polygon and lasso share: corners that are dragged, inserted and taken away."""

from __future__ import annotations

from math import hypot
from typing import ClassVar, Final

from studio.core.raster import XY
from studio.ui.label.tools.angles import at_round_angle
from studio.ui.label.tools.base import Pointer
from studio.ui.label.tools.outline_tool import OutlineTool
from studio.ui.label.tools.outlines import Corners, Outline

_SHORTEST_SPLIT: Final = 44.0
"""Logical pixels of an edge from which on a handle in its middle has room."""


class CornerTool(OutlineTool):
    fewest: ClassVar[int]
    """Corners that an outline cannot lose."""

    def remove(self, outline: Outline, handle: int) -> None:
        assert isinstance(outline, Corners)
        if len(outline.handles) <= self.fewest:
            self.bench.hint(f"An outline needs at least {self.fewest} corners; Esc gives it up.")
        else:
            rest = outline.without(handle)
            self.change(rest if rest.handles else None)

    def place(self, outline: Outline, handle: int, pointer: Pointer) -> Outline:
        return outline.moved(handle, self.aimed(pointer, outline.handles[handle - 1]))

    def aimed(self, pointer: Pointer, before: XY) -> XY:
        """Where the pointer puts a corner: with Shift at a multiple of 45 degrees from the one before."""
        here = (pointer.x, pointer.y)
        return at_round_angle(before, here) if pointer.shift else here

    def take_other_hold(self, outline: Outline, pointer: Pointer) -> bool:
        """In the middle of an edge a new corner begins."""
        assert isinstance(outline, Corners)
        edges = self._long_edges(outline)
        near = self.near([middle for _, middle in edges], pointer)
        if near is None or pointer.erase or pointer.ctrl:
            return False
        before, middle = edges[near]
        self.change(outline.inserted(before, middle))
        self.grip(before, pointer)
        return True

    def middles(self, outline: Outline) -> list[XY]:
        assert isinstance(outline, Corners)
        return [middle for _, middle in self._long_edges(outline)]

    def _long_edges(self, outline: Corners) -> list[tuple[int, XY]]:
        """Of each edge with room for another corner: which corner ends it, and its middle."""
        corners, found = outline.handles, []
        least = _SHORTEST_SPLIT * self.bench.pixel_ratio / self.bench.viewport.scale
        for end in range(0 if outline.is_complete else 1, len(corners)):
            (ax, ay), (bx, by) = corners[end - 1], corners[end]
            if hypot(bx - ax, by - ay) >= least:
                found.append((end or len(corners), ((ax + bx) / 2, (ay + by) / 2)))
        return found
