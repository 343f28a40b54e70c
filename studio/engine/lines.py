"""Lines into events: what a newer worker says, and what should never have been in the stream, stops nothing."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from studio.core.events import RunEvent, Warned, decode_event

_EVENT_BEGINS: Final = b'{"event":"'


class _Tagged(msgspec.Struct):
    event: str


class EventLines:
    """Reads the lines of one run, one after the other.

    An event of a kind that this version does not know, or one that lost its meaning, becomes a `Warned`, once a kind.
    Text around an event (a library printed in between, or a crash tore the line before) is dropped.
    """

    def __init__(self) -> None:
        self._warned_of: set[str] = set()

    def read(self, line: bytes) -> RunEvent | None:
        """The event of a line, a warning in its place, or None where there is nothing to tell."""
        begin = line.rfind(_EVENT_BEGINS)
        if begin < 0:
            return None
        line = line[begin:].strip()
        try:
            return decode_event(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return self._warn(line, error)

    def _warn(self, line: bytes, error: Exception) -> Warned | None:
        try:
            kind = msgspec.json.decode(line, type=_Tagged).event
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # torn
        if kind in self._warned_of:
            return None
        self._warned_of.add(kind)
        return Warned(
            time=time.time(),
            sentence=f"This program cannot show the run's “{kind}” events ({error}); "
            "a newer version may have written them.",
        )
