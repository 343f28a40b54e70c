"""Fill: give the whole connected region under the cursor the chosen class."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Final

from PySide6.QtCore import QTimer

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.edits import MaskEdit
from studio.core.flood import flood_edit
from studio.core.masks import is_huge
from studio.ui.label.choices import ToolName
from studio.ui.label.huge_edit import HugeEdit
from studio.ui.label.tools.base import Bench, Pointer, Tool

_REMIND_MS: Final = 2000


class FillTool(Tool):
    """At once on most masks. On huge ones the region is sought on a thread, and Escape or undo gives that up."""

    name = ToolName.FILL
    usage = "Click a region to fill it with the class · right-click: empty it"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._filling = HugeEdit("fill", bench.owner)
        self._reminder = QTimer(bench.owner, interval=_REMIND_MS)
        self._reminder.timeout.connect(self._remind)

    @property
    def is_busy(self) -> bool:
        return self._filling.is_running

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        if not isinstance(document, MaskDocument):
            return
        value = UNLABELLED if pointer.erase else self.bench.choices.class_id
        if value < 0:
            self.bench.hint("There is no class to fill with yet: add one in the panel on the right.")
            return
        if is_huge(document.size):
            self._fill_soon(document, floor(pointer.x), floor(pointer.y), value)
        else:
            document.fill(floor(pointer.x), floor(pointer.y), value)

    def cancel(self) -> bool:
        if not self._filling.stop():
            return False
        self.bench.hint("Filling was given up; nothing was changed.")
        return True

    def item_left(self) -> None:
        self._filling.stop()

    def _fill_soon(self, document: MaskDocument, x: int, y: int, value: int) -> None:
        width, height = document.size
        if not (0 <= x < width and 0 <= y < height) or document.mask[y, x] == value:
            return
        protection, found = document.protection, int(document.mask[y, x])

        def work(mask: Mask, stopped: Callable[[], bool]) -> MaskEdit | None:
            if mask[y, x] != found:  # somebody painted there meanwhile
                return None
            return flood_edit(mask, x, y, value, protection, stopped)

        def done(changed: bool) -> None:
            self._remind()
            self.bench.hint("Filled." if changed else "Nothing was filled.")
            if not changed and protection:
                document.held_back.emit(found)

        def failed(sentence: str) -> None:
            self._remind()
            self.bench.hint(sentence)

        self._filling.start(document, work, done, failed)
        self._reminder.start()
        self._remind()

    def _remind(self) -> None:
        if self._filling.is_running:
            self.bench.hint("Filling… Esc gives it up.")
        else:
            self._reminder.stop()
