"""How far a colour may be from the clicked one, and where the wand looks for it."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.options.slider import option_slider
from studio.ui.label.smart_choices import LARGEST_TOLERANCE


class WandOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = frozenset({ToolName.WAND})

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        smart = choices.smart
        tip = "How far a colour may be from the clicked one (drag sideways on the picture)"
        self.slider = option_slider("Tolerance", tip, steps=LARGEST_TOLERANCE, width=130)
        self.number = QLabel()
        self.number.setMinimumWidth(self.number.fontMetrics().horizontalAdvance("00"))
        self.contiguous = _check("Connected", "Take only what is joined to the clicked pixel")
        self.without_grain = _check("Skip grain", "Overlook single noisy pixels")
        self.row.addWidget(QLabel("Tolerance"))
        self.row.addWidget(self.slider, 2)
        for widget in (self.number, self.contiguous, self.without_grain):
            self.row.addWidget(widget)
        self.slider.valueChanged.connect(smart.set_tolerance)
        self.contiguous.toggled.connect(smart.set_contiguous)
        self.without_grain.toggled.connect(smart.set_without_grain)
        smart.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        smart = self.choices.smart
        with QSignalBlocker(self.slider):
            self.slider.setValue(smart.tolerance)
        self.number.setText(str(smart.tolerance))
        for box, checked in (
            (self.contiguous, smart.contiguous),
            (self.without_grain, smart.without_grain),
        ):
            with QSignalBlocker(box):
                box.setChecked(checked)


def _check(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return box
