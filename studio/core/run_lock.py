"""Which process carries a run out: a lock of the operating system on a file in the run's folder.

The system lets it go however the process ends, so nothing is left behind that would have to be judged by its age.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO, Final

from studio.core.errors import RunIsTaken
from studio.core.file_lock import TAKEN, lock_file, unlock_file

LOCK_FILE: Final = "worker.lock"

_TRY_SECONDS: Final = 1.0
"""Who only looks holds the lock for a moment too."""

_START_SECONDS: Final = 60.0
"""How long after its announcement a worker may take to load PyTorch and take the lock."""


def announce_run(folder: Path) -> None:
    """Say that a process is about to carry the run out; what cannot be written is left, the lock itself counts."""
    with contextlib.suppress(OSError):
        (folder / LOCK_FILE).touch()


@contextlib.contextmanager
def holding_run(folder: Path) -> Generator[None]:
    """Be the one process that carries out the run in `folder`. Raises RunIsTaken while another one does, OSError where
    the file cannot be made. On a file system without locks nobody is kept out."""
    with (folder / LOCK_FILE).open("ab") as file:
        locked = _take(file, folder)
        try:
            _leave_word(file)
            yield
        finally:
            if locked:
                unlock_file(file)


def holder_of(folder: Path) -> int | None:
    """The id of the process that carries out the run in `folder` now; None where nobody does or it left no word."""
    if is_held(folder) is not True:
        return None
    try:
        return int((folder / LOCK_FILE).read_bytes())
    except (OSError, ValueError):
        return None


def is_held(folder: Path) -> bool | None:
    """Whether a process carries out the run in `folder` now; None where that cannot be told, because none has ever
    taken it or the file system knows no locks."""
    try:
        with (folder / LOCK_FILE).open("rb") as file:
            lock_file(file, shared=True)
            unlock_file(file)
    except OSError as error:
        return True if error.errno in TAKEN else None
    return False


def is_starting(folder: Path, last_word: float) -> bool:
    """Whether a process was announced that may not have taken the run yet. `last_word` is when the run last said
    something, in seconds since the epoch."""
    try:
        announced = (folder / LOCK_FILE).stat().st_mtime
    except OSError:
        return False
    return announced > last_word and time.time() - announced < _START_SECONDS


def _leave_word(file: BinaryIO) -> None:
    """Who it is; where that cannot be written, the lock still counts."""
    with contextlib.suppress(OSError):
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()


def _take(file: BinaryIO, folder: Path) -> bool:
    deadline = time.monotonic() + _TRY_SECONDS
    while True:
        try:
            lock_file(file, shared=False)
        except OSError as error:
            if error.errno not in TAKEN:
                return False
            if time.monotonic() > deadline:
                raise RunIsTaken(folder) from error
            time.sleep(0.02)
        else:
            return True
