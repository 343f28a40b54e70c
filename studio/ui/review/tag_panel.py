"""From which probability on tags are predicted, and how each tag then fares over the items of a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.tag_figures import TagCounts
from studio.core.thresholds import ThresholdCurve
from studio.ui.review.mistake_list import Cell
from studio.ui.review.tag_table import TagTable
from studio.ui.review.threshold_plot import ThresholdChoice
from studio.ui.theme import theme


class TagPanel(QWidget):
    """Choosing a mistake, or none, is told by `chosen`; another threshold by `threshold_chosen`. While the threshold is
    dragged, the table shows what it would give."""

    chosen = Signal(object)
    """A `Cell`, or None for all items."""
    threshold_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: TagCounts | None = None
        self._classes: Sequence[LabelClass] = ()
        self._threshold = 0.0
        self.threshold = ThresholdChoice()
        self.threshold.chosen.connect(self.threshold_chosen)
        self.threshold.plot.moved.connect(self._show_at)
        self.threshold.hide()
        self.table = TagTable()
        self.table.chosen.connect(self._choose)
        self._all = QToolButton()
        self._all.setText("Show all")
        self._all.setObjectName("clear_confusion")
        self._all.setToolTip("Show the items of every mistake again")
        self._all.setIcon(theme().icon("close", "muted"))
        self._all.clicked.connect(lambda: self._choose(None))
        keeps_room = self._all.sizePolicy()
        keeps_room.setRetainSizeWhenHidden(True)  # else the table moves away under the mouse
        self._all.setSizePolicy(keeps_room)
        self._all.hide()
        self.heading = QLabel("TAG BY TAG")
        self.heading.setProperty("role", "section")
        top = QHBoxLayout()
        top.addWidget(self.heading)
        top.addStretch(1)
        top.addWidget(self._all)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.threshold)
        column.addLayout(top)
        column.addWidget(self.table, 1)

    def show_threshold(self, threshold: float) -> None:
        """The one in force."""
        self._threshold = threshold

    def show_curve(self, curve: ThresholdCurve | None) -> None:
        """What each threshold gives; None where no validation item has a label, or nobody knows yet."""
        self.threshold.setVisible(curve is not None)
        if curve is not None:
            self.threshold.show_curve(curve, self._threshold)

    def show_counts(self, counts: TagCounts | None, classes: Sequence[LabelClass]) -> None:
        """Of the items that the table is to be about, at the threshold in force; None while they are being counted."""
        self._counts, self._classes = counts, classes
        self.table.show_why_empty("Counting …" if counts is None else "No labelled items")
        self.heading.setText(f"TAG BY TAG, {counted(counts.items, 'item').upper()}" if counts else "TAG BY TAG")
        self._show_at(self._threshold)

    def select(self, cell: Cell | None) -> None:
        """Mark the mistake without telling anyone."""
        self.table.select(cell)
        self._all.setVisible(cell is not None)

    def _show_at(self, threshold: float) -> None:
        self.table.show_figures(self._counts.at(threshold) if self._counts else [], self._classes)

    def _choose(self, cell: Cell | None) -> None:
        self.select(cell)
        self.chosen.emit(cell)
