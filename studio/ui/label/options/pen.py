"""What a pen's pressure does to brush and eraser; shown once a pen has been used here."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QSpinBox, QWidget

from studio.ui.label.choices import SIZED_TOOLS, Choices, ToolName
from studio.ui.label.options.base import ToolOptions


class PenOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = SIZED_TOOLS

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        brush = choices.brush
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.follows = QCheckBox("Pressure")
        self.follows.setToolTip("The pen's pressure makes the brush smaller or larger")
        self.follows.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.share = QSpinBox(minimum=0, maximum=100, suffix=" %", prefix="from ")
        self.share.setFixedWidth(104)
        self.share.setToolTip("What the lightest touch paints with, of the brush's size")
        self.share.setAccessibleName("Smallest share of the brush's size")
        self.share.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.row.addWidget(self.follows)
        self.row.addWidget(self.share)
        self.follows.toggled.connect(brush.follow_pressure)
        self.share.valueChanged.connect(lambda percent: brush.set_smallest_share(percent / 100))
        self.share.editingFinished.connect(self.share.clearFocus)
        brush.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        brush = self.choices.brush
        for control in (self.follows, self.share):
            control.setVisible(brush.pen_was_seen)
        with QSignalBlocker(self.follows), QSignalBlocker(self.share):
            self.follows.setChecked(brush.follows_pressure)
            self.share.setValue(round(brush.smallest_share * 100))
        self.share.setEnabled(brush.follows_pressure)
