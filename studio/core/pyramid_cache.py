"""Where the tiles of huge pictures are kept between sessions, and how much of the disk they may take."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.pyramid import Layout

CACHE_BYTES: Final = 8 * 2**30
"""Disk that the tiles of one project's pictures may take; those that were shown longest ago go first."""

_INDEX: Final = "pyramid.json"
_ABANDONED_SECONDS: Final = 3600.0
"""After so long without a write, tiles that were never finished are nobody's."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What `pyramid.json` says once all tiles are there."""

    pixels: str
    """Name of the file of tiles."""
    width: int
    height: int
    orientation: int
    tile: int
    overview_side: int

    @property
    def layout(self) -> Layout:
        return Layout(self.width, self.height, self.tile, self.overview_side)


@dataclass(frozen=True)
class PyramidCache:
    """The folder `root` holds a folder a picture, named after the picture's path, modification time and size."""

    root: Path
    limit: int = CACHE_BYTES

    def folder_of(self, picture: Path) -> Path:
        """Raises OSError when the picture is not there."""
        status = picture.stat()
        name = f"{picture}|{status.st_mtime_ns}|{status.st_size}"
        return self.root / hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()

    def find(self, folder: Path) -> Finished | None:
        """The finished tiles in a picture's folder, which count as used now; None when they are still to be made."""
        try:
            finished = msgspec.json.decode((folder / _INDEX).read_bytes(), type=Finished)
        except (OSError, msgspec.MsgspecError):
            return None
        if not (folder / finished.pixels).is_file():
            return None
        with contextlib.suppress(OSError):  # a folder that cannot be written is used all the same
            os.utime(folder / _INDEX)
        return finished

    def finish(self, folder: Path, finished: Finished) -> None:
        """Say that all tiles are there. Raises CannotWrite."""
        write_atomically(folder / _INDEX, msgspec.json.encode(finished))

    def is_abandoned(self, file: Path) -> bool:
        """Whether nobody has written to it for so long that nobody will."""
        return time.time() - _modified(file) > _ABANDONED_SECONDS

    def prune(self, *keep: Path) -> None:
        """Delete abandoned tiles, and then the longest unused until the rest takes no more than the limit; `keep` are
        the folders in use, which stay also where they take more. For another thread: deleting much takes a while."""
        now = time.time()
        folders = [folder for folder in self._folders() if folder not in keep]
        for folder in [f for f in folders if not (f / _INDEX).exists() and now - _last_write(f) > _ABANDONED_SECONDS]:
            _delete(folder)
        used = sum(map(_bytes_in, keep))
        for folder in sorted(folders, key=_last_use, reverse=True):
            used += _bytes_in(folder)
            if used > self.limit and (folder / _INDEX).exists():
                _delete(folder)

    def _folders(self) -> list[Path]:
        try:
            return [entry for entry in self.root.iterdir() if entry.is_dir()]
        except OSError:
            return []


def _delete(folder: Path) -> None:
    """The index goes first, so that nobody finds a folder half deleted."""
    with contextlib.suppress(OSError):
        (folder / _INDEX).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _last_use(folder: Path) -> float:
    return _modified(folder / _INDEX)


def _last_write(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return max((_modified(file) for file in folder.iterdir()), default=_modified(folder))
    return 0.0


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _bytes_in(folder: Path) -> int:
    """What the folder takes on the disk, where the system tells; holes in files cost nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            status = file.stat()
            total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return total
