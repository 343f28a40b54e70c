"""The steps by which an outline came to be, for undo and redo until it is painted."""

from __future__ import annotations

from studio.ui.label.tools.outlines import Outline


class OutlineHistory:
    def __init__(self) -> None:
        self._past: list[Outline | None] = []
        self._future: list[Outline | None] = []

    def add(self, before: Outline | None) -> None:
        """A step was made from here."""
        self._past.append(before)
        self._future.clear()

    @property
    def can_go_back(self) -> bool:
        return bool(self._past)

    @property
    def can_go_forward(self) -> bool:
        return bool(self._future)

    def back(self, now: Outline | None) -> Outline | None:
        self._future.append(now)
        return self._past.pop()

    def forward(self, now: Outline | None) -> Outline | None:
        self._past.append(now)
        return self._future.pop()
