"""The table of all runs: sorted by any column, starred by a click, noted in place, and chosen like in the list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from studio.store import RunRecord
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.runs_table_model import SORT_ROLE, Column, RunsTableModel

_WIDTHS = {
    Column.STAR: 28,
    Column.RUN: 52,
    Column.WHEN: 84,
    Column.WHAT: 96,
    Column.STATE: 116,
    Column.MODEL: 82,
    Column.BEST: 62,
    Column.VALID_LOSS: 76,
    Column.TIME: 62,
    Column.NOTE: 130,
}
_OTHER_WIDTH = 82
_ROW_HEIGHT = 26


class RunsTable(QFrame):
    """`selection_changed` has the ids of the selected runs, newest first; `remarked` a run and its star and note."""

    selection_changed = Signal(list)
    remarked = Signal(str, object)

    def __init__(self, library: RunLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.model = RunsTableModel(library)
        self.model.remarked.connect(self.remarked)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(SORT_ROLE)
        self.view = QTableView()
        self.view.setObjectName("runs_table")
        self.view.setAccessibleName("All runs")
        self.view.setModel(self.sorted)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(Column.WHEN, Qt.SortOrder.DescendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(24)
        for column in Column:
            self.view.setColumnWidth(column, _WIDTHS.get(column, _OTHER_WIDTH))
        header.setSectionResizeMode(Column.DIFFERENCE, QHeaderView.ResizeMode.Stretch)
        self.view.clicked.connect(self._clicked)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self.view)

    @property
    def selected(self) -> list[str]:
        """Ids of the selected runs, newest first."""
        rows = {self.sorted.mapToSource(index).row() for index in self.view.selectionModel().selectedRows()}
        return [self.model.records[row].id for row in sorted(rows, reverse=True)]

    def show_records(self, records: Sequence[RunRecord], live: str | None) -> None:
        """The store's records, oldest first; what was selected stays selected."""
        selected = self.selected
        self.model.show_records(records, live)
        self.select(selected)

    def select(self, runs: Sequence[str]) -> None:
        """Select these runs and no others; the first is what the others are compared with."""
        wanted = QItemSelection()
        for row, record in enumerate(self.model.records):
            if record.id in runs:
                first = self.sorted.mapFromSource(self.model.index(row, 0))
                last = self.sorted.mapFromSource(self.model.index(row, len(Column) - 1))
                wanted.select(first, last)
        with QSignalBlocker(self.view.selectionModel()):
            self.view.selectionModel().select(wanted, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._compare()
        self.view.viewport().update()

    def _selected(self, *_what: object) -> None:
        self._compare()
        if self.selected:
            self.selection_changed.emit(self.selected)

    def _compare(self) -> None:
        chosen = self.selected[:1]
        self.model.compare_with(next((r for r in self.model.records if r.id in chosen), None))

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.STAR:
            self.model.toggle_star(self.sorted.mapToSource(index).row())
