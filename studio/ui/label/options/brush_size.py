"""The diameter of brush and eraser, each its own."""

from __future__ import annotations

from math import log
from typing import ClassVar, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QLabel, QSpinBox, QWidget

from studio.ui.label.choices import LARGEST_BRUSH, SIZED_TOOLS, SMALLEST_BRUSH, Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.options.slider import option_slider

_STEPS: Final = 200


class BrushSizeOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = SIZED_TOOLS

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.slider = option_slider(
            "Brush size", "Brush size (Ctrl+wheel, {smaller_brush} and {larger_brush})", steps=_STEPS, width=130
        )
        self.box = QSpinBox(minimum=SMALLEST_BRUSH, maximum=LARGEST_BRUSH, suffix=" px")
        self.box.setAccessibleName("Brush size in image pixels")
        self.box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.row.addWidget(QLabel("Size"))
        self.row.addWidget(self.slider)
        self.row.addWidget(self.box)
        self.slider.valueChanged.connect(lambda step: choices.set_brush_size(_size_at(step)))
        self.box.valueChanged.connect(choices.set_brush_size)
        self.box.editingFinished.connect(self.box.clearFocus)
        choices.brush_size_changed.connect(self._show)
        choices.tool_changed.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        size = self.choices.brush_size
        with QSignalBlocker(self.slider), QSignalBlocker(self.box):
            self.slider.setValue(_step_of(size))
            self.box.setValue(size)


def _size_at(step: int) -> int:
    """Sizes lie on the slider by their logarithm."""
    return round(SMALLEST_BRUSH * (LARGEST_BRUSH / SMALLEST_BRUSH) ** (step / _STEPS))


def _step_of(size: int) -> int:
    return round(_STEPS * log(size / SMALLEST_BRUSH) / log(LARGEST_BRUSH / SMALLEST_BRUSH))
