"""Holding a person's locks against the item that is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject

from studio.core.classes import UNLABELLED
from studio.core.document import Document, MaskDocument
from studio.ui.label.canvas import Canvas
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.locks import Locks


class LockKeeper(QObject):
    """Holds the locks against the item that is shown, and says why nothing was painted."""

    def __init__(self, locks: Locks, showing: ItemShowing, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._locks = locks
        self._showing = showing
        self._canvas = canvas
        self._guarded: MaskDocument | None = None
        locks.changed.connect(self._guard)
        showing.document_changed.connect(self._guard)
        self._guard()

    def let_go(self) -> None:
        """Leave the document that was shown."""
        self._take(None)

    def _guard(self) -> None:
        self._take(self._showing.document)
        if self._guarded is not None:
            self._guarded.protection = self._locks.protection

    def _take(self, document: Document | None) -> None:
        if document is self._guarded:
            return
        if self._guarded is not None:
            self._guarded.held_back.disconnect(self._say_why)
        self._guarded = document if isinstance(document, MaskDocument) else None
        if self._guarded is not None:
            self._guarded.held_back.connect(self._say_why)

    def _say_why(self, value: int) -> None:
        if self._locks.is_locked(value):
            classes = self._canvas.settings.classes
            name = next((c.name for c in classes if c.id == value), f"id {value}")
            self._canvas.hint(f"Nothing changed, for {name} is locked; the lock beside its name opens it.")
        elif value != UNLABELLED:
            self._canvas.hint("Nothing changed, for only unlabelled pixels are painted over ({only_unlabelled}).")
