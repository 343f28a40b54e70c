"""The column of tools at the canvas's left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.ui.label.buttons import action_button


class ToolBar(QFrame):
    def __init__(self, tools: Sequence[QAction], others: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tool_bar")
        self.setAccessibleName("Tools")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 6, 5, 6)
        layout.setSpacing(3)
        for action in tools:
            layout.addWidget(action_button(action, side=34, icon_size=20))
        layout.addStretch(1)
        for action in others:
            layout.addWidget(action_button(action, side=34, icon_size=20))
