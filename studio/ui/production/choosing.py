"""The first two steps: which model, and where it is told what the model got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui.widgets.problem_list import ProblemList

_COLUMNS = (
    "A folder of files, or a table with the columns image and, where they are known, predicted and true: a class or "
    "tags by name, points as numbers, the path of a mask. Paths may be relative to the table."
)


class ModelChoice(QWidget):
    chosen = Signal(str)
    """A run's id, or the folder of a model."""

    def __init__(self) -> None:
        super().__init__()
        self.models = QComboBox()
        self.models.setObjectName("production_model")
        self.models.setAccessibleName("Model")
        self.models.setMinimumContentsLength(30)
        self.browse = QPushButton("Another model…")
        self.browse.setObjectName("production_browse_model")
        self.browse.setToolTip("The folder of an exported model, or of another project's run")
        self.browse.clicked.connect(self._browse)
        self.go = QPushButton("Take this model")
        self.go.setObjectName("production_take_model")
        self.go.clicked.connect(lambda: self.chosen.emit(str(self.models.currentData())))
        row = QHBoxLayout(self)
        row.setContentsMargins(22, 0, 0, 0)
        row.addWidget(self.models, 1)
        row.addWidget(self.browse)
        row.addWidget(self.go)

    def show_models(self, models: Sequence[tuple[str, str]]) -> None:
        """(what `chosen` says, words); what is chosen stays so where it is still there, as do folders."""
        now = self.models.currentData()
        listed = [str(self.models.itemData(place)) for place in range(self.models.count())]
        folders = [value for value in listed if Path(value).is_absolute()]
        self.models.clear()
        for value, words in (*models, *((folder, folder) for folder in folders)):
            self.models.addItem(words, value)
        self.models.setCurrentIndex(max(0, self.models.findData(now)))
        self.go.setEnabled(self.models.count() > 0)

    def add_folder(self, folder: str) -> None:
        """Choose a model that is none of the project's runs."""
        if self.models.findData(folder) < 0:
            self.models.addItem(folder, folder)
        self.models.setCurrentIndex(self.models.findData(folder))
        self.go.setEnabled(True)

    def _browse(self) -> None:
        dialog = QFileDialog(self, "The folder of a model")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.add_folder)
        dialog.open()


class SourceChoice(QWidget):
    wanted = Signal(str)
    """The folder or table to bring in."""

    def __init__(self) -> None:
        super().__init__()
        told = QLabel(_COLUMNS)
        told.setProperty("role", "muted")
        told.setWordWrap(True)
        self.source = QLineEdit(placeholderText="errors.csv, or a folder")
        self.source.setObjectName("production_source")
        self.source.setAccessibleName("Where it is told what went wrong")
        self.source.returnPressed.connect(self._ask)
        self.source.textChanged.connect(lambda _text: self._enable())
        table, folder = QPushButton("Table…"), QPushButton("Folder…")
        table.setObjectName("production_browse_table")
        folder.setObjectName("production_browse_folder")
        table.clicked.connect(lambda: self._browse(QFileDialog.FileMode.ExistingFile))
        folder.clicked.connect(lambda: self._browse(QFileDialog.FileMode.Directory))
        self.go = QPushButton("Bring in and score")
        self.go.setObjectName("production_bring_in")
        self.go.clicked.connect(self._ask)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("How far it is")
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.problems = ProblemList("Problems found while bringing errors in")
        self._busy = False
        row = QHBoxLayout()
        for widget in (self.source, table, folder, self.go):
            row.addWidget(widget, 1 if widget is self.source else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 0, 0, 0)
        column.addWidget(told)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addWidget(self.problems)
        self._enable()

    def show_busy(self, busy: bool) -> None:
        self._busy = busy
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self._enable()

    def show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _enable(self) -> None:
        self.go.setEnabled(not self._busy and bool(self.source.text().strip()))

    def _ask(self) -> None:
        if self.go.isEnabled():
            self.problems.hide()
            self.wanted.emit(self.source.text().strip())

    def _browse(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, "What the model got wrong")
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self.source.setText)
        dialog.open()
