"""All runs as rows: what they reached, how their recipes differ from the chosen one's, and what a person noted."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from studio.core.recipe_difference import differences
from studio.store import RunRecord
from studio.store.run_remarks import Remarks
from studio.ui.train.curves import value_text
from studio.ui.train.row_changes import bring_up_to_date
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_words import date_text, outcome_text, purpose_text
from studio.ui.train.summary import duration

Index = QModelIndex | QPersistentModelIndex

SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class Column(enum.IntEnum):
    STAR = 0
    RUN = 1
    WHEN = 2
    WHAT = 3
    STATE = 4
    MODEL = 5
    BEST = 6
    VALID_LOSS = 7
    TIME = 8
    DIFFERENCE = 9
    NOTE = 10


HEADINGS: Final = (
    "★",
    "Run",
    "When",
    "What",
    "State",
    "Model",
    "Best",
    "Valid loss",
    "Time",
    "Recipe against the chosen",
    "Note",
)


class RunsTableModel(QAbstractTableModel):
    """`remarked` names a run that got a star or a note, and what is now said of it."""

    remarked = Signal(str, object)

    def __init__(self, library: RunLibrary) -> None:
        super().__init__()
        self._library = library
        self._records: list[RunRecord] = []
        self._live: str | None = None
        self._chosen: RunRecord | None = None
        library.loaded.connect(self._figures_came)

    @property
    def records(self) -> list[RunRecord]:
        return self._records

    def show_records(self, records: Sequence[RunRecord], live: str | None) -> None:
        relit = {self._live, live} if live != self._live else set[str | None]()
        self._live = live
        for row, old in enumerate(bring_up_to_date(self, self._records, records)):
            new = self._records[row]
            if new != old or new.id in relit:
                self._changed(row, row, Column.STAR, Column.DIFFERENCE)
            if new.note != old.note:
                self._changed(row, row, Column.NOTE, Column.NOTE)

    def compare_with(self, record: RunRecord | None) -> None:
        """The run whose recipe the others are held against."""
        before, self._chosen = self._chosen, record
        same = record is before or (record and before and (record.id, record.spec) == (before.id, before.spec))
        if self._records and not same:
            self._changed(0, len(self._records) - 1, Column.DIFFERENCE, Column.DIFFERENCE)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._records)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == Column.NOTE else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record, column = self._records[index.row()], Column(index.column())
        if role == SORT_ROLE:
            return self._sort_key(record, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (Column.BEST, Column.VALID_LOSS, Column.TIME):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            text = self._text(record, column)
            return text.replace(", ", "\n") if role == Qt.ItemDataRole.ToolTipRole else text
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        record = self._records[index.row()]
        if role != Qt.ItemDataRole.EditRole or index.column() != Column.NOTE or value == record.note:
            return False
        self.remarked.emit(record.id, replace(record.remarks, note=str(value)))
        return True

    def toggle_star(self, row: int) -> None:
        record = self._records[row]
        remarks: Remarks = replace(record.remarks, starred=not record.remarks.starred)
        self.remarked.emit(record.id, remarks)

    def _text(self, record: RunRecord, column: Column) -> str:
        figures = self._library.figures(record)
        texts: dict[Column, Callable[[], str]] = {
            Column.STAR: lambda: "★" if record.remarks.starred else "☆",
            Column.RUN: lambda: record.id,
            Column.WHEN: lambda: date_text(dt.datetime.fromtimestamp(record.created), dt.datetime.now()),
            Column.WHAT: lambda: purpose_text(record.spec, figures.epochs_asked if figures else ""),
            Column.STATE: lambda: outcome_text(record.outcome, is_live=record.id == self._live),
            Column.MODEL: lambda: str(record.standing),
            Column.BEST: lambda: figures.best if figures else "",
            Column.VALID_LOSS: lambda: value_text(figures.valid_loss) if figures and figures.valid_loss else "",
            Column.TIME: lambda: duration(figures.seconds) if figures and figures.seconds else "",
            Column.DIFFERENCE: lambda: self._difference(record),
            Column.NOTE: lambda: record.note,
        }
        return texts[column]()

    def _difference(self, record: RunRecord) -> str:
        if self._chosen is None or record.id == self._chosen.id:
            return ""
        found = differences(record.spec, self._chosen.spec)
        steered, other = self._steered(record), self._steered(self._chosen)
        if steered != other:
            found.append(steered or f"without {other}")
        return ", ".join(found) or "the same"

    def _steered(self, record: RunRecord) -> str:
        figures = self._library.figures(record)
        return figures.steered if figures else ""

    def _sort_key(self, record: RunRecord, column: Column) -> Any:
        """What has no number comes after all that have one."""
        figures = self._library.figures(record)
        match column:
            case Column.WHEN:
                return record.created
            case Column.BEST:
                return figures.score if figures and figures.score is not None else -1e300
            case Column.VALID_LOSS:
                return figures.valid_loss if figures and figures.valid_loss is not None else 1e300
            case Column.TIME:
                return figures.seconds if figures else 0.0
            case _:
                return self._text(record, column)

    def _figures_came(self, run: str) -> None:
        for row, record in enumerate(self._records):
            if record.id == run:
                self._changed(row, row, Column.WHAT, Column.WHAT)
                self._changed(row, row, Column.BEST, Column.DIFFERENCE)
        if self._records and self._chosen is not None and self._chosen.id == run:
            self._changed(0, len(self._records) - 1, Column.DIFFERENCE, Column.DIFFERENCE)

    def _changed(self, top: int, bottom: int, left: Column, right: Column) -> None:
        """The note is told of by itself: a view takes a cell that changes out of the hands of who types in it."""
        self.dataChanged.emit(self.index(top, left), self.index(bottom, right))
