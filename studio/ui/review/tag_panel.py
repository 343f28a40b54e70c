"""From which probability on tags are predicted, and which are then missing or too many, over all items of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.core.thresholds import ThresholdCurve
from studio.ui.review.mistake_list import Cell, MistakeList
from studio.ui.review.threshold_plot import ThresholdChoice
from studio.ui.theme import theme


class TagPanel(QWidget):
    """Choosing a mistake, or none, is told by `chosen`; another threshold by `threshold_chosen`."""

    chosen = Signal(object)
    """A `Cell`, or None for all items."""
    threshold_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.threshold = ThresholdChoice()
        self.threshold.chosen.connect(self.threshold_chosen)
        self.threshold.hide()
        self.list = MistakeList(counted="items")
        self.list.chosen.connect(self._choose)
        self._all = QToolButton()
        self._all.setText("Show all")
        self._all.setObjectName("clear_confusion")
        self._all.setToolTip("Show the items of every mistake again")
        self._all.setIcon(theme().icon("close", "muted"))
        self._all.clicked.connect(lambda: self._choose(None))
        self._all.hide()
        heading = QLabel("MISSING AND TOO MANY")
        heading.setProperty("role", "section")
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self._all)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.threshold)
        column.addLayout(top)
        column.addWidget(self.list, 1)

    def show_curve(self, curve: ThresholdCurve | None, threshold: float) -> None:
        """What each threshold gives, and the one in force; None where no validation item has a label."""
        self.threshold.setVisible(curve is not None)
        if curve is not None:
            self.threshold.show_curve(curve, threshold)

    def show_mistakes(self, mistakes: Mapping[Cell, int], classes: Sequence[LabelClass]) -> None:
        """`mistakes`: items by label and prediction, one of which is `NO_CLASS`."""
        self.list.show_mistakes(mistakes, classes)

    def select(self, cell: Cell | None) -> None:
        """Mark the mistake without telling anyone."""
        self.list.select(cell)
        self._all.setVisible(cell is not None)

    def _choose(self, cell: Cell | None) -> None:
        self.select(cell)
        self.chosen.emit(cell)
