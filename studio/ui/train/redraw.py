"""Keeps pictures of what goes on up to date without ever holding the window up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

Job = Callable[[], object]

LEAST_REST_MS: Final = 33
MOST_REST_MS: Final = 300
_REST: Final = 4
"""A redraw is followed by a rest of so many times its own length: plots never take the window's time."""


class Redraw(QObject):
    """Each job gets a turn of the event loop for itself, in which what it drew is painted too, so that mouse and keys
    wait for one of them at most. However often a redraw is asked for, there is one at a time, and then a rest."""

    done = Signal()
    """All jobs have had their turn."""

    def __init__(self, jobs: Callable[[], Sequence[Job]], parent: QObject) -> None:
        """`jobs` gives those of the next redraw when it begins."""
        super().__init__(parent)
        self._jobs = jobs
        self._waiting: deque[Job] = deque()
        self._asked = False
        self._began_ms = self._rested_at_ms = 0.0
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._begin)
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._turn)

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked for has been drawn."""
        return not self._turns.isActive() and not self._rest.isActive()

    def ask(self) -> None:
        """Redraw soon."""
        if self._turns.isActive():
            self._asked = True
        elif not self._rest.isActive():
            self._rest.start(max(round(self._rested_at_ms - _now_ms()), 0))

    def anew(self) -> None:
        """Redraw from the next turn on; what was not yet drawn of a redraw that is under way is part of this one."""
        self._rest.stop()
        self._asked = False
        self._waiting.clear()
        self._begin()

    def _begin(self) -> None:
        self._began_ms = _now_ms()
        self._waiting.extend(self._jobs())
        self._turns.start()

    def _turn(self) -> None:
        if self._waiting:
            self._waiting.popleft()()
            return
        self._turns.stop()
        now = _now_ms()
        self._rested_at_ms = now + min(max(LEAST_REST_MS, _REST * (now - self._began_ms)), MOST_REST_MS)
        self.done.emit()
        if self._asked:
            self._asked = False
            self.ask()


def _now_ms() -> float:
    return 1000 * time.perf_counter()
