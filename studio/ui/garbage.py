"""Python's garbage collection, kept to the GUI thread."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_LOOK_MS: Final = 1000
_YOUNG, _MIDDLE, _OLD = range(3)


class Collector:
    """Collects when it is asked to, on the thread that asks, what Python would collect by itself."""

    def __init__(self) -> None:
        self._old = 0
        """How many objects the last full collection left."""
        self._new = 0
        """How many have become old since."""

    def collect_due(self) -> None:
        """Collect the oldest generation whose threshold is passed. Old objects, which take long to look at, are left
        alone until a quarter as many have joined them."""
        (young, middle, old), counts = gc.get_threshold(), gc.get_count()
        if counts[_OLD] > old and 4 * self._new >= self._old:
            gc.collect(_OLD)
            self._old, self._new = len(gc.get_objects(_OLD)), 0
        elif counts[_MIDDLE] > middle:
            looked_at = len(gc.get_objects(_YOUNG)) + len(gc.get_objects(_MIDDLE))
            self._new += max(0, looked_at - gc.collect(_MIDDLE))
        elif counts[_YOUNG] > young:
            gc.collect(_YOUNG)


class GuiThreadGarbage(QObject):
    """Looks for garbage once a second on the thread that it was made on, and keeps Python from doing so on others.

    Python collects on whichever thread happens to make an object too many. A widget in a cycle of references is then
    taken apart on a thread that reads pictures: it holds Qt's lock on connections while it waits for Python's lock,
    and the GUI thread, which has that one, waits for Qt's. The window stands still for good.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._collector = Collector()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collector.collect_due)
        self._timer.start(_LOOK_MS)

    def stop(self) -> None:
        """Leave collecting to Python again, where it was left to it before."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
