"""A worker's side of its pipes: commands come on standard input, events go to what standard output was at the start."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from studio.core.commands import Command, StartProposals, StartRun, decode_command
from studio.core.events import RunEvent, encode_event


class PipeWriter:
    """Writes events to a pipe. Raises OSError when nobody reads it any more, and the run goes on without it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, event: RunEvent) -> None:
        line = memoryview(encode_event(event))
        while line:
            line = line[os.write(self._descriptor, line) :]

    def let_go(self, log: Path) -> None:
        """Nobody will read the pipes any more: what goes to standard error is added to the file `log`, and events are
        in the run's own file anyway. Raises OSError."""
        with log.open("ab") as file:
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._descriptor)
        os.close(nowhere)


def take_over_pipes() -> PipeWriter:
    """The way for events: what standard output was at the start. Whatever else writes to standard output (C libraries
    too) ends on standard error. Ctrl+C reaches the whole group; the parent decides and says Stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return PipeWriter(private)


def commands_from(descriptor: int) -> Iterator[Command]:
    """The commands of a pipe until its end. Not through `sys.stdin`: a thread that still waits there holds a lock which
    the interpreter wants when it ends, and aborts without."""
    rest = b""
    while part := os.read(descriptor, 65536):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            command = _decode(line)
            if command is not None:
                yield command


def read_start(commands: Iterator[Command]) -> StartRun | StartProposals | None:
    """The first start; None at the end of input, which is how an unused spare worker ends."""
    return next((c for c in commands if isinstance(c, StartRun | StartProposals)), None)


def _decode(line: bytes) -> Command | None:
    try:
        return decode_command(line)
    except msgspec.DecodeError as error:
        sys.stderr.write(f"not a command, ignored: {line!r} ({error})\n")
        return None
