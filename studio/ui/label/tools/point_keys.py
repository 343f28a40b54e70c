"""What keys do to the selected point: nudging it, its visibility, removing it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from studio.core.document import PointsDocument
from studio.core.points import Keypoint, Visibility
from studio.core.raster import XY
from studio.ui.label.tools.base import Bench

_NUDGES: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_LONG_NUDGE: Final = 10


class PointKeys:
    """They act on the selected point of the current instance, visibility else on the one that the next click places."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._nudging = False

    def key(self, event: QKeyEvent) -> bool:
        """Nudge; says whether the key was one for that."""
        document, key = self._bench.document, Qt.Key(event.key())
        if not isinstance(document, PointsDocument) or key not in _NUDGES:
            return False
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return self._nudge(document, _NUDGES[key], _LONG_NUDGE if far else 1)

    def key_released(self, event: QKeyEvent) -> None:
        if event.key() in _NUDGES:
            self.finish_nudge()

    def finish_nudge(self) -> None:
        document = self._bench.document
        if self._nudging and isinstance(document, PointsDocument):
            self._nudging = False
            document.commit()

    def forget(self) -> None:
        """The item is left; its edit is committed already."""
        self._nudging = False

    def _selected(self, document: PointsDocument) -> Keypoint | None:
        choices = self._bench.choices
        return document.points.get(choices.selected_point, choices.points.instance)

    def _nudge(self, document: PointsDocument, direction: tuple[int, int], step: int) -> bool:
        point = self._selected(document)
        if point is None:
            return False
        if not self._nudging:
            document.begin("nudging a point")
            self._nudging = True
        x, y = inside_picture(document, point.x + step * direction[0], point.y + step * direction[1])
        document.move(point.index, x, y, instance=point.instance)
        return True

    def cycle_visibility(self, document: PointsDocument, cursor: XY | None) -> None:
        """Visible, hidden, absent, round and round; `cursor` in image pixels."""
        self.finish_nudge()
        point = self._selected(document)
        if point is None:
            self.set_absent(document, cursor)
        else:
            document.set_visibility(point.index, point.visibility.next(), instance=point.instance)

    def set_absent(self, document: PointsDocument, cursor: XY | None) -> None:
        """The selected point, else the next one to place, is said not to be in the picture."""
        self.finish_nudge()
        choices = self._bench.choices
        point = self._selected(document)
        if point is not None:
            document.set_visibility(point.index, Visibility.ABSENT, instance=point.instance)
        elif choices.point >= 0:
            width, height = document.size
            x, y = inside_picture(document, *(cursor or (width / 2, height / 2)))
            instance = choices.points.instance
            document.place(Keypoint(index=choices.point, x=x, y=y, visibility=Visibility.ABSENT, instance=instance))

    def remove(self, document: PointsDocument) -> None:
        """Take the selected point away."""
        self.finish_nudge()
        choices = self._bench.choices
        if choices.selected_point >= 0:
            document.remove(choices.selected_point, instance=choices.points.instance)


def inside_picture(document: PointsDocument, x: float, y: float) -> XY:
    width, height = document.size
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
