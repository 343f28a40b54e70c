"""The rows of the key sheet: a menu, an action and its keys; then what the mouse does, which is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeySequence

from studio.ui.keyboard.bindings import key_bindings
from studio.ui.keyboard.catalogue import Entry, shown_keys
from studio.ui.keyboard.search import fit
from studio.ui.theme import theme

Index = QModelIndex | QPersistentModelIndex

MENU: Final = 0
ACTION: Final = 1
KEYS: Final = 2

GESTURES: Final = (
    ("Wheel", "Zoom at the cursor"),
    ("Ctrl + wheel", "Size of the brush"),
    ("Shift + wheel", "Pan sideways"),
    ("Middle button, or Space and drag", "Pan"),
    ("Right button", "Erase with the tool in use"),
    ("Alt + click", "Pick the class under the cursor"),
    ("Shift + click with the brush", "A straight line from the last stroke"),
)
"""What the mouse does on the canvas, and in which way; these cannot be changed."""


@dataclass(frozen=True, slots=True)
class _Row:
    menu: str
    text: str
    keys: str
    entry: Entry | None


class KeyTable(QAbstractTableModel):
    """Three columns: the menu (where it begins), the action, its keys."""

    told = Signal(str)
    """A sentence about what a change did beside what was asked for."""

    def __init__(self, parent: QObject, other_keys: Callable[[], Mapping[str, str]]) -> None:
        """`other_keys` tells the key that anything beside the actions has, by name; what an action takes it loses."""
        super().__init__(parent)
        self._other_keys = other_keys
        self._entries: Sequence[Entry] = ()
        self._typed = ""
        self._rows: list[_Row] = []

    def show(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._fill()

    def look_for(self, typed: str) -> None:
        """Only rows whose action or key has these letters."""
        self._typed = typed
        self._fill()

    def entry(self, index: Index) -> Entry | None:
        return self._rows[index.row()].entry if index.isValid() else None

    def choose(self, index: Index, keys: Sequence[QKeySequence]) -> None:
        """Give the row's action these keys, taking them away from whatever had them."""
        entry = self.entry(index)
        if entry is None or list(keys) == entry.action.shortcuts():
            return
        before = self._other_keys()
        robbed = key_bindings().choose(entry.action, keys, [other.action for other in self._entries])
        new = ", ".join(shown_keys(keys)) or "no key"
        self.told.emit(f"{entry.text} has {new} now.{self._lost(robbed, before)}")
        self._tell_views()

    def reset(self, index: Index) -> None:
        """Give the row's action the keys that it came with, taking them away from whatever has them."""
        entry = self.entry(index)
        if entry is not None:
            before = self._other_keys()
            robbed = key_bindings().reset(entry.action, [other.action for other in self._entries])
            self.told.emit(f"{entry.text} has its own keys again: {entry.keys or 'none'}.{self._lost(robbed, before)}")
            self._tell_views()

    def reset_all(self) -> None:
        """The actions of other pages, too."""
        key_bindings().reset_all()
        self.told.emit("Every action, on every page, has its own keys again.")
        self._tell_views()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        wanted = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return ("Menu", "Action", "Keys")[section] if wanted else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        editable = index.column() == KEYS and self.entry(index) is not None
        return flags | Qt.ItemFlag.ItemIsEditable if editable else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index, row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.menu}, {row.text}, {row.keys or 'no key'}"
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == MENU:
            return theme().color("muted")
        if role == Qt.ItemDataRole.FontRole and index.column() == KEYS and self._is_changed(row):
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole and row.entry is not None:
            return "Double click or Enter to press another key, Delete for none, Backspace for its own"
        return None

    def _lost(self, robbed: Sequence[QAction], before: Mapping[str, str]) -> str:
        """`before`: the other keys before the change."""
        now = self._other_keys()
        names = [other.text for other in self._entries if other.action in robbed]
        names += [name for name, key in before.items() if now.get(name) != key]
        return f" {' and '.join(names)} lost {'it' if len(names) == 1 else 'theirs'}." if names else ""

    def _text(self, index: Index, row: _Row) -> str:
        if index.column() == MENU:
            begins = index.row() == 0 or self._rows[index.row() - 1].menu != row.menu
            return row.menu if begins else ""
        return row.text if index.column() == ACTION else self._keys(row)

    @staticmethod
    def _keys(row: _Row) -> str:
        return row.entry.keys if row.entry is not None else row.keys

    @staticmethod
    def _is_changed(row: _Row) -> bool:
        return row.entry is not None and key_bindings().is_changed(row.entry.action)

    def _fill(self) -> None:
        self.beginResetModel()
        rows = [_Row(entry.menu, entry.text, entry.keys, entry) for entry in self._entries]
        rows += [_Row("Mouse on the canvas", what, how, None) for how, what in GESTURES]
        self._rows = [row for row in rows if self._passes(row)]
        self.endResetModel()

    def _passes(self, row: _Row) -> bool:
        typed = self._typed.strip().casefold()
        return not typed or typed in row.keys.casefold().split(", ") or fit(typed, row.text) is not None

    def _tell_views(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, KEYS))
