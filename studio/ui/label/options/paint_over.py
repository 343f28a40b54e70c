"""Whether painting goes over what is labelled already."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QWidget

from studio.core.settings import Task
from studio.ui.keyboard.keyed_texts import set_keyed_tip
from studio.ui.label.choices import TOOLS_OF, Choices, ToolName
from studio.ui.label.options.base import ToolOptions

_TIP = "What painting a class goes over; erasing takes any label away that is not locked ({only_unlabelled})"


class PaintOverOptions(ToolOptions):
    """For every tool that paints a class."""

    tools: ClassVar[frozenset[ToolName]] = frozenset(TOOLS_OF[Task.SEGMENTATION]) - {
        ToolName.ERASER,
        ToolName.PICK,
        ToolName.HAND,
    }
    is_in_menu: ClassVar[bool] = True

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.box = QComboBox()
        self.box.addItems(["Over anything", "Unlabelled only"])
        set_keyed_tip(self.box, _TIP)
        self.box.setAccessibleName("What painting goes over")
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.row.addWidget(self.box)
        self.box.currentIndexChanged.connect(lambda row: choices.locks.set_only_unlabelled(row == 1))
        choices.locks.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(int(self.choices.locks.only_unlabelled))
        self.box.setProperty("chosen", self.choices.locks.only_unlabelled)
        self.box.style().unpolish(self.box)
        self.box.style().polish(self.box)
