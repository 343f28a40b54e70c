"""One thread for questions that the next one makes pointless: only the answer to the newest counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from studio.ui.widgets.background import Background

Answer = TypeVar("Answer")


class Latest(QObject):
    """Questions that have not been begun when a newer one comes are never begun; an answer that comes late is dropped.

    Answers arrive on the thread that this object lives on. An error in the work is raised there.
    """

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._background = Background(name, parent=self)
        self._background.done.connect(self._arrived)
        self._background.failed.connect(self._failed)
        self._number = 0
        self._take: Callable[[Any], object] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._take is not None

    def ask(self, work: Callable[[], Answer], take: Callable[[Answer], object]) -> None:
        """Do `work` on the thread, then hand its result to `take`, unless something else was asked meanwhile."""
        self.drop()
        self._take = take
        self._background.ask(self._number, work)

    def drop(self) -> None:
        """Nobody wants the answer any more."""
        self._number += 1
        self._take = None
        self._background.keep_only(())

    def _arrived(self, number: object, answer: object) -> None:
        if number == self._number and self._take is not None:
            take, self._take = self._take, None
            take(answer)

    def _failed(self, number: object, error: object) -> None:
        if number == self._number and isinstance(error, BaseException):
            self._take = None
            raise error
