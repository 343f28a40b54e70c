"""What a click of the region tool does, and by how much."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from studio.core.region_wishes import RegionOperation
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.region_choices import AMOUNTS


class RegionOptions(ToolOptions):
    tools: ClassVar[frozenset[ToolName]] = frozenset({ToolName.REGION})

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.operation = QComboBox()
        self.operation.setAccessibleName("What a click does to the region")
        self.operation.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for operation in RegionOperation:
            self.operation.addItem(str(operation).capitalize(), operation)
        self.amount = QSpinBox(minimum=1)
        self.amount.setFixedWidth(96)
        self.amount.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.row.addWidget(self.operation)
        self.row.addWidget(self.amount)
        self.row.addStretch(1)
        self.operation.currentIndexChanged.connect(self._operation_chosen)
        self.amount.valueChanged.connect(lambda amount: choices.region.set_amount(choices.region.operation, amount))
        self.amount.editingFinished.connect(self.amount.clearFocus)
        choices.region.changed.connect(self._show)
        self._show()

    def _operation_chosen(self, row: int) -> None:
        self.choices.region.choose(RegionOperation(self.operation.itemData(row)))

    def _show(self) -> None:
        region = self.choices.region
        amount = AMOUNTS.get(region.operation)
        with QSignalBlocker(self.operation), QSignalBlocker(self.amount):
            self.operation.setCurrentIndex(list(RegionOperation).index(region.operation))
            self.amount.setVisible(amount is not None)
            if amount is not None:
                self.amount.setMaximum(amount.most)
                self.amount.setSuffix(amount.suffix)
                self.amount.setToolTip(amount.tip)
                self.amount.setAccessibleName(amount.tip)
                self.amount.setValue(region.amount(region.operation))
