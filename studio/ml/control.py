"""What a person asks of a run while it works: stop, pause, continue, leave, or change what is still to come."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable

from studio.core.commands import AddEpoch, LowerRate

Change = LowerRate | AddEpoch


class Request(enum.Enum):
    """Stop: keep what was learnt and score it. Leave: write a checkpoint and go at once, nobody waits for scores."""

    STOP = "stop"
    LEAVE = "leave"


class StopRequested(Exception):
    """Ends the training loop between two batches."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.value)
        self.request = request


class Commands:
    """The requests so far; written by the thread that hears them, read by the one that trains."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._request: Request | None = None
        self._paused = False
        self._changes: list[Change] = []

    def stop(self) -> None:
        self._ask(Request.STOP)

    def leave(self) -> None:
        self._ask(Request.LEAVE)

    def pause(self) -> None:
        with self._changed:
            self._paused = True

    def go_on(self) -> None:
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def ask(self, change: Change) -> None:
        """Changes are carried out in the order in which they are asked for."""
        with self._changed:
            self._changes.append(change)
            self._changed.notify_all()

    def take_changes(self) -> list[Change]:
        """Those that nobody has taken yet."""
        with self._changed:
            changes, self._changes = self._changes, []
        return changes

    @property
    def request(self) -> Request | None:
        return self._request

    @property
    def paused(self) -> bool:
        return self._paused and self._request is None

    def check(self) -> None:
        """Raises StopRequested when somebody asked to stop or leave."""
        if self._request is not None:
            raise StopRequested(self._request)

    def check_leaving(self) -> None:
        """Raises StopRequested when nobody waits for the rest any more."""
        if self._request is Request.LEAVE:
            raise StopRequested(self._request)

    def wait_while_paused(
        self, *, on_pause: Callable[[], None], on_continue: Callable[[], None], on_change: Callable[[], None]
    ) -> None:
        """Returns at once unless paused; a stop ends a pause, a change is told of and the pause goes on."""
        if not self.paused:
            return
        on_pause()
        while self.paused:
            with self._changed:
                self._changed.wait_for(lambda: not self.paused or self._changes)
            on_change()
        on_continue()

    def _ask(self, request: Request) -> None:
        with self._changed:
            if self._request is not Request.LEAVE:
                self._request = request
            self._changed.notify_all()
