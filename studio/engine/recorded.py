"""A run as its folder tells it: `events.jsonl` is the truth, during the run and ever after."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from studio.core.events import Failed, Finished, RunEvent
from studio.engine.lines import EventLines

EVENTS_FILE: Final = "events.jsonl"


def replay(folder: Path) -> Iterator[RunEvent]:
    """All events that the run in `folder` has recorded; none when it has not said anything.

    A line that a crash tore off, last or in the middle, is left out.
    """
    path = folder / EVENTS_FILE
    if not path.exists():
        return
    lines = EventLines()
    with path.open("rb") as file:
        for line in file:
            event = lines.read(line)
            if event is not None:
                yield event


def follow(folder: Path, *, stop: threading.Event, every: float = 0.2) -> Iterator[RunEvent]:
    """Events of a run that another process carries out: those recorded so far, then each as it is written.

    Looks every `every` seconds. Ends when `stop` is set, or when the record ends with `Finished` or `Failed`.
    """
    path = folder / EVENTS_FILE
    while not path.exists():
        if stop.wait(every):
            return
    lines = EventLines()
    with path.open("rb") as file:
        last: RunEvent | None = None
        while not stop.is_set():
            line = whole_line(file)
            if line is not None:
                event = lines.read(line)
                if event is not None:
                    last = event
                    yield event
            elif isinstance(last, Finished | Failed):
                return
            else:
                stop.wait(every)


def whole_line(file: BinaryIO) -> bytes | None:
    """The next line, or None while its end is not written; the file then stays where it was."""
    begin = file.tell()
    line = file.readline()
    if line.endswith(b"\n"):
        return line
    file.seek(begin)
    return None
