"""The columns of tools at the canvas's left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from studio.ui.label.buttons import action_button

_SIDE: Final = 34
_SINGLE: Final = 8
"""As many tools stand in one column; more stand in two, so that all are in sight on a small screen."""

_FIRST_OF_GROUP: Final = frozenset({"tool_polygon", "tool_fill", "tool_pick"})
"""Where a thin line parts what paints freely, what draws outlines, what finds regions, and what only looks."""


class ToolBar(QFrame):
    def __init__(self, tools: Sequence[QAction], others: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tool_bar")
        self.setAccessibleName("Tools")
        self._columns = 1 if len(tools) <= _SINGLE else 2
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 6, 5, 6)
        layout.setSpacing(5)
        for number, group in enumerate(_groups(tools)):
            if number:
                layout.addWidget(_line())
            layout.addLayout(self._grid(group))
        layout.addStretch(1)
        layout.addLayout(self._grid(others))

    def _grid(self, actions: Sequence[QAction]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(3)
        for number, action in enumerate(actions):
            button = action_button(action, side=_SIDE, icon_size=20)
            grid.addWidget(button, number // self._columns, number % self._columns)
        grid.setColumnStretch(self._columns, 1)
        return grid


def _groups(tools: Sequence[QAction]) -> list[list[QAction]]:
    groups: list[list[QAction]] = [[]]
    for action in tools:
        if action.objectName() in _FIRST_OF_GROUP and groups[-1]:
            groups.append([])
        groups[-1].append(action)
    return groups


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("role", "separator")
    line.setFixedHeight(1)
    return line
