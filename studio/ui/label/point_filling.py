"""Giving the items between two others their points: found on a thread, given in slices, one edit an item."""

from __future__ import annotations

from collections import deque
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.counting import counted
from studio.core.errors import StudioError
from studio.core.items import Item
from studio.core.points import Points
from studio.ui.label.point_sequence import Filling, find_filling
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

_SLICE: Final = 24
"""Items that are given points before the window goes on living."""

_WHAT: Final = "interpolating points"


class PointFilling(QObject):
    """An item whose points changed while its own were worked out keeps what it has."""

    said = Signal(str)
    """What is going on, and what came of it."""
    failed = Signal(str)

    def __init__(self, session: Session, work: WorkQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._work = work
        self._waiting: deque[tuple[int, Points, int]] = deque()
        self._changed = 0
        self._found: Filling | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)

    def interpolate(self, item: Item, *, everywhere: bool) -> None:
        """Fill the gap around the item, or else the one before or after it; `everywhere`: all gaps of its sequence."""
        self.said.emit("Looking for gaps in the sequence…")
        root = self._session.store.root
        self._work.do(lambda: find_filling(root, item, everywhere=everywhere), self._take, self.failed.emit)

    def finish(self) -> None:
        """Give what has been found, at once."""
        while self._waiting:
            self._go_on()

    def _take(self, found: Filling | str) -> None:
        self.finish()
        if isinstance(found, str):
            self.said.emit(found)
            return
        self._found, self._changed = found, 0
        self._waiting.extend(found.items)
        self._timer.start()
        self._go_on()

    def _go_on(self) -> None:
        part = [self._waiting.popleft() for _ in range(min(_SLICE, len(self._waiting)))]
        try:
            changed = self._session.store.replace_points(
                {item: points for item, points, _ in part}, _WHAT, heads={item: head for item, _, head in part}
            )
        except StudioError as error:
            self._waiting.clear()
            self._timer.stop()
            self.failed.emit(error.sentence)
            return
        self._changed += len(changed)
        if changed:
            self._session.items_changed.emit(changed)
        if not self._waiting:
            self._timer.stop()
            self._tell()

    def _tell(self) -> None:
        assert self._found is not None
        first, last = self._found.first, self._found.last
        if self._changed:
            items = counted(self._changed, "item")
            self.said.emit(f"{items} filled in between {first} and {last}; each can be undone.")
        else:
            self.said.emit(f"{first} and {last} have no point in common; nothing was filled in.")
