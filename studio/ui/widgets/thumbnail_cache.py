"""How much of the disk kept thumbnails may take."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

LIMIT_BYTES: Final = 768 * 2**20
"""Room for more than 100,000 thumbnails."""

_DOWN_TO: Final = 0.9
"""Share of the limit that is left, so that the next few thumbnails do not make it necessary to prune again."""

_SAVES_BETWEEN: Final = 64


class ThumbnailCache:
    """Prunes a folder of thumbnails from time to time; used on one thread. The oldest files go first."""

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit = limit
        self._saved = 0

    def note_saved(self) -> None:
        """One more thumbnail is in the folder."""
        self._saved += 1
        if self._saved % _SAVES_BETWEEN == 0:
            self.prune()

    def prune(self) -> None:
        """Bring the folder below its limit, where it is above."""
        files = [entry for folder in self._folders() for entry in _files_in(folder)]
        used = sum(size for _, size, _ in files)
        if used <= self._limit:
            return
        for _, size, path in sorted(files):
            if used <= self._limit * _DOWN_TO:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                used -= size

    def _folders(self) -> list[Path]:
        try:
            return [entry for entry in self.folder.iterdir() if entry.is_dir()]
        except OSError:
            return []


def _files_in(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file was written, its bytes and its path."""
    found: list[tuple[float, int, Path]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat()
            found.append((status.st_mtime, status.st_size, Path(entry.path)))
    return found
