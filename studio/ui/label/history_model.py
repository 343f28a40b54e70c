"""The edits of one item as rows, in the order in which they were made."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.timeline import Step
from studio.store.journal import Journal

PLACE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""The row's `Place`."""
TIME_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""When, in a few characters."""
ICON_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""The name of the icon for what was done."""

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()

_START: Final = Step(id=0, parent=None, what="nothing labelled", time=0.0)

_ICONS: Final = (
    ("brush", "brush"),
    ("eras", "eraser"),
    ("polygon", "polygon"),
    ("lasso", "lasso"),
    ("rectangle", "rectangle"),
    ("ellipse", "ellipse"),
    ("filling", "region"),
    ("fill", "fill"),
    ("grow", "region"),
    ("shrink", "region"),
    ("smooth", "region"),
    ("speck", "region"),
    ("replacing", "region"),
    ("prediction", "accept"),
    ("propos", "accept"),
    ("import", "import"),
    ("file found", "import"),
    ("copy", "copy"),
    ("interpol", "next"),
    ("point", "point"),
    ("drag", "point"),
    ("visibility", "eye"),
    ("nothing", "history"),
)
"""The first of these words that is in what was done names the icon."""


class Place(enum.Enum):
    """Where a step lies from the state that is shown."""

    CURRENT = "shown now"
    PAST = "done"
    AHEAD = "undone"
    ASIDE = "on another branch"
    GONE = "of a label that was replaced"


class HistoryModel(QAbstractListModel):
    """Reads only what is new when edits are added; ten thousand rows cost some milliseconds once."""

    def __init__(self, journal: Journal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._journal = journal
        self._item: int | None = None
        self._head = 0
        self._steps: list[Step] = []
        self._roots: dict[int, int] = {}
        self._past: set[int] = set()
        self._ahead: set[int] = set()

    def show(self, item: int | None, head: int) -> None:
        """Show the item's edits, `head` being the one that it stands at."""
        if item != self._item:
            self.beginResetModel()
            self._item, self._steps, self._roots = item, [], {0: 0}
            self._take(self._journal.timeline(item) if item is not None else [])
            self._place(head)
            self.endResetModel()
            return
        if item is None:
            return
        new = self._journal.timeline(item, self._steps[-1].id if self._steps else 0)
        if new:
            begins = not self._steps and new[0].parent is not None
            self.beginInsertRows(_NOWHERE, len(self._steps), len(self._steps) + len(new) - 1 + begins)
            self._take(new)
            self.endInsertRows()
        self._place(head)
        if self._steps:
            self.dataChanged.emit(self.index(0), self.index(len(self._steps) - 1))

    def step(self, row: int) -> Step:
        return self._steps[row]

    @property
    def edits(self) -> int:
        """How many edits there are, the beginning left out."""
        return sum(step.parent is not None for step in self._steps)

    @property
    def current_row(self) -> int:
        """The row of the state that is shown, -1 without any."""
        return next((row for row in reversed(range(len(self._steps))) if self._steps[row].id == self._head), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._steps)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.place(index.row()) is Place.GONE:
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._steps):
            return None
        tell = _ROLES.get(role)
        return tell(self._steps[index.row()], self.place(index.row())) if tell is not None else None

    def place(self, row: int) -> Place:
        step = self._steps[row].id
        if step == self._head:
            return Place.CURRENT
        if step in self._past:
            return Place.PAST
        if step in self._ahead:
            return Place.AHEAD
        return Place.ASIDE if self._roots.get(step) == self._roots.get(self._head) else Place.GONE

    def _take(self, steps: list[Step]) -> None:
        """Append; before the first edit that followed nothing comes the empty beginning."""
        if not self._steps and steps and steps[0].parent is not None:
            self._steps.append(_START)
        for step in steps:
            self._roots[step.id] = step.id if step.parent is None else self._roots.get(step.parent, 0)
        self._steps += steps

    def _place(self, head: int) -> None:
        self._head = head
        parents = {step.id: step.parent for step in self._steps}
        self._past = set()
        at: int | None = head
        while at:
            self._past.add(at)
            at = parents.get(at)
        if at == 0:
            self._past.add(0)
        self._ahead = set(self._journal.ahead(self._item)) if self._item is not None else set()


def _short(seconds: float) -> str:
    if not seconds:
        return ""
    then, now = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%d %b", then)


def _describe(step: Step, place: Place) -> str:
    when = time.strftime("%d %B %Y %H:%M:%S", time.localtime(step.time)) if step.time else "the beginning"
    return f"{step.what}, {when}, {place.value}"


_ROLES: Final[dict[int, Callable[[Step, Place], object]]] = {
    Qt.ItemDataRole.DisplayRole: lambda step, _place: step.what[:1].upper() + step.what[1:],
    Qt.ItemDataRole.ToolTipRole: _describe,
    Qt.ItemDataRole.AccessibleTextRole: _describe,
    PLACE_ROLE: lambda _step, place: place,
    TIME_ROLE: lambda step, _place: _short(step.time),
    ICON_ROLE: lambda step, _place: next((icon for word, icon in _ICONS if word in step.what), "page-label"),
}
