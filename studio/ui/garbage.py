"""Python's garbage collection, kept to the GUI thread."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_LOOK_MS: Final = 1000
_YOUNG, _MIDDLE, _OLD = range(3)


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
        self._timer = QTimer(self)
        self._timer.timeout.connect(collect_due)
        self._timer.start(_LOOK_MS)

    def stop(self) -> None:
        """Leave collecting to Python again, where it was left to it before."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()


def collect_due() -> None:
    """Collect, on this thread, the oldest generation whose threshold is passed; as Python does by itself."""
    thresholds = gc.get_threshold()
    for generation in (_OLD, _MIDDLE, _YOUNG):
        if gc.get_count()[generation] > thresholds[generation]:
            gc.collect(generation)
            return
