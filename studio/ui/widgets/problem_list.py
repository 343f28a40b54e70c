"""Sentences about what went wrong, one below the other, in a field that is as high as they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit

_HIGHEST: Final = 180
"""Logical pixels; more is scrolled to."""

_SPARE: Final = 2
"""A pixel more than the lines need above and below, or the last would scroll."""


class ProblemList(QPlainTextEdit):
    """Hidden until there is something to tell. Several sentences have a dot each, so that one that wraps stays one."""

    def __init__(self, name: str) -> None:
        super().__init__(readOnly=True)
        self.setAccessibleName(name)
        self.hide()

    def show_problems(self, problems: Sequence[str]) -> None:
        dot = "•\N{NO-BREAK SPACE}" if len(problems) > 1 else ""
        self.setPlainText("\n".join(f"{dot}{problem}" for problem in problems))
        self.show()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        lines = max(1, round(self.document().size().height()))  # a plain text document is measured in lines
        around = self.height() - self.viewport().height() + 2 * round(self.document().documentMargin()) + _SPARE
        height = min(_HIGHEST, lines * self.fontMetrics().lineSpacing() + around)
        if height != self.height() or height != self.maximumHeight():
            self.setFixedHeight(height)
