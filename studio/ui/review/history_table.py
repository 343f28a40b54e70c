"""The rounds of the loop as rows, the newest first."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.counting import counted
from studio.core.model_choices import Standing
from studio.reports import History, Round
from studio.ui.theme import theme
from studio.ui.train.curves import value_text
from studio.ui.train.run_words import date_text

AnyIndex = QModelIndex | QPersistentModelIndex
RUN_ROLE: Final = Qt.ItemDataRole.UserRole + 1

COLUMNS: Final = ("Round", "Run", "When", "What", "Labels", "Minutes", "Validated on", "Metric", "Model", "Note")
WIDTHS: Final = (58, 58, 100, 190, 66, 72, 96, 78, 92)
"""Logical pixels of all columns but the last."""

_TIPS: Final = {
    4: "Items that a person had labelled or changed when the run began; what an import brought is nobody's work",
    5: "Gaps between edits and decisions that are shorter than two minutes, added up until the run began",
    6: "Rounds are a comparison where they were validated on the same items",
    7: "After the run's last epoch",
}

_FIGURES: Final = frozenset({0, 4, 5, 6, 7})
_MODEL: Final = 8
_MODEL_COLORS: Final = {Standing.KEPT: "ok", Standing.SET_ASIDE: "danger"}


class HistoryTable(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rounds: tuple[Round, ...] = ()
        self._metric = ""

    def show(self, history: History, metric: str) -> None:
        """The rounds with the values of this metric."""
        self.beginResetModel()
        self._rounds, self._metric = tuple(reversed(history.rounds)), metric
        self.endResetModel()

    def row_of(self, run: str | None) -> int:
        """Where the run's round is; the newest where it has none."""
        return next((place for place, entry in enumerate(self._rounds) if entry.run == run), 0)

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rounds)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(section)
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry, column = self._rounds[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return self._words(entry)[column]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole if column == _MODEL:
                return theme().color(_MODEL_COLORS.get(entry.standing, "muted"))
            case _:
                return entry.run if role == RUN_ROLE else None

    def _words(self, entry: Round) -> tuple[str, ...]:
        metric = entry.metric(self._metric)
        return (
            str(entry.number),
            entry.run,
            date_text(dt.datetime.fromtimestamp(entry.time), dt.datetime.now()),
            what_in_words(entry),
            f"{entry.labels:,}",
            f"{entry.minutes:,.1f}",
            "" if entry.valid_items is None else counted(entry.valid_items, "item"),
            "" if metric is None else value_text(metric.value),
            entry.standing.value,
            entry.note,
        )


def what_in_words(entry: Round) -> str:
    """`12 corrections of 0001`, `from 0001`, or `from scratch`."""
    if entry.corrections:
        return f"{counted(entry.corrections, 'correction')} of {entry.parent}"
    return f"from {entry.parent}" if entry.parent is not None else "from scratch"


def _alignment(column: int) -> int:
    """Figures to the right, words to the left."""
    side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
