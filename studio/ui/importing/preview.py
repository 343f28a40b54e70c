"""What an import would bring, as a person sees it before importing: sentences, and a table of the classes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from studio.import_check import ClassCount, ImportPreview

_ROWS_SHOWN = 5
_ROW_HEIGHT = 24


class PreviewView(QWidget):
    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._told = QLabel()
        self._told.setObjectName("import_preview")
        self._told.setWordWrap(True)
        self._table = QTableWidget(0, 3)
        self._table.setObjectName("import_preview_classes")
        self._table.setAccessibleName("What would come of each class")
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self._table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._table.setShowGrid(False)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self._table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        column.addWidget(self._told)
        column.addWidget(self._table)

    def show_preview(self, preview: ImportPreview) -> None:
        classes = preview.classes
        self._told.setText(f"{preview.sentence} Nothing was written yet.")
        self._table.setHorizontalHeaderLabels(["Class", preview.unit.capitalize(), "Items"])
        for place in range(3):
            title = self._table.horizontalHeaderItem(place)
            if title is not None:
                side = Qt.AlignmentFlag.AlignRight if place else Qt.AlignmentFlag.AlignLeft
                title.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._table.setRowCount(len(classes))
        for row, each in enumerate(classes):
            self._fill(row, each)
        self._table.setVisible(any(each.amount for each in classes))
        self._table.setFixedHeight(self._height(min(len(classes), _ROWS_SHOWN)))
        self.show()

    def _fill(self, row: int, each: ClassCount) -> None:
        for place, text in enumerate((each.name, f"{each.amount:,}", f"{each.items:,}")):
            cell = QTableWidgetItem(text)
            if place:
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if not each.amount:
                cell.setForeground(self.palette().placeholderText())
            self._table.setItem(row, place, cell)

    def _height(self, rows: int) -> int:
        return self._table.horizontalHeader().sizeHint().height() + rows * _ROW_HEIGHT + 2 * self._table.frameWidth()
