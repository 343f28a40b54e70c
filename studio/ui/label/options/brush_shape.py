"""Whether brush and eraser are round or square, each its own."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from studio.core.sweep import BrushShape
from studio.ui.keyboard.keyed_texts import set_keyed_tip
from studio.ui.label.buttons import icon_button
from studio.ui.label.choices import BRUSH_TOOLS, Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.theme import theme


class BrushShapeOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = BRUSH_TOOLS

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.row.setSpacing(2)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.buttons: dict[BrushShape, QToolButton] = {}
        group = QButtonGroup(self)
        for shape in BrushShape:
            button = icon_button(f"{shape.capitalize()} brush", icon_size=16)
            set_keyed_tip(button, f"{shape.capitalize()} brush ({{brush_shape}} changes it)")
            button.setAccessibleName(f"{shape.capitalize()} brush")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, shape=shape: choices.brush.set_shape(choices.tool, shape))
            group.addButton(button)
            self.row.addWidget(button)
            self.buttons[shape] = button
        choices.brush.changed.connect(self._show)
        choices.tool_changed.connect(self._show)
        theme().changed.connect(self._dress)
        self._show()
        self._dress()

    def _show(self, *_: object) -> None:
        self.buttons[self.choices.brush.shape_of(self.choices.tool)].setChecked(True)

    def _dress(self) -> None:
        for shape, button in self.buttons.items():
            button.setIcon(theme().icon(f"brush-{shape}"))
