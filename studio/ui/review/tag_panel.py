"""Which tags are missing and which are too many, over all items of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.ui.review.mistake_list import Cell, MistakeList
from studio.ui.theme import theme


class TagPanel(QWidget):
    """Choosing a mistake, or none, is told by `chosen`."""

    chosen = Signal(object)
    """A `Cell`, or None for all items."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 10)
        self.column.setSpacing(6)
        self.column.addLayout(top)
        self.column.addWidget(self.list, 1)

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
