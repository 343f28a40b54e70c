"""How large a superpixel is."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLabel, QWidget

from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.options.slider import option_slider
from studio.ui.label.smart_choices import LARGEST_SUPERPIXEL, SMALLEST_SUPERPIXEL


class SuperpixelOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = frozenset({ToolName.SUPERPIXELS})

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.slider = option_slider(
            "Superpixel size", "Side of a superpixel in image pixels", steps=LARGEST_SUPERPIXEL, width=130
        )
        self.slider.setMinimum(SMALLEST_SUPERPIXEL)
        self.number = QLabel()
        self.number.setMinimumWidth(self.number.fontMetrics().horizontalAdvance("000 px"))
        self.row.addWidget(QLabel("Superpixel"))
        self.row.addWidget(self.slider, 2)
        self.row.addWidget(self.number)
        self.slider.valueChanged.connect(choices.smart.set_superpixel_size)
        choices.smart.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        size = self.choices.smart.superpixel_size
        with QSignalBlocker(self.slider):
            self.slider.setValue(size)
        self.number.setText(f"{size} px")
