"""Fill: give the whole connected region under the cursor the chosen class."""

from __future__ import annotations

from math import floor

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Pointer, Tool


class FillTool(Tool):
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
        document.fill(floor(pointer.x), floor(pointer.y), value)
