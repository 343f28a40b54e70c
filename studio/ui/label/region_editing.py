"""Carrying out what a person wants done to a region, as one edit, without making the window wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject

from studio.core.arrays import Mask
from studio.core.document import MaskDocument
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.region_wishes import RegionOperation, RegionWish
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.huge_edits import AT_ONCE_PIXELS, HugeEdit


@dataclass(frozen=True)
class _Words:
    """What the edit is called in the history, that it was made, and that there was nothing to do."""

    edit: str
    done: str
    nothing: str


_WORDS: Final = {
    RegionOperation.GROW: _Words("growing", "Grown.", "There is nothing left to grow into."),
    RegionOperation.SHRINK: _Words("shrinking", "Shrunk.", "There is nothing to shrink."),
    RegionOperation.SMOOTH: _Words("smoothing", "Smoothed.", "This is as smooth as it gets with this radius."),
    RegionOperation.FILL_HOLES: _Words("filling holes", "The holes are filled.", "There is no hole to fill."),
    RegionOperation.REMOVE_SPECKS: _Words("removing specks", "The specks are gone.", "There are no pieces that small."),
    RegionOperation.REPLACE: _Words("replacing a class", "The class is replaced.", "It has this class already."),
}
_NO_LABEL: Final = "There is no label under the cursor."


class RegionEditing(QObject):
    def __init__(self, choices: Choices, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._canvas = canvas
        choices.region.wanted.connect(self.carry_out)

    def ask(self, operation: RegionOperation, *, whole: bool) -> None:
        """Do it to what is under the cursor; to the current class where the cursor is elsewhere."""
        pixel = self._canvas.pixel_under_cursor()
        self._choices.region.ask(operation, self._choices.class_id, pixel, whole=whole)

    def carry_out(self, wish: RegionWish) -> None:
        """At once on a small mask that nothing else is happening to, else when its turn comes."""
        document = self._canvas.document
        if not isinstance(document, MaskDocument):
            return
        if wish.class_id < 0 and (wish.pixel is None or wish.operation is RegionOperation.REPLACE):
            self._canvas.hint("There is no class yet: add one in the panel on the right.")
        elif document.is_editing or self._canvas.huge_edits.is_running or document.mask.size > AT_ONCE_PIXELS:
            self._work_out(document, wish)
        else:
            self._apply(document, wish)

    def _work_out(self, document: MaskDocument, wish: RegionWish) -> None:
        words, protection = _WORDS[wish.operation], document.protection
        is_anywhere = wish.whole and wish.operation is RegionOperation.REMOVE_SPECKS

        def work(mask: Mask, stopped: Callable[[], bool]) -> MaskEdit | None:
            return None if wish.is_about_nothing(mask) else wish.edit(mask, protection, words.edit, stopped)

        def done(edit: MaskEdit | None) -> None:
            if edit is None:
                nothing = _NO_LABEL if wish.is_about_nothing(document.mask) else words.nothing
                self._canvas.hint_about(document, nothing)
            else:
                self._canvas.hint_about(document, words.done if edit.patches else "What would change is locked.")

        self._canvas.huge_edits.ask(
            HugeEdit(
                document=document,
                doing=words.edit.capitalize(),
                pixel=None if is_anywhere else wish.pixel,
                work=work,
                done=done,
                failed=self._canvas.failed.emit,
            )
        )

    def _apply(self, document: MaskDocument, wish: RegionWish) -> None:
        words = _WORDS[wish.operation]
        if wish.is_about_nothing(document.mask):
            self._canvas.hint(_NO_LABEL)
            return
        try:
            change = wish.change(document.mask)
            if change is None:
                self._canvas.hint(words.nothing)
            else:
                change.apply(document, words.edit)
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)
