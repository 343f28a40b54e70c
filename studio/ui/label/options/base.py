"""What a group of tool options is."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.core.settings import ProjectSettings
from studio.ui.label.choices import Choices, ToolName


class ToolOptions(QWidget):
    """Controls in a row that belong to the tools in `tools`. A control binds to one choice, both ways, with its own
    signal blocked, and leaves the keyboard to the canvas after a click."""

    tools: ClassVar[frozenset[ToolName]]
    is_in_menu: ClassVar[bool] = False
    """Whether a menu offers the same, so that the bar can do without it where there is no room."""

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices = choices
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)

    def show_settings(self, settings: ProjectSettings) -> None:
        """The project's settings are these now; for groups that offer something of them."""
