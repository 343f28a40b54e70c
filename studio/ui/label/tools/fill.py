"""Fill: give the whole connected region under the cursor the chosen class."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.edits import MaskEdit
from studio.core.flood import flood_edit
from studio.core.masks import is_huge
from studio.ui.label.choices import ToolName
from studio.ui.label.huge_edits import HugeEdit
from studio.ui.label.tools.base import Pointer, Tool


class FillTool(Tool):
    """At once on most masks. On huge ones the region is sought on a thread."""

    name = ToolName.FILL
    usage = "Click a region to fill it with the class · right-click: empty it"

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

    def _fill_soon(self, document: MaskDocument, x: int, y: int, value: int) -> None:
        width, height = document.size
        if not (0 <= x < width and 0 <= y < height):
            return
        protection, hint = document.protection, self.bench.hint

        def work(mask: Mask, stopped: Callable[[], bool]) -> MaskEdit | None:
            return flood_edit(mask, x, y, value, protection, stopped) if mask[y, x] != value else None

        def done(edit: MaskEdit | None) -> None:
            hint("Filled." if edit is not None and edit.patches else "Nothing was filled.")
            if edit is not None and not edit.patches:
                document.held_back.emit(int(document.mask[y, x]))

        self.bench.huge_edits.ask(
            HugeEdit(document=document, doing="Filling", pixel=(x, y), work=work, done=done, failed=hint)
        )
