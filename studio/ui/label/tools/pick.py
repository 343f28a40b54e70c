"""Pick: take the class that the label has under the cursor."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import Qt

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool


class PickTool(Tool):
    name = ToolName.PICK
    cursor = Qt.CursorShape.PointingHandCursor
    usage = "Click to take the class under the cursor · the tool you had comes back"

    def press(self, pointer: Pointer) -> None:
        if pick_class(self.bench, pointer):
            self.bench.choices.return_to_last_tool()


def pick_class(bench: Bench, pointer: Pointer) -> bool:
    """Choose the class under the pointer; says whether there is one."""
    document = bench.document
    if not isinstance(document, MaskDocument):
        return False
    x, y = floor(pointer.x), floor(pointer.y)
    width, height = document.size
    if not (0 <= x < width and 0 <= y < height):
        return False
    value = int(document.mask[y, x])
    if value == UNLABELLED:
        bench.hint("Nothing is labelled here yet.")
        return False
    bench.choices.choose_class(value)
    return True
