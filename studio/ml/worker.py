"""The engine's child process: it waits with torch loaded, carries out one run, and hears commands meanwhile."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from studio.core.commands import Command, Continue, Pause, StartRun, Stop, decode_command
from studio.core.events import RunEvent, encode_event
from studio.core.outcome import OutcomeKind
from studio.ml.control import Commands
from studio.ml.runner import carry_out
from studio.ml.warm_up import warm_up

LOW_PRIORITY: Final = 5
LOWEST_PRIORITY: Final = 10

EXIT_CODES: Final = {
    OutcomeKind.FINISHED: 0,
    OutcomeKind.STOPPED: 0,
    OutcomeKind.BAD_INPUT: 2,
}


def main() -> int:
    """Read one StartRun from standard input, carry the run out, return the exit code (0 done, 2 bad input, 1 failed).

    Events go, a JSON line each, to what standard output was at the start; whatever else writes to standard output (C
    libraries too) ends on standard error. End of input means that the window is gone: checkpoint and leave.
    """
    events = _private_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides and says Stop
    warm_up()
    commands = _lines(0)
    start = _read_start(commands)
    if start is None:
        return 0
    _lower_priority(start.reserve_cores)
    requests = Commands()
    threading.Thread(target=_hear, args=(commands, requests), name="commands", daemon=True).start()
    outcome = carry_out(
        Path(start.folder),
        resume=start.resume,
        device=start.device,
        reserve_cores=start.reserve_cores,
        commands=requests,
        emit=_PipeWriter(events),
    )
    return EXIT_CODES.get(outcome, 1)


def _private_stdout() -> int:
    """A file descriptor of the original standard output, which itself now leads to standard error."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return private


class _PipeWriter:
    """Writes events to a pipe. Raises OSError when nobody reads it any more, and the run goes on without it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, event: RunEvent) -> None:
        line = memoryview(encode_event(event))
        while line:
            line = line[os.write(self._descriptor, line) :]


def _lines(descriptor: int) -> Iterator[bytes]:
    """The lines of a pipe. Not through `sys.stdin`: a thread that still waits there holds a lock which the interpreter
    wants when it ends, and aborts without."""
    rest = b""
    while part := os.read(descriptor, 65536):
        *lines, rest = (rest + part).split(b"\n")
        yield from lines


def _read_start(commands: Iterator[bytes]) -> StartRun | None:
    """The first start; None at the end of input, which is how an unused spare worker ends."""
    for line in commands:
        command = _decode(line)
        if isinstance(command, StartRun):
            return command
    return None


def _hear(commands: Iterator[bytes], requests: Commands) -> None:
    for line in commands:
        command = _decode(line)
        if isinstance(command, Stop):
            requests.stop()
        elif isinstance(command, Pause):
            requests.pause()
        elif isinstance(command, Continue):
            requests.go_on()
    requests.leave()


def _decode(line: bytes) -> Command | None:
    try:
        return decode_command(line)
    except msgspec.DecodeError as error:
        sys.stderr.write(f"not a command, ignored: {line!r} ({error})\n")
        return None


def _lower_priority(reserve_cores: int) -> None:
    """The window comes first. An engine has already seen to it, before there were threads, each of which keeps the
    niceness it was born with on Linux; this is for a worker that was started by hand. Windows has no nice."""
    if hasattr(os, "nice"):
        os.nice(max((LOWEST_PRIORITY if reserve_cores > 0 else LOW_PRIORITY) - os.nice(0), 0))


if __name__ == "__main__":
    sys.exit(main())
