"""The items of a report as rows, which the model itself filters and sorts: 100,000 of them at a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.report import ReportRow, Verdict, change_figure, error_figure
from studio.core.review import Decision
from studio.core.settings import Task
from studio.ui.review.tile_words import DECISION_WORDS
from studio.ui.theme import theme

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1

VERDICT_ORDER: Final = (
    Verdict.FIXED,
    Verdict.BROKEN,
    Verdict.UNCHANGED,
    Verdict.ONLY_BEFORE,
    Verdict.ONLY_AFTER,
)

_COLUMNS: Final = ("Item", "Split", "Before", "After", "Change", "Verdict", "Corrected", "Decision")
_FIGURES: Final = (2, 3, 4)
_VERDICT_COLORS: Final = {Verdict.FIXED: "ok", Verdict.BROKEN: "danger"}
_MISSING: Final = float("-inf")


class ReportTable(QAbstractTableModel):
    """In the report's order until a column sorts it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[ReportRow, ...] = ()
        self._rows: Sequence[ReportRow] = ()
        self._task = Task.SEGMENTATION
        self._verdict: Verdict | None = None
        self._sorting = -1, Qt.SortOrder.AscendingOrder

    def show(self, rows: Sequence[ReportRow], task: Task) -> None:
        self._all, self._task = tuple(rows), task
        self._arrange()

    def keep(self, verdict: Verdict | None) -> None:
        """Only the items with this verdict; None shows all."""
        self._verdict = verdict
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column, or by -1 in the report's order."""
        self._sorting = column, order
        self._arrange()

    def row_of(self, item: int) -> int:
        """Where the item's line is; -1 where it does not show."""
        return next((place for place, row in enumerate(self._rows) if row.item == item), -1)

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return _COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row)[column]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column in (4, 5):
            return theme().color(_VERDICT_COLORS.get(row.verdict, "muted"))
        return None

    def _arrange(self) -> None:
        self.beginResetModel()
        rows = [row for row in self._all if self._verdict is None or row.verdict is self._verdict]
        column, order = self._sorting
        if column >= 0:
            rows.sort(key=_SORT_KEYS[column], reverse=order is Qt.SortOrder.DescendingOrder)
        self._rows = rows
        self.endResetModel()

    def _words(self, row: ReportRow) -> tuple[str, ...]:
        def figure(error: float | None) -> str:
            return "–" if error is None else error_figure(error, self._task)

        change = ""
        if row.before is not None and row.after is not None:
            change = change_figure(row.before, row.after, self._task)
        return (
            row.name,
            row.split.value,
            figure(row.before),
            figure(row.after),
            change,
            row.verdict.value,
            _apart(row),
            _decision(row),
        )


def _apart(row: ReportRow) -> str:
    return "yes" if row.corrected else "label changed" if row.label_changed else ""


def _decision(row: ReportRow) -> str:
    return DECISION_WORDS[row.decision] if row.decision is not Decision.UNDECIDED else ""


def _change(row: ReportRow) -> float:
    return _MISSING if row.before is None or row.after is None else row.after - row.before


_SORT_KEYS: Final[tuple[Callable[[ReportRow], Any], ...]] = (
    lambda row: row.name,
    lambda row: row.split.value,
    lambda row: _MISSING if row.before is None else row.before,
    lambda row: _MISSING if row.after is None else row.after,
    _change,
    lambda row: VERDICT_ORDER.index(row.verdict),
    _apart,
    _decision,
)


def _alignment(column: int) -> int:
    """Figures to the right, words to the left."""
    side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
