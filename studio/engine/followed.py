"""A run that another program carries out, or that this one let go: seen and steered through its folder."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from studio.core.commands import AddEpoch, Continue, LowerRate, Pause, Stop
from studio.core.events import Failed, Finished, RunEvent
from studio.core.kept_state import can_go_on
from studio.core.outcome import RunOutcome
from studio.core.run_commands import tell_run
from studio.core.run_lock import holder_of, is_held
from studio.engine.lines import EventLines
from studio.engine.outcomes import Asked, Ending, outcome_of
from studio.engine.recorded import EVENTS_FILE, whole_line

LOOK_SECONDS: Final = 0.2


class FollowedRun:
    """A `Run` whose events are read from its file, from the first one on. It has ended when nobody holds its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._lines = EventLines()
        self._place = 0
        self._final: Finished | Failed | None = None
        self._outcome: RunOutcome | None = None
        self._ended = threading.Event()
        self._asked = Asked.NOTHING

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def outcome(self) -> RunOutcome | None:
        return self._outcome

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            gone = self._ended.is_set() or is_held(self._folder) is False
            events = self._read()  # after looking, so that the last words of a process that left are not missed
            if events:
                return events
            if gone:
                self._end()
                return None
            left = LOOK_SECONDS if deadline is None else min(LOOK_SECONDS, deadline - time.monotonic())
            if left <= 0:
                return []
            time.sleep(left)

    def events(self) -> Iterator[RunEvent]:
        while (batch := self.take()) is not None:
            yield from batch

    def stop(self) -> None:
        tell_run(self._folder, Stop())

    def pause(self) -> None:
        tell_run(self._folder, Pause())

    def resume(self) -> None:
        tell_run(self._folder, Continue())

    def lower_rate(self, divisor: float = 3.0) -> None:
        tell_run(self._folder, LowerRate(divisor))

    def add_epoch(self) -> None:
        tell_run(self._folder, AddEpoch())

    def let_go(self) -> None:
        """It already belongs to nobody here."""

    def kill(self) -> None:
        holder = holder_of(self._folder)
        if holder is not None:
            self._asked = Asked.KILL
            with contextlib.suppress(OSError):
                os.kill(holder, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> RunOutcome | None:
        """Only while somebody takes the events."""
        self._ended.wait(timeout)
        return self._outcome

    def _read(self) -> list[RunEvent]:
        events: list[RunEvent] = []
        with contextlib.suppress(FileNotFoundError), (self._folder / EVENTS_FILE).open("rb") as file:
            file.seek(self._place)
            while (line := whole_line(file)) is not None:
                event = self._lines.read(line)
                if event is not None:
                    self._final = event if isinstance(event, Finished | Failed) else None
                    events.append(event)
            self._place = file.tell()
        return events

    def _end(self) -> None:
        if self._outcome is None:
            self._outcome = outcome_of(
                Ending(
                    exit_code=0,
                    final=self._final,
                    has_checkpoint=can_go_on(self._folder),
                    asked=self._asked,
                )
            )
        self._ended.set()
