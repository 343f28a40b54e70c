"""The journal of reviews as a table that holds numbers of steps only; its rows are read a page at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from studio.core.deciding import Act, JournalEntry, StepState, in_words
from studio.ui.theme import theme

HEADINGS: Final = ("When", "Who", "Item", "What was decided", "Revision", "Run", "Note")
WIDTHS: Final = (155, 70, 150, 290, 75, 60)
"""In logical pixels; the last column takes what is left."""

ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole

_PAGE: Final = 64
_PAGES_KEPT: Final = 64
_STATE_WORDS: Final = {
    StepState.DONE: "",
    StepState.UNDONE: "taken back",
    StepState.DROPPED: "taken back for good",
}

Index = QModelIndex | QPersistentModelIndex
ReadSteps = Callable[[Sequence[int]], Sequence[JournalEntry]]
"""Steps of these numbers, in their order."""


class JournalModel(QAbstractTableModel):
    """Newest first. Steps that were taken back stay in it, struck out."""

    def __init__(self, read: ReadSteps, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._ids: list[int] = []
        self._pages: OrderedDict[int, Sequence[JournalEntry]] = OrderedDict()

    def show(self, ids: Sequence[int]) -> None:
        """Show these; those that only came on top are put there, and the place in the list stays."""
        more = len(ids) - len(self._ids)
        self._pages.clear()
        if self._ids and more >= 0 and list(ids[more:]) == self._ids:
            if more:
                self.beginInsertRows(QModelIndex(), 0, more - 1)
                self._ids = list(ids)
                self.endInsertRows()
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, len(HEADINGS) - 1))
            return
        self.beginResetModel()
        self._ids = list(ids)
        self.endResetModel()

    def entry(self, row: int) -> JournalEntry | None:
        page, place = divmod(row, _PAGE)
        entries = self._pages.get(page)
        if entries is None:
            entries = self._pages[page] = self._read(self._ids[page * _PAGE : (page + 1) * _PAGE])
            while len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return entries[place] if place < len(entries) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        across = orientation is Qt.Orientation.Horizontal
        return HEADINGS[section] if across and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index.row()) if index.isValid() else None
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(entry)[index.column()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return tip(entry)
        if entry.state is not StepState.DONE:
            if role == Qt.ItemDataRole.ForegroundRole:
                return theme().color("muted")
            if role == Qt.ItemDataRole.FontRole:
                font = QFont()
                font.setStrikeOut(True)
                return font
        return entry if role == ENTRY_ROLE else None


def cells(entry: JournalEntry) -> tuple[str, ...]:
    """What stands in a row, by `HEADINGS`; the time is local."""
    when = datetime.fromtimestamp(entry.time).strftime("%Y-%m-%d %H:%M:%S")
    changed = f"{entry.before} → {entry.after}" if entry.after != entry.before else ""
    what = in_words(entry)
    if entry.act is Act.NOTED:  # the words themselves stand in a column of their own
        what = what.partition(":")[0]
    return when, entry.who, entry.name, what, changed, entry.run, entry.note


def tip(entry: JournalEntry) -> str:
    """The row as one line."""
    when, who, name, _what, _changed, run, _note = cells(entry)
    parts = [name, in_words(entry), f"run {run}", f"{who}, {when}" if who else when]
    if entry.after != entry.before:
        parts.append(f"label revision {entry.before} → {entry.after}")
    if entry.state is not StepState.DONE:
        parts.append(_STATE_WORDS[entry.state])
    return "  ·  ".join(parts)
