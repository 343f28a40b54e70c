"""Carrying out what a person wants done to a region, as one edit, without making the window wait."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from studio.core.document import MaskDocument
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.raster import Rect
from studio.core.region_wishes import RegionOperation, RegionWish
from studio.core.regions import Change
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.widgets.work_queue import WorkQueue

AT_ONCE_PIXELS: Final = 100_000
"""Masks of up to so many pixels are worked on at once; larger ones on a thread."""

_NOTHING: Final = {
    RegionOperation.GROW: "There is nothing left to grow into.",
    RegionOperation.SHRINK: "There is nothing to shrink.",
    RegionOperation.SMOOTH: "This is as smooth as it gets with this radius.",
    RegionOperation.FILL_HOLES: "There is no hole to fill.",
    RegionOperation.REMOVE_SPECKS: "There are no pieces that small.",
    RegionOperation.REPLACE: "It has this class already.",
}

_EDITS: Final = {
    RegionOperation.GROW: "growing",
    RegionOperation.SHRINK: "shrinking",
    RegionOperation.SMOOTH: "smoothing",
    RegionOperation.FILL_HOLES: "filling holes",
    RegionOperation.REMOVE_SPECKS: "removing specks",
    RegionOperation.REPLACE: "replacing a class",
}


class RegionEditing(QObject):
    def __init__(self, choices: Choices, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._canvas = canvas
        self._queue = WorkQueue("regions", self)
        choices.region.wanted.connect(self.carry_out)

    def ask(self, operation: RegionOperation, *, whole: bool) -> None:
        """Do it to what is under the cursor; to the current class where the cursor is elsewhere."""
        pixel = self._canvas.pixel_under_cursor()
        self._choices.region.ask(operation, self._choices.class_id, pixel, whole=whole)

    def carry_out(self, wish: RegionWish) -> None:
        document = self._canvas.document
        if not isinstance(document, MaskDocument) or self._canvas.tool.is_busy:
            return
        if wish.class_id < 0 and (wish.pixel is None or wish.operation is RegionOperation.REPLACE):
            self._canvas.hint("There is no class yet: add one in the panel on the right.")
        elif wish.is_about_nothing(document.mask):
            self._canvas.hint("There is no label under the cursor.")
        elif document.mask.size <= AT_ONCE_PIXELS:
            self._apply(document, wish, wish.change(document.mask))
        else:
            self._work_out(document, wish)

    def close(self) -> None:
        """End the thread."""
        self._queue.close()

    def _work_out(self, document: MaskDocument, wish: RegionWish) -> None:
        """The thread may read while somebody paints; what it found then counts for nothing and is sought again."""
        mask, protection = document.mask, document.protection
        changes: list[Rect] = []
        note = changes.append
        document.changed.connect(note)

        def found(edit: MaskEdit | None) -> None:
            document.changed.disconnect(note)
            if self._canvas.document is not document or self._canvas.tool.is_busy:
                return
            if changes:
                self._work_out(document, wish)
            elif edit is None:
                self._canvas.hint(_NOTHING[wish.operation])
            else:
                self._carry_out(document, edit)

        def failed(sentence: str) -> None:
            document.changed.disconnect(note)
            self._canvas.failed.emit(sentence)

        self._canvas.hint("Working on the region…")
        self._queue.do(lambda: wish.edit(mask, protection, _EDITS[wish.operation]), found, failed)

    def _carry_out(self, document: MaskDocument, edit: MaskEdit) -> None:
        try:
            if not document.carry_out(edit):
                self._canvas.hint("What would change is locked.")
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)

    def _apply(self, document: MaskDocument, wish: RegionWish, change: Change | None) -> None:
        if change is None:
            self._canvas.hint(_NOTHING[wish.operation])
            return
        try:
            change.apply(document, _EDITS[wish.operation])
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)
