"""Region: click a region to grow, shrink, smooth or otherwise change it as a whole."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import Qt

from studio.core.document import MaskDocument
from studio.ui.label.choices import ToolName
from studio.ui.label.region_choices import OPPOSITES
from studio.ui.label.tools.base import Pointer, Tool


class RegionTool(Tool):
    name = ToolName.REGION
    cursor = Qt.CursorShape.PointingHandCursor
    usage = "Click a region to change it · Shift+click: the whole class · right-click: shrink instead of grow"

    def press(self, pointer: Pointer) -> None:
        document, choices = self.bench.document, self.bench.choices
        x, y = floor(pointer.x), floor(pointer.y)
        if not isinstance(document, MaskDocument) or not (0 <= x < document.size[0] and 0 <= y < document.size[1]):
            return
        operation = choices.region.operation
        if pointer.erase:
            if operation not in OPPOSITES:
                return
            operation = OPPOSITES[operation]
        choices.region.ask(operation, choices.class_id, (x, y), whole=pointer.shift)
