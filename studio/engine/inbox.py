"""What a run has said and nobody has read yet."""

from __future__ import annotations

import threading

from studio.core.events import RunEvent


class Inbox:
    """Events on their way from the thread that hears them to the one that reads them. Never blocks who puts."""

    def __init__(self) -> None:
        self._waiting: list[RunEvent] = []
        self._closed = False
        self._changed = threading.Condition()

    def put(self, event: RunEvent) -> None:
        with self._changed:
            self._waiting.append(event)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        """Everything that waits, oldest first; empty when nothing came within `timeout` seconds; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            if not self._waiting:
                return None if self._closed else []
            taken, self._waiting = self._waiting, []
            return taken
