"""Room on the disk for decoded pictures: files of sizes that nobody has trained at for long give way to new ones."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.ml.data.decoded_file import DecodedFile, locked, open_decoded

MOST_BYTES: Final = 32 * 2**30
"""Of all files of a project together."""

LEFT_FREE: Final = 2 * 2**30
"""Bytes of the disk that stay free for everything else."""

_USED_FILE: Final = "keys.bin"
"""Its time says when a file was last trained from."""

_FACTOR: Final = 2
"""A file that holds so many times what is wanted is mostly of pictures and labels that changed since, and begins
anew."""


def free_bytes(folder: Path) -> int:
    """Of the disk that `folder`, or what there is of its path, lies on. Raises OSError."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


class NoRoom(Exception):
    """Also with everything deleted that nobody trains from."""


def decoded_folder(run: Path) -> Path:
    """Where the run in a folder keeps decoded pictures: with its project, for the next run, or, where it is in none,
    with itself."""
    project = run.parent.parent
    return (project if (project / "studio.toml").is_file() else run) / ".cache" / "decoded"


@dataclass(frozen=True)
class DecodedRoom:
    """`folder` holds a folder for each split, size and kind of decoded pictures. `free` says how much the disk has
    left."""

    folder: Path
    split: str
    limit: int = MOST_BYTES
    free: Callable[[Path], int] = free_bytes

    def open(self, name: str, *, record_bytes: int, count: int) -> DecodedFile | None:
        """The split's file `name` with room for `count` records, older ones deleted where that makes the room; None
        while another process trains from it. Raises NoRoom, OSError."""
        needed = record_bytes * count
        own = self.folder / f"{self.split}-{name}"
        self._make_room(own, needed)
        file = open_decoded(own, record_bytes=record_bytes)
        if file is not None and file.bytes_on_disk > _FACTOR * needed:
            file.close()
            _delete(own)
            file = open_decoded(own, record_bytes=record_bytes)
        if file is not None:
            os.utime(own / _USED_FILE, (time.time(), time.time()))
        return file

    def has_space(self, more: int) -> bool:
        """Whether so many bytes can be written and the rest of the disk stays free."""
        return more <= 0 or self.free(self.folder) - more >= LEFT_FREE

    def _make_room(self, own: Path, needed: int) -> None:
        others = [other for other in self._by_use() if other != own]
        missing = needed - _bytes_in(own)  # once records that nobody needs any more have given way
        kept: list[Path] = []
        while not self._fits([*kept, *others], needed=needed, missing=missing):
            if not others:
                raise NoRoom
            if not _delete(oldest := others.pop(0)):
                kept.append(oldest)

    def _fits(self, others: list[Path], *, needed: int, missing: int) -> bool:
        held = sum(_bytes_in(other) for other in others)
        return held + needed <= self.limit and self.has_space(missing)

    def _by_use(self) -> list[Path]:
        """The one that was not used for longest first."""
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if path.is_dir()), key=_last_use)


def _last_use(folder: Path) -> float:
    try:
        return (folder / _USED_FILE).stat().st_mtime
    except OSError:
        return 0.0


def _bytes_in(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    total = 0
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may be deleting it
            total += path.stat().st_size
    return total


def _delete(folder: Path) -> bool:
    """False where somebody trains from it or it cannot be deleted."""
    try:
        lock = locked(folder)
        if lock is None:
            return False
        with lock:
            for path in folder.iterdir():
                if path.name != Path(lock.name).name:
                    path.unlink()
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    return True
