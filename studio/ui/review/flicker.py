"""Label and prediction in turn at one place: where they differ, something seems to move."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QObject, Signal

LABEL: Final = 0
PREDICTION: Final = 1
DIFFERENCE: Final = 2

_HOLD_SECONDS: Final = 0.25
"""A key that is down for longer is held, not tapped."""


class Flicker(QObject):
    """One item at a time. A tap shows the other picture until the next tap, a held key while it is down."""

    changed = Signal(int)
    """The item whose pictures are to be shown anew."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._item: int | None = None
        self._turn = 0
        self._before = 0
        self._pressed_at: float | None = None

    def turn(self, item: int) -> int:
        """0: as laid out; then 1 and 2 in turn."""
        return self._turn if item == self._item else 0

    def press(self, item: int) -> None:
        """The key went down over this item."""
        if item != self._item:
            self.forget()
            self._item = item
        self._before = self._turn
        self._pressed_at = time.monotonic()
        self._show(2 if self._turn == 1 else 1)

    def release(self) -> None:
        """The key went up, or will not be heard any more."""
        if self._pressed_at is None:
            return
        was_held = time.monotonic() - self._pressed_at >= _HOLD_SECONDS
        self._pressed_at = None
        if was_held:
            self._show(self._before)

    def forget(self) -> None:
        """Show everything as laid out."""
        self._pressed_at = None
        self._before = 0
        self._show(0)
        self._item = None

    def _show(self, turn: int) -> None:
        if turn != self._turn and self._item is not None:
            self._turn = turn
            self.changed.emit(self._item)


def shown_pane(place: int, turn: int, *, alone: bool) -> int:
    """Which picture stands at this pane's place. `alone`: no other pane is beside it, so that the difference gives its
    place to label and prediction too."""
    if turn == 0 or (place == DIFFERENCE and not alone):
        return place
    if place == DIFFERENCE:
        return LABEL if turn == 1 else PREDICTION
    return place if turn == 2 else PREDICTION - place
