"""Each tag with its precision and recall, and how often it is missing or too many; a click on such a number shows the
items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.review import NO_CLASS
from studio.core.tag_figures import TagFigures
from studio.ui.review.mistake_list import Cell
from studio.ui.theme import theme

NAME, PRECISION, RECALL, MISSING, TOO_MANY = range(5)

_HEADINGS: Final = ("Tag", "Prec.", "Recall", "Miss.", "Extra")
_HINTS: Final = (
    "Click a heading to sort by it",
    "Precision: the share of the tag's predictions that are right",
    "Recall: the share of the tag's labels that are found",
    "Missing: the label has the tag, the prediction does not (false negatives)",
    "Too many: the prediction has the tag, the label does not (false positives)",
)
_SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_SWATCH: Final = 9
_ROW: Final = 22
_STRONGEST: Final = 0.42

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


class TagTableModel(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._figures: list[TagFigures] = []
        self._classes: dict[int, LabelClass] = {}
        self._most = 1
        self.sorted_column = TOO_MANY
        """Whose heading is bold: an arrow has no room beside the words."""
        self._answers: dict[int, Callable[[TagFigures, int], object]] = {
            Qt.ItemDataRole.DisplayRole: self._words,
            _SORT_ROLE: self._sort_key,
            Qt.ItemDataRole.TextAlignmentRole: lambda _figures, column: _alignment(column),
            Qt.ItemDataRole.BackgroundRole: self._heat,
            Qt.ItemDataRole.DecorationRole: self._swatch,
            Qt.ItemDataRole.ToolTipRole: self._in_words,
        }

    def show(self, figures: Sequence[TagFigures], classes: Sequence[LabelClass]) -> None:
        """The same tags in the same order as before keep their rows."""
        classes_by_id = {c.id: c for c in classes}
        stays = [f.class_id for f in figures] == [f.class_id for f in self._figures] and classes_by_id == self._classes
        if not stays:
            self.beginResetModel()
        self._figures, self._classes = list(figures), classes_by_id
        self._most = max((max(f.missing, f.too_many) for f in figures), default=1) or 1
        if not stays:
            self.endResetModel()
        elif figures:
            self.dataChanged.emit(self.index(0, 0), self.index(len(figures) - 1, TOO_MANY))

    def cell(self, row: int, column: int) -> Cell | None:
        """The mistake that a click here is about; None where there is none."""
        figures = self._figures[row]
        if column == MISSING and figures.missing:
            return figures.class_id, NO_CLASS
        if column == TOO_MANY and figures.too_many:
            return NO_CLASS, figures.class_id
        return None

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._figures)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _HEADINGS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return _HINTS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
            if role == Qt.ItemDataRole.FontRole and section == self.sorted_column:
                return _bold()
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        figures, column = self._figures[index.row()], index.column()
        answer = self._answers.get(role)
        return answer(figures, column) if answer is not None else None

    def _name(self, figures: TagFigures) -> str:
        known = self._classes.get(figures.class_id)
        return known.name if known is not None else str(figures.class_id)

    def _words(self, figures: TagFigures, column: int) -> str:
        if column == NAME:
            return self._name(figures)
        if column in (PRECISION, RECALL):
            share = figures.precision if column == PRECISION else figures.recall
            return "–" if share is None else f"{share:.2f}"
        return f"{figures.missing if column == MISSING else figures.too_many:,}"

    def _sort_key(self, figures: TagFigures, column: int) -> object:
        if column == NAME:
            return self._name(figures).lower()
        if column in (PRECISION, RECALL):
            share = figures.precision if column == PRECISION else figures.recall
            return -1.0 if share is None else share
        return figures.missing if column == MISSING else figures.too_many

    def _heat(self, figures: TagFigures, column: int) -> QBrush | None:
        number = {MISSING: figures.missing, TOO_MANY: figures.too_many}.get(column, 0)
        if not number:
            return None
        color = QColor(theme().color("danger"))
        color.setAlphaF(_STRONGEST * (number / self._most) ** 0.5)
        return QBrush(color)

    def _swatch(self, figures: TagFigures, column: int) -> QIcon | None:
        known = self._classes.get(figures.class_id)
        if column != NAME or known is None:
            return None
        pixmap = QPixmap(_SWATCH, _SWATCH)
        pixmap.fill(QColor(known.color))
        return QIcon(pixmap)

    def _in_words(self, figures: TagFigures, column: int) -> str:
        name = self._name(figures)
        if column == MISSING:
            return f"{name} is missing in {counted(figures.missing, 'item')}. Click to see them."
        if column == TOO_MANY:
            return f"{name} is too many in {counted(figures.too_many, 'item')}. Click to see them."
        return f"{name}: found in {counted(figures.found, 'item')}"


class TagTable(QTableView):
    """`chosen` tells a mistake whose number was clicked, or None where it was the one that is marked."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = TagTableModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.figures)
        self._sorted.setSortRole(_SORT_ROLE)
        self._selected: Cell | None = None
        self._why_empty = ""
        self.setModel(self._sorted)
        self.setObjectName("tag_table")
        self.setAccessibleName("Precision and recall of each tag")
        self.setSortingEnabled(True)
        self.sortByColumn(TOO_MANY, Qt.SortOrder.DescendingOrder)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self._lay_out_header()
        header = self.horizontalHeader()
        header.sortIndicatorChanged.connect(self._mark_sorted)
        self.clicked.connect(self._tell)
        self.activated.connect(self._tell)

    def show_figures(self, figures: Sequence[TagFigures], classes: Sequence[LabelClass]) -> None:
        self.figures.show(figures, classes)
        self.select(self._selected)

    def show_why_empty(self, words: str) -> None:
        """What stands where there is no tag."""
        self._why_empty = words
        self.viewport().update()

    def select(self, cell: Cell | None) -> None:
        """Mark the mistake without telling anyone."""
        self._selected = cell
        self.clearSelection()
        if cell is None:
            return
        for row in range(self.figures.rowCount()):
            for column in (MISSING, TOO_MANY):
                if self.figures.cell(row, column) == cell:
                    self.setCurrentIndex(self._sorted.mapFromSource(self.figures.index(row, column)))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.figures.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(theme().color("muted"))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self._why_empty)

    def _lay_out_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        for column in range(PRECISION, len(_HEADINGS)):
            self.setColumnWidth(column, self.fontMetrics().horizontalAdvance("Recall") + 12)

    def _mark_sorted(self, column: int, _order: Qt.SortOrder) -> None:
        self.figures.sorted_column = column
        self.horizontalHeader().viewport().update()

    def _tell(self, index: QModelIndex) -> None:
        source = self._sorted.mapToSource(index)
        cell = self.figures.cell(source.row(), source.column())
        if cell is not None:
            self.chosen.emit(None if cell == self._selected else cell)
        else:
            self.select(self._selected)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == NAME else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
