"""Point: place the project's keypoints one after the other, drag and nudge them, say how visible they are."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent

from studio.core.document import PointsDocument
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool

_CATCH: Final = 10.0
"""Logical pixels around a point within which a press takes hold of it."""

_NUDGES: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_LONG_NUDGE: Final = 10


class PointTool(Tool):
    name = ToolName.POINT
    usage = "Click places · drag moves · arrows nudge (Shift 10) · V: visible, hidden, absent · X: not in picture"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._held: Keypoint | None = None
        self._grip: XY = (0.0, 0.0)
        self._nudging = False
        self._hovered: XY | None = None

    @property
    def is_busy(self) -> bool:
        return self._held is not None

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        if pointer.erase or not isinstance(document, PointsDocument):
            return
        self._finish_nudge()
        held = self._point_at(document.points, pointer)
        if held is not None:
            document.begin("moving a point")
            self._grip = (held.x - pointer.x, held.y - pointer.y)
            self._hold(held)
        elif self.bench.choices.point >= 0:
            document.begin("placing a point")
            self._grip = (0.0, 0.0)
            self._hold(self._moved(document, Keypoint(index=self.bench.choices.point, x=0.0, y=0.0), pointer))
        else:
            self.bench.choices.select_point(-1)
            self.bench.hint(
                "All points are placed: drag one to move it."
                if self.bench.settings.keypoints
                else "This project has no keypoints yet: add one in the panel on the right."
            )

    def drag(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = self._moved(document, self._held, pointer)
            document.move(self._held.index, self._held.x, self._held.y, instance=self._held.instance)

    def release(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = None
            document.commit()

    def hover(self, pointer: Pointer) -> None:
        self._hovered = (pointer.x, pointer.y)

    def leave(self) -> None:
        self._hovered = None
        self._finish_nudge()

    def key(self, event: QKeyEvent) -> bool:
        document = self.bench.document
        if not isinstance(document, PointsDocument) or self.is_busy:
            return False
        key = Qt.Key(event.key())
        if key in _NUDGES:
            far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            return self._nudge(document, _NUDGES[key], _LONG_NUDGE if far else 1)
        if key == Qt.Key.Key_V:
            self._cycle_visibility(document)
        elif key == Qt.Key.Key_X:
            self._set_absent(document)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove(document)
        else:
            return False
        return True

    def key_released(self, event: QKeyEvent) -> None:
        if event.key() in _NUDGES:
            self._finish_nudge()

    def cancel(self) -> bool:
        document = self.bench.document
        if self._held is None or not isinstance(document, PointsDocument):
            return False
        self._held = None
        document.cancel()
        return True

    def item_left(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and document.is_editing:
            document.commit()
        self._held = None
        self._nudging = False

    def item_shown(self) -> None:
        self.bench.choices.select_point(-1)
        self.bench.choices.choose_point(-1)
        self.annotation_changed()

    def annotation_changed(self) -> None:
        """The next unplaced point is chosen by itself, unless the person has chosen one."""
        document = self.bench.document
        if not isinstance(document, PointsDocument):
            return
        choices, placed = self.bench.choices, {p.index for p in document.points.placed}
        number = len(self.bench.settings.keypoints)
        if choices.selected_point not in placed:
            choices.select_point(-1)
        if choices.point < 0 or choices.point in placed or choices.point >= number:
            start = max(choices.point, 0)
            free = (i % number for i in range(start, start + number) if i % number not in placed)
            choices.choose_point(next(free, -1))

    def _hold(self, point: Keypoint) -> None:
        document = self.bench.document
        assert isinstance(document, PointsDocument)
        self._held = point
        document.place(point)
        self.bench.choices.select_point(point.index)

    def _nudge(self, document: PointsDocument, direction: tuple[int, int], step: int) -> bool:
        point = document.points.get(self.bench.choices.selected_point)
        if point is None:
            return False
        if not self._nudging:
            document.begin("nudging a point")
            self._nudging = True
        x, y = _inside(document, point.x + step * direction[0], point.y + step * direction[1])
        document.move(point.index, x, y, instance=point.instance)
        return True

    def _finish_nudge(self) -> None:
        document = self.bench.document
        if self._nudging and isinstance(document, PointsDocument):
            self._nudging = False
            document.commit()

    def _cycle_visibility(self, document: PointsDocument) -> None:
        self._finish_nudge()
        point = document.points.get(self.bench.choices.selected_point)
        if point is None:
            self._set_absent(document)
        else:
            document.set_visibility(point.index, point.visibility.next(), instance=point.instance)

    def _set_absent(self, document: PointsDocument) -> None:
        """The selected point, else the next one to place, is said not to be in the picture."""
        self._finish_nudge()
        choices = self.bench.choices
        point = document.points.get(choices.selected_point)
        if point is not None:
            document.set_visibility(point.index, Visibility.ABSENT, instance=point.instance)
        elif choices.point >= 0:
            width, height = document.size
            x, y = _inside(document, *(self._hovered or (width / 2, height / 2)))
            document.place(Keypoint(index=choices.point, x=x, y=y, visibility=Visibility.ABSENT))

    def _remove(self, document: PointsDocument) -> None:
        self._finish_nudge()
        selected = self.bench.choices.selected_point
        if selected < 0:
            return
        document.remove(selected)
        self.bench.choices.choose_point(selected)

    def _point_at(self, points: Points, pointer: Pointer) -> Keypoint | None:
        """The nearest point within reach; absent ones cannot be taken hold of."""
        reach = _CATCH * self.bench.pixel_ratio

        def away(point: Keypoint) -> float:
            x, y = self.bench.viewport.to_view(point.x, point.y)
            return hypot(x - pointer.device[0], y - pointer.device[1])

        near = [p for p in points.placed if p.visibility is not Visibility.ABSENT and away(p) <= reach]
        return min(near, key=away, default=None)

    def _moved(self, document: PointsDocument, point: Keypoint, pointer: Pointer) -> Keypoint:
        x, y = _inside(document, pointer.x + self._grip[0], pointer.y + self._grip[1])
        return Keypoint(index=point.index, x=x, y=y, visibility=point.visibility, instance=point.instance)

    def refresh(self) -> None:
        self.bench.repaint_soon(QRectF(0, 0, *self.bench.viewport.view))


def _inside(document: PointsDocument, x: float, y: float) -> XY:
    width, height = document.size
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
