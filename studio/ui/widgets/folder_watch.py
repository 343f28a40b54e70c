"""Hears of the system when something appears in a folder, also when the folder itself appears later."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import shiboken6
from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

_SETTLE_MS: Final = 300
"""What makes a folder goes on to fill it."""


class FolderWatch(QObject):
    """Costs nothing while nothing happens. What happens in quick succession is one change."""

    changed = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._watcher = QFileSystemWatcher(self)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.changed)
        self._watcher.directoryChanged.connect(self._heard)
        self._watch()

    def close(self) -> None:
        """Nothing is told any more. What listens to the system goes now, on its own thread: the rest of this object may
        be collected on another one."""
        self._settle.stop()
        self._watcher.directoryChanged.disconnect(self._heard)
        watched = self._watcher.directories()
        if watched:
            self._watcher.removePaths(watched)
        shiboken6.delete(self._watcher)

    def _watch(self) -> None:
        """The folder, or else the one that it will appear in."""
        wanted = str(self._folder if self._folder.is_dir() else self._folder.parent)
        watched = self._watcher.directories()
        if wanted not in watched:
            if watched:
                self._watcher.removePaths(watched)
            self._watcher.addPath(wanted)

    def _heard(self, path: str) -> None:
        was_the_folder = Path(path) == self._folder
        self._watch()
        if was_the_folder or self._folder.is_dir():
            self._settle.start()
