"""Outlines and cut-outs that are not painted yet, kept in the project while they are drawn."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer

from studio.core.sketches import read_sketches, write_sketches
from studio.store import Store
from studio.ui.label.canvas import Canvas

_PAUSE_MS: Final = 2_000
"""Between two looks at what there is, while the mouse moves or outlines come and go; that much a crash may take."""


class KeptSketches(QObject):
    def __init__(self, store: Store, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._canvas = canvas
        self._written = read_sketches(store.root)
        canvas.take_back(self._written)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.write)
        canvas.pointer_moved.connect(self._look_soon)
        canvas.choices.outline.changed.connect(self._look_soon)

    @property
    def sentence(self) -> str:
        """Where something waits; empty where nothing does."""
        waiting = [(tool, item) for tool, items in self._canvas.waiting().items() for item in items]
        found = self._store.items([item for _, item in waiting])
        if not found:
            return ""
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return f"An outline that is not painted yet waits on {found[0].name}{more}: tool {waiting[0][0]}."

    def write(self) -> None:
        waiting = self._canvas.waiting()
        if waiting != self._written:
            write_sketches(self._store.root, waiting)
            self._written = waiting

    def stop(self) -> None:
        """Write what there is now, and look no more."""
        self._pause.stop()
        self.write()

    def _look_soon(self, *_: object) -> None:
        if not self._pause.isActive():
            self._pause.start()
