"""The runs of the project at the right: select one to see it, several to compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.store import RunRecord
from studio.ui.train.fields import section
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_list import RunDelegate, RunListModel
from studio.ui.widgets.flow_layout import FlowLayout

_EMPTY = "Train makes the first one."


class RunsPanel(QWidget):
    """`selection_changed` has the ids of the selected runs, newest first."""

    selection_changed = Signal(list)

    def __init__(self, library: RunLibrary, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = list(actions)
        self.model = RunListModel(library)
        self.view = QListView()
        self.view.setObjectName("runs")
        self.view.setAccessibleName("Runs")
        self.view.setModel(self.model)
        self.view.setItemDelegate(RunDelegate(self.view))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().selectionChanged.connect(self._selection_changed)
        self._empty = QLabel(_EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._arrange()

    @property
    def selected(self) -> list[str]:
        """Ids of the selected runs, newest first."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.model.records[row].id for row in rows]

    def show_records(self, records: Sequence[RunRecord], live: str | None) -> None:
        """The store's records, oldest first; what was selected stays selected."""
        selected = self.selected
        selection = self.view.selectionModel()
        with QSignalBlocker(selection):
            self.model.show_records(records, live)
            self._select(selected)
        self._stack.setCurrentIndex(1 if records else 0)
        if self.selected != selected:
            self._selection_changed()
        self.view.viewport().update()

    def select(self, runs: Sequence[str]) -> None:
        """Select these runs and no others."""
        self._select(runs)
        if runs:
            self.view.scrollTo(self.model.index_of(runs[0]))

    def color_by_series(self, series: Mapping[str, int]) -> None:
        self.model.color_by_series(series)

    def _select(self, runs: Sequence[str]) -> None:
        wanted = QItemSelection()
        for run in runs:
            index = self.model.index_of(run)
            if index.isValid():
                wanted.select(index, index)
        self.view.selectionModel().select(wanted, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if wanted.indexes():
            self.view.selectionModel().setCurrentIndex(wanted.indexes()[0], QItemSelectionModel.SelectionFlag.NoUpdate)

    def _selection_changed(self, *_what: object) -> None:
        self.selection_changed.emit(self.selected)

    def _open_menu(self, position: QPoint) -> None:
        if self.view.indexAt(position).isValid():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addActions(self._actions)
            menu.popup(self.view.viewport().mapToGlobal(position))

    def _arrange(self) -> None:
        rows = QVBoxLayout()
        rows.setContentsMargins(12, 8, 6, 6)
        rows.setSpacing(2)
        rows.addWidget(section("Runs"))
        top = FlowLayout(spacing=1)
        rows.addLayout(top)
        for action in self._actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(16, 16))
            button.setObjectName(f"button_{action.objectName()}")
            top.addWidget(button)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(rows)
        layout.addLayout(self._stack, 1)
