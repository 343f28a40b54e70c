"""What the person has picked about proposals: which model makes them, for how many items, and what they may replace."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.proposals import FROM_STROKES
from studio.core.settings import Task

_FIRST_AHEAD: Final = 10


class ProposalChoices(QObject):
    changed = Signal()

    def __init__(self, task: Task, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = FROM_STROKES if task is Task.SEGMENTATION else ""
        self._ahead = _FIRST_AHEAD
        self._replaces = False

    @property
    def source(self) -> str:
        """`FROM_STROKES`, or a run's id; empty when there is nothing to choose."""
        return self._source

    def choose_source(self, source: str) -> None:
        if source != self._source:
            self._source = source
            self.changed.emit()

    @property
    def ahead(self) -> int:
        """For how many items from the current one on proposals are made at a time."""
        return self._ahead

    def set_ahead(self, number: int) -> None:
        if number != self._ahead:
            self._ahead = number
            self.changed.emit()

    @property
    def replaces(self) -> bool:
        """Whether accepting changes what is labelled already, instead of filling only what is not."""
        return self._replaces

    def set_replaces(self, replaces: bool) -> None:
        if replaces != self._replaces:
            self._replaces = replaces
            self.changed.emit()
