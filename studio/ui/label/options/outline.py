"""Outlines: whether they wait to be adjusted, and what to do with the one that waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QPushButton, QSizePolicy, QWidget

from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.options.base import ToolOptions


class OutlineOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = frozenset(
        {ToolName.POLYGON, ToolName.LASSO, ToolName.RECTANGLE, ToolName.ELLIPSE}
    )

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.at_once = QCheckBox("Paint at once")
        self.at_once.setToolTip("Letting go paints, rather than leaving the outline to be adjusted")
        self.at_once.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.paint_button = _button("Paint", "Paint the outline (Enter)", choices.outline.paint_wanted.emit)
        self.give_up_button = _button("Give up", "Give the outline up (Esc)", choices.outline.give_up_wanted.emit)
        for control in (self.at_once, self.paint_button, self.give_up_button):
            self.row.addWidget(control)
        self.at_once.toggled.connect(choices.outline.paint_at_once)
        choices.outline.changed.connect(self._show)
        choices.tool_changed.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        outline = self.choices.outline
        self.at_once.setVisible(self.choices.tool is not ToolName.POLYGON)
        with QSignalBlocker(self.at_once):
            self.at_once.setChecked(outline.paints_at_once)
        for button in (self.paint_button, self.give_up_button):
            button.setEnabled(outline.is_pending)


def _button(text: str, tip: str, wanted: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda _=False: wanted())
    return button
