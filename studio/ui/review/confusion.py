"""What was taken for what: the confusion matrix in heat colours, and its largest cells in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.ui.review.confusion_matrix import ConfusionMatrix
from studio.ui.review.mistake_list import Cell, MistakeList, mistakes_of
from studio.ui.theme import theme

_LOWEST_MATRIX: Final = 190
_MATRIX_SHARE: Final = 0.55
"""Of the panel's height; the rest is the list's."""

_BY_ROW_KEY: Final = "review/confusion_by_row"


class ConfusionPanel(QWidget):
    """Matrix and list show the same cells; choosing one in either, or none, is told by `chosen`. `counted` is what a
    cell has a number of: pixels or items."""

    chosen = Signal(object)
    """A `Cell`, or None for all items."""
    right_wanted = Signal()
    """How much of each class is right is to be counted and told by `show_right`."""

    def __init__(self, parent: QWidget | None = None, *, counted: str = "pixels") -> None:
        super().__init__(parent)
        self.matrix = ConfusionMatrix(counted=counted)
        self.matrix.chosen.connect(self._choose)
        self.list = MistakeList(counted=counted)
        self.list.chosen.connect(self._choose)
        self._needs_right = True
        self.by_row = QToolButton()
        self.by_row.setText("By row")
        self.by_row.setObjectName("confusion_by_row")
        self.by_row.setCheckable(True)
        self.by_row.setToolTip(f"Shares of all {counted} of a label's class, right ones included, instead of numbers")
        self.by_row.toggled.connect(self._show_by_row)
        self._all = QToolButton()
        self._all.setText("Show all")
        self._all.setObjectName("clear_confusion")
        self._all.setToolTip("Show the items of every mistake again")
        self._all.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._all.clicked.connect(lambda: self._choose(None))
        stays = self._all.sizePolicy()
        stays.setRetainSizeWhenHidden(True)  # nothing moves from under the mouse that chose a mistake
        self._all.setSizePolicy(stays)
        self._all.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(_heading("WHAT WAS TAKEN FOR WHAT"))
        top.addStretch(1)
        top.addWidget(self.by_row)
        layout.addLayout(top)
        layout.addWidget(self.matrix)
        mistakes = QHBoxLayout()
        mistakes.addWidget(_heading("LARGEST MISTAKES"))
        mistakes.addStretch(1)
        mistakes.addWidget(self._all)
        layout.addLayout(mistakes)
        layout.addWidget(self.list, 1)
        theme().changed.connect(self._dress)
        self._dress()
        self.by_row.setChecked(QSettings().value(_BY_ROW_KEY, False, type=bool) is True)

    def _dress(self) -> None:
        self._all.setIcon(theme().icon("close", "muted"))

    def show_counts(self, counts: np.ndarray, classes: Sequence[LabelClass]) -> None:
        """`counts` (n, n) int64: what is wrong by label class (row) and predicted class (column)."""
        self.matrix.show_counts(counts, classes)
        self._needs_right = True
        self._want_right()
        self.list.show_mistakes(mistakes_of(counts), classes)

    def show_right(self, right: npt.NDArray[np.int64] | None) -> None:
        """(n,) int64: what is right of each class; None where nobody knows, and shares are of the mistakes alone."""
        self.matrix.show_right(right)

    def select(self, cell: Cell | None) -> None:
        """Mark the cell without telling anyone."""
        self.matrix.select(cell)
        self.list.select(cell)
        self._all.setVisible(cell is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.matrix.set_height_limit(max(_LOWEST_MATRIX, round(self.height() * _MATRIX_SHARE)))

    def _show_by_row(self, by_row: bool) -> None:
        QSettings().setValue(_BY_ROW_KEY, by_row)
        self.matrix.set_by_row(by_row)
        self._want_right()

    def _want_right(self) -> None:
        """It takes every score to count them, so only where somebody looks at shares."""
        if self._needs_right and self.by_row.isChecked():
            self._needs_right = False
            self.right_wanted.emit()

    def _choose(self, cell: Cell | None) -> None:
        self.select(cell)
        self.chosen.emit(cell)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    return label
