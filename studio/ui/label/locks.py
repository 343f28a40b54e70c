"""What painting leaves alone: locked classes, or everything that is labelled already."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from studio.core.protection import Protection


class Locks(QObject):
    """Kept for each project on this computer: a lock is a person's way of working, not a fact about the data."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._protection = Protection()
        self._key: str | None = None

    @property
    def protection(self) -> Protection:
        return self._protection

    @property
    def only_unlabelled(self) -> bool:
        return self._protection.only_unlabelled

    def is_locked(self, class_id: int) -> bool:
        return class_id in self._protection.locked

    def toggle(self, class_id: int) -> None:
        if class_id >= 0:
            self._become(Protection(self._protection.locked ^ {class_id}, self.only_unlabelled))

    def set_only_unlabelled(self, only: bool) -> None:
        self._become(Protection(self._protection.locked, only))

    def remember_for(self, project: Path) -> None:
        """Take up the locks that the project had, and keep what changes from now on."""
        self._key = f"locks/{hashlib.blake2b(str(project).encode(), digest_size=8).hexdigest()}"
        words = str(QSettings().value(self._key, "")).split()
        locked = frozenset(int(word) for word in words if word.isdigit())
        self._become(Protection(locked, "unlabelled" in words))

    def _become(self, protection: Protection) -> None:
        if protection == self._protection:
            return
        self._protection = protection
        if self._key is not None:
            words = [str(value) for value in sorted(protection.locked)] + ["unlabelled"] * protection.only_unlabelled
            QSettings().setValue(self._key, " ".join(words))
        self.changed.emit()
