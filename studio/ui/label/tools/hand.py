"""Hand: move the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool


class HandTool(Tool):
    name = ToolName.HAND
    cursor = Qt.CursorShape.OpenHandCursor
    usage = "Drag to move the picture · wheel: zoom · {fit}: fit · {actual_size}: 100 %"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._last: tuple[float, float] | None = None

    @property
    def is_busy(self) -> bool:
        return self._last is not None

    def press(self, pointer: Pointer) -> None:
        self._last = pointer.device

    def drag(self, pointer: Pointer) -> None:
        if self._last is not None:
            self.bench.pan(pointer.device[0] - self._last[0], pointer.device[1] - self._last[1])
            self._last = pointer.device

    def release(self, pointer: Pointer) -> None:
        self._last = None

    def cancel(self) -> bool:
        self._last = None
        return False
