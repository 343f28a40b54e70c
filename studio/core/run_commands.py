"""Commands to a run from a program that did not start it: lines in a file of the run's folder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from studio.core.commands import Command, StartProposals, StartRun, decode_command, encode_command

COMMANDS_FILE: Final = "commands.jsonl"

LOOK_SECONDS: Final = 0.5


def tell_run(folder: Path, command: Command) -> None:
    """Ask the process that carries out the run in `folder`; nothing comes of it where there is none. What cannot be
    written is left: who asks sees that the run does not answer."""
    with contextlib.suppress(OSError), (folder / COMMANDS_FILE).open("ab") as file:
        file.write(encode_command(command))


def told_commands(folder: Path, *, until: threading.Event, every: float = LOOK_SECONDS) -> Iterator[Command]:
    """What others ask of the run from now on, until `until` is set. Looks at the file's size every so many seconds."""
    path = folder / COMMANDS_FILE
    place = _size(path)
    while not until.wait(every):
        size = _size(path)
        if size <= place:
            place = size
            continue
        with path.open("rb") as file:
            file.seek(place)
            lines = file.read(size - place)
        whole = lines.rfind(b"\n") + 1
        place += whole
        for line in lines[:whole].splitlines():
            with contextlib.suppress(msgspec.DecodeError):
                command = decode_command(line)
                if not isinstance(command, StartRun | StartProposals):
                    yield command


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
