"""Plots that stand beside each other are painted anew one after the other, not all in one turn of the event loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget


class PaintTurns(QObject):
    """Gives one widget at a time the right to paint itself; whoever has to wait is asked to paint in a later turn.

    A bar that comes or goes over the plots resizes all of them at once. Mouse and keys then wait for one plot at most.
    """

    taken = Signal(object)
    """The widget that paints itself now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._taken = False
        self._waiting: dict[QWidget, None] = {}
        self._next_turn = QTimer(self, singleShot=True, interval=0)
        self._next_turn.timeout.connect(self._go_on)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for a turn."""
        return not self._waiting

    def take(self, widget: QWidget) -> bool:
        """Whether `widget` may paint itself now; else it gets an `update` when its turn has come."""
        if self._taken:
            self._waiting[widget] = None
            return False
        self._taken = True
        self._waiting.pop(widget, None)
        self._next_turn.start()
        self.taken.emit(widget)
        return True

    def _go_on(self) -> None:
        self._taken = False
        if self._waiting:
            widget = next(iter(self._waiting))
            del self._waiting[widget]
            widget.update()
            self._next_turn.start()
