"""The engine's child process: it waits with torch loaded, carries out one run, and hears commands meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from studio.core.commands import AddEpoch, Command, Continue, LetGo, LowerRate, Pause, StartProposals, StartRun, Stop
from studio.core.outcome import OutcomeKind
from studio.core.run_commands import told_commands
from studio.core.worker_pipes import PipeWriter, commands_from, read_start, take_over_pipes
from studio.ml.control import Commands
from studio.ml.propose import propose
from studio.ml.runner import carry_out
from studio.ml.warm_up import warm_up

LOG_FILE: Final = "worker.log"
"""Where the engine, too, keeps what a worker says on standard error."""

LOW_PRIORITY: Final = 5
LOWEST_PRIORITY: Final = 10

EXIT_CODES: Final = {
    OutcomeKind.FINISHED: 0,
    OutcomeKind.STOPPED: 0,
    OutcomeKind.BAD_INPUT: 2,
}


def main() -> int:
    """Read one start from standard input, carry it out, return the exit code (0 done, 2 bad input, 1 failed).

    Events go, a JSON line each, to what standard output was at the start.
    """
    emit = take_over_pipes()
    warm_up()
    commands = commands_from(0)
    start = read_start(commands)
    if start is None:
        return 0
    _lower_priority(start.reserve_cores)
    requests = Commands()
    folder, ended = Path(start.folder), threading.Event()
    threading.Thread(target=_hear, args=(commands, requests, emit, folder), name="commands", daemon=True).start()
    threading.Thread(target=_hear_others, args=(folder, requests, ended), name="others", daemon=True).start()
    try:
        return EXIT_CODES.get(_carry_out(start, requests, emit), 1)
    finally:
        ended.set()


def _carry_out(start: StartRun | StartProposals, requests: Commands, emit: PipeWriter) -> OutcomeKind:
    folder = Path(start.folder)
    if isinstance(start, StartProposals):
        return propose(folder, device=start.device, reserve_cores=start.reserve_cores, commands=requests, emit=emit)
    return carry_out(
        folder,
        resume=start.resume,
        device=start.device,
        reserve_cores=start.reserve_cores,
        commands=requests,
        emit=emit,
    )


def _hear(commands: Iterator[Command], requests: Commands, emit: PipeWriter, folder: Path) -> None:
    """Until the end of input, at which a run leaves that was not let go."""
    was_let_go = False
    for command in commands:
        if isinstance(command, LetGo):
            emit.let_go(folder / LOG_FILE)
            was_let_go = True
        else:
            _obey(command, requests)
    if not was_let_go:
        requests.leave()


def _hear_others(folder: Path, requests: Commands, ended: threading.Event) -> None:
    for command in told_commands(folder, until=ended):
        _obey(command, requests)


def _obey(command: Command, requests: Commands) -> None:
    if isinstance(command, Stop):
        requests.stop()
    elif isinstance(command, Pause):
        requests.pause()
    elif isinstance(command, Continue):
        requests.go_on()
    elif isinstance(command, LowerRate | AddEpoch):
        requests.ask(command)


def _lower_priority(reserve_cores: int) -> None:
    """The window comes first. An engine has already seen to it, before there were threads, each of which keeps the
    niceness it was born with on Linux; this is for a worker that was started by hand. Windows has no nice."""
    if hasattr(os, "nice"):
        os.nice(max((LOWEST_PRIORITY if reserve_cores > 0 else LOW_PRIORITY) - os.nice(0), 0))


if __name__ == "__main__":
    sys.exit(main())
