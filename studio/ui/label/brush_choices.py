"""What brush and eraser can be told beside their size: the shape of each, and what a pen's pressure does."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.sweep import BrushShape

_FIRST_SHARE: Final = 0.2


class BrushChoices(QObject):
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shapes: dict[str, BrushShape] = {}
        self._follows_pressure = True
        self._smallest_share = _FIRST_SHARE
        self._pen_was_seen = False

    def shape_of(self, tool: str) -> BrushShape:
        """Remembered for each tool; round at first."""
        return self._shapes.get(tool, BrushShape.ROUND)

    def set_shape(self, tool: str, shape: BrushShape) -> None:
        if shape is not self.shape_of(tool):
            self._shapes[tool] = shape
            self.changed.emit()

    def toggle_shape(self, tool: str) -> None:
        is_round = self.shape_of(tool) is BrushShape.ROUND
        self.set_shape(tool, BrushShape.SQUARE if is_round else BrushShape.ROUND)

    @property
    def pen_was_seen(self) -> bool:
        """Whether a pen has touched this window; what concerns pens is offered from then on."""
        return self._pen_was_seen

    def note_pen(self) -> None:
        if not self._pen_was_seen:
            self._pen_was_seen = True
            self.changed.emit()

    @property
    def follows_pressure(self) -> bool:
        return self._follows_pressure

    def follow_pressure(self, follows: bool) -> None:
        if follows != self._follows_pressure:
            self._follows_pressure = follows
            self.changed.emit()

    @property
    def smallest_share(self) -> float:
        """Of the brush's size, 0–1: what the lightest touch paints with."""
        return self._smallest_share

    def set_smallest_share(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._smallest_share:
            self._smallest_share = share
            self.changed.emit()

    def diameter(self, size: int, pressure: float | None) -> int:
        """Of a brush of `size` pixels under a pen's pressure, 0–1; None is a mouse, which has none."""
        if pressure is None or not self._follows_pressure:
            return size
        share = self._smallest_share + (1 - self._smallest_share) * min(max(pressure, 0.0), 1.0)
        return max(1, round(size * share))
