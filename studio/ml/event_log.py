"""`events.jsonl`: what a run says, appended line by line. The file is the truth; whoever listens gets a copy."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from studio.core.events import RunEvent, encode_event

EVENTS_FILE: Final = "events.jsonl"

Listener = Callable[[RunEvent], None]


class EventSink(Protocol):
    """Where what happens is said: a run's log, or whatever else listens."""

    def emit(self, event: RunEvent) -> None: ...


class RunLog(EventSink, Protocol):
    """A sink that is the truth about a run."""

    def sync(self) -> None:
        """Bring all that was said to the disk."""
        ...


class EventLog:
    """Appends events to the file of one run; may be used from several threads.

    A listener that raises OSError (its pipe is closed: the window is gone) is dropped, and the run goes on.
    """

    def __init__(self, folder: Path, listener: Listener | None = None) -> None:
        path = folder / EVENTS_FILE
        _drop_torn_line(path)
        self._file = path.open("ab")
        self._lock = threading.Lock()
        self._listener = listener

    def emit(self, event: RunEvent) -> None:
        """Stamp the event with the time, write it and hand it on."""
        event = msgspec.structs.replace(event, time=time.time())
        with self._lock:
            self._file.write(encode_event(event))
            self._file.flush()
            self._tell(event)

    def sync(self) -> None:
        """Bring all lines to the disk."""
        with self._lock:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _tell(self, event: RunEvent) -> None:
        if self._listener is None:
            return
        try:
            self._listener(event)
        except OSError:
            self._listener = None


def _drop_torn_line(path: Path) -> None:
    """A run that was killed while it wrote leaves half a line; a resumed run must not append to that half."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        text = file.read()
        whole = text.rfind(b"\n") + 1
        if whole != len(text):
            file.truncate(whole)
