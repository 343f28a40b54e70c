"""What the tools that draw outlines can be told, and whether one of them waits to be painted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class OutlineChoices(QObject):
    changed = Signal()
    paint_wanted = Signal()
    """The person wants what is pending painted."""
    give_up_wanted = Signal()
    """The person wants what is pending gone."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paints_at_once = False
        self._is_pending = False

    @property
    def paints_at_once(self) -> bool:
        """Whether letting go of lasso, rectangle or ellipse paints it, rather than leaving it to be adjusted."""
        return self._paints_at_once

    def paint_at_once(self, at_once: bool) -> None:
        if at_once != self._paints_at_once:
            self._paints_at_once = at_once
            self.changed.emit()

    @property
    def is_pending(self) -> bool:
        """Whether the tool in use has an outline that is not painted yet."""
        return self._is_pending

    def set_pending(self, pending: bool) -> None:
        if pending != self._is_pending:
            self._is_pending = pending
            self.changed.emit()
