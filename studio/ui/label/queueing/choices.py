"""What the person has picked about the queue: which run's model chooses, and how many items."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.core.label_queue import QUEUE_PLACES


class QueueChoices(QObject):
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = ""
        self._places = QUEUE_PLACES

    @property
    def run(self) -> str:
        """A run's id; empty where none has learnt anything yet."""
        return self._run

    def choose_run(self, run: str) -> None:
        if run != self._run:
            self._run = run
            self.changed.emit()

    @property
    def places(self) -> int:
        return self._places

    def set_places(self, places: int) -> None:
        if places != self._places:
            self._places = places
            self.changed.emit()
