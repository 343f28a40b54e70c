"""A list of the project's classes over the grid: type a few letters, Enter gives the class to the selected items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLabel, QWidget

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.ui.keyboard.search import fit
from studio.ui.theme import theme
from studio.ui.widgets.search_popup import ROW_ROLE, Index, RowDelegate, SearchPopup

_WIDTH: Final = 340
_ROW: Final = 30
_ROWS: Final = 10
_TOP: Final = 24


@dataclass(frozen=True)
class ClassRow:
    """A class, its key (empty: none), and how many of the selected items have it, of how many."""

    label_class: LabelClass
    key: str
    having: int
    of: int

    @property
    def told(self) -> str:
        """All of it, in words."""
        has = "all have it" if self.having == self.of else f"{self.having} of {self.of} have it" if self.having else ""
        return ", ".join(part for part in (self.label_class.name, has, self.key) if part)


class ClassPalette(SearchPopup):
    """Its host has no use for Enter itself. With `stays` it stays open after a choice, for items with several tags."""

    chosen = Signal(int)
    """The id of a class."""
    closed = Signal()

    def __init__(self, host: QWidget, *, stays: bool) -> None:
        super().__init__(host, _RowDelegate(_ROW), width=_WIDTH, rows=_ROWS)
        self.setObjectName("class_palette")
        self.setAccessibleName("Give a class")
        self._stays = stays
        self._classes: Sequence[ClassRow] = ()
        self._read: Callable[[], Sequence[ClassRow]] = tuple
        self.heading = QLabel()
        self.heading.setProperty("role", "muted")
        self.column.insertWidget(0, self.heading)
        self.search.setPlaceholderText("Class")
        self.search.setMaxLength(60)
        self.search.setAccessibleName("Class to look for")
        self.none.setText("No class has these letters.")
        self.list.setAccessibleName("Classes")

    def open(self, read: Callable[[], Sequence[ClassRow]], items: int) -> None:
        """`read` gives the rows, again after each choice; they are for so many items."""
        self._read = read
        self._classes = read()
        verb = "Give or take a tag" if self._stays else "Give a class"
        self.heading.setText(f"{verb}: {counted(items, 'item')}  ·  Enter, Esc closes")
        self.appear()

    def leave(self) -> None:
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def take(self, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, ClassRow):
            return
        if not self._stays:
            self.leave()
        self.chosen.emit(row.label_class.id)
        if self._stays:
            self._classes = self._read()
            self.search.selectAll()
            place = self.list.currentIndex().row()
            self.look()
            self.list.setCurrentIndex(self.model.index(max(0, place)))

    def fitting(self, typed: str) -> Sequence[ClassRow]:
        return ranked(self._classes, typed)

    def most_rows(self) -> int:
        return min(super().most_rows(), max(3, (self.host.height() - 2 * _TOP - 100) // _ROW))

    def top(self) -> int:
        return _TOP


def rows_of(
    classes: Sequence[LabelClass], keys: Mapping[int, str], having: Mapping[int, int], items: int
) -> list[ClassRow]:
    return [ClassRow(c, keys.get(c.id, ""), having.get(c.id, 0), items) for c in classes]


def ranked(rows: Sequence[ClassRow], typed: str) -> list[ClassRow]:
    """Those whose name fits what was typed, best first; a class's own key or the beginning of its name comes first."""
    if not typed:
        return list(rows)
    judged = [(fits, row) for row in rows if (fits := fit(typed, row.label_class.name)) is not None]
    wanted = typed.casefold()

    def merit(pair: tuple[int, ClassRow]) -> tuple[bool, int]:
        return not pair[1].label_class.name.casefold().startswith(wanted), -pair[0]

    return [row for _fits, row in sorted(judged, key=merit)]


class _RowDelegate(RowDelegate):
    def paint_row(self, painter: QPainter, box: QRect, row: object) -> None:
        if not isinstance(row, ClassRow):
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(row.label_class.color))
        painter.drawRoundedRect(QRect(box.left() + 10, box.center().y() - 6, 12, 12), 3, 3)
        metrics = painter.fontMetrics()
        inner = box.adjusted(32, 0, -10, 0)
        painter.setPen(theme().color("muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.key)
        room = inner.adjusted(0, 0, -(metrics.horizontalAdvance(row.key) + 10 if row.key else 0), 0)
        if row.having:
            told = "✓" if row.having == row.of else f"{row.having:,} of {row.of:,}"
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, told)
            room = room.adjusted(0, 0, -metrics.horizontalAdvance(told) - 10, 0)
        painter.setPen(theme().color("text"))
        name = metrics.elidedText(row.label_class.name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
