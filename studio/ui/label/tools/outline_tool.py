"""What polygon, lasso, rectangle and ellipse share: how mouse and keyboard take hold of an outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from studio.core.raster import XY
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.outlines import Outline, encloses
from studio.ui.label.tools.sketch_tool import SketchTool

_CATCH: Final = 9.0
"""Logical pixels around a handle within which the mouse takes hold of it."""

_STIRS: Final = 2.0
"""Logical pixels from which on a press that moves is a drag."""

_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True, slots=True)
class _Grip:
    """What the mouse holds: a handle, or the whole outline (None), as it was at the press, and where that was."""

    handle: int | None
    held: Outline
    start: XY


class OutlineTool(SketchTool):
    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._grip: _Grip | None = None
        self._hovered: int | None = None
        self._selected: int | None = None

    # -- for the tools that are made of this --------------------------------------------------------------------------

    def begin(self, pointer: Pointer) -> None:
        """A press that takes hold of nothing: what is new starts here."""
        raise NotImplementedError

    def take_other_hold(self, outline: Outline, pointer: Pointer) -> bool:
        """A press beside the handles; says whether the tool made something of it."""
        return False

    def remove(self, outline: Outline, handle: int) -> None:
        """The person wants this handle gone."""

    def place(self, outline: Outline, handle: int, pointer: Pointer) -> Outline:
        """`outline` with its handle dragged to the pointer."""
        return outline.moved(handle, (pointer.x, pointer.y), even=pointer.shift, centred=pointer.ctrl or pointer.alt)

    def clicked(self, handle: int) -> None:
        """A handle was pressed and let go in its place."""

    def grip(self, handle: int | None, pointer: Pointer) -> None:
        """The mouse holds this handle, or the whole outline, until it lets go."""
        assert self._outline is not None
        self._grip = _Grip(handle, self._outline, (pointer.x, pointer.y))
        self._selected = handle

    def near(self, places: Sequence[XY], pointer: Pointer) -> int | None:
        """Which of some image points the pointer is on, None when on none."""
        away = [hypot(*self._from(place, pointer)) for place in places]
        nearest = min(range(len(away)), key=away.__getitem__, default=None)
        return nearest if nearest is not None and away[nearest] <= _CATCH * self.bench.pixel_ratio else None

    # -- what the canvas calls ----------------------------------------------------------------------------------------

    def wants_alt(self, pointer: Pointer) -> bool:
        return self._outline is not None and self.near(self._outline.handles, pointer) is not None

    def press(self, pointer: Pointer) -> None:
        if not self.may_paint(pointer):
            return
        outline = self._outline
        if outline is None:
            self.begin(pointer)
            return
        handle = self.near(outline.handles, pointer)
        if handle is not None and (pointer.alt or pointer.erase):
            self.remove(outline, handle)
        elif handle is not None:
            self.grip(handle, pointer)
        elif self.take_other_hold(outline, pointer):
            pass
        elif self._is_on(outline, pointer):
            self.grip(None, pointer)
        else:
            self.begin(pointer)
        self._repaint()

    def drag(self, pointer: Pointer) -> None:
        grip = self._grip
        if grip is None or self._outline is None:
            return
        stirs = hypot(*self._from(grip.start, pointer)) >= _STIRS * self.bench.pixel_ratio
        if self._outline is grip.held and not stirs:
            return
        if grip.handle is None:
            self._show(grip.held.shifted(pointer.x - grip.start[0], pointer.y - grip.start[1]))
        else:
            self._show(self.place(grip.held, grip.handle, pointer))

    def release(self, pointer: Pointer) -> None:
        grip, self._grip = self._grip, None
        if grip is None or self._outline is None:
            return
        if self._outline != grip.held:
            self._history.add(grip.held)
        elif grip.handle is not None:
            self.clicked(grip.handle)

    def double_click(self, pointer: Pointer) -> None:
        """The first click of the two has done its part already."""
        if self._outline is not None and not pointer.erase:
            self.finish()
        else:
            self.press(pointer)

    def hover(self, pointer: Pointer) -> None:
        hovered = self.near(self._outline.handles, pointer) if self._outline is not None else None
        if hovered != self._hovered:
            self._hovered = hovered
            self._repaint()

    def leave(self) -> None:
        self._hovered = None
        self._repaint()

    def cancel(self) -> bool:
        """A drag first, then everything."""
        grip, self._grip = self._grip, None
        if grip is not None and self._outline is not grip.held:
            self._show(grip.held)
            return True
        return super().cancel()

    def step_back(self) -> bool:
        return self.cancel() if self._grip is not None else super().step_back()

    def step_forward(self) -> bool:
        return self._grip is None and super().step_forward()

    def key(self, event: QKeyEvent) -> bool:
        outline = self._outline
        if outline is None or self._grip is not None:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._paint_outline(erase=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            last = len(outline.handles) - 1
            wanted = self._hovered if self._hovered is not None else self._selected
            at = last if event.key() == Qt.Key.Key_Backspace or wanted is None else wanted
            self.remove(outline, min(at, last))
        elif event.key() in _ARROWS:
            steps = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            dx, dy = (steps * way for way in _ARROWS[Qt.Key(event.key())])
            self.change(_nudged(outline, self._selected, dx, dy))
        else:
            return False
        return True

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def _marked(self) -> int | None:
        return self._hovered if self._grip is None else self._grip.handle

    def _show(self, outline: Outline | None) -> None:
        self._hovered = None
        super()._show(outline)

    def _drop(self) -> None:
        self._grip = self._selected = None
        super()._drop()

    def _is_on(self, outline: Outline, pointer: Pointer) -> bool:
        """Whether a press here moves the whole: inside what is complete, anywhere inside with Ctrl."""
        takes = (outline.is_complete and not pointer.erase) or pointer.ctrl
        return takes and encloses(outline.path, (pointer.x, pointer.y))

    def _from(self, place: XY, pointer: Pointer) -> XY:
        """How far the pointer is from an image point, in device pixels."""
        x, y = self.bench.viewport.to_view(*place)
        return x - pointer.device[0], y - pointer.device[1]


def _nudged(outline: Outline, handle: int | None, dx: float, dy: float) -> Outline:
    """With one handle moved, or the whole where none was touched."""
    if handle is None or handle >= len(outline.handles):
        return outline.shifted(dx, dy)
    x, y = outline.handles[handle]
    return outline.moved(handle, (x + dx, y + dy))
