"""A list of the project's classes over the grid: type a few letters, Enter gives the class to the selected items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.ui.keyboard.search import fit
from studio.ui.theme import theme

_ROW_ROLE: Final = Qt.ItemDataRole.UserRole
_WIDTH: Final = 340
_ROW: Final = 30
_ROWS: Final = 10
_TOP: Final = 24

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ClassRow:
    """A class, its key (empty: none), and how many of the selected items have it, of how many."""

    label_class: LabelClass
    key: str
    having: int
    of: int


class ClassPalette(QFrame):
    """Lies over `host`, which has no use for Enter itself, while it is open. With `stays` it stays open after a choice,
    for items with several tags."""

    chosen = Signal(int)
    """The id of a class."""
    closed = Signal()

    def __init__(self, host: QWidget, *, stays: bool) -> None:
        super().__init__(host)
        self.setObjectName("class_palette")
        self.setProperty("role", "popup")
        self.setAccessibleName("Give a class")
        self._host = host
        self._stays = stays
        self._rows: Sequence[ClassRow] = ()
        self._read: Callable[[], Sequence[ClassRow]] = tuple
        self.heading = QLabel()
        self.heading.setProperty("role", "muted")
        self.search = QLineEdit(placeholderText="Class", maxLength=60)
        self.search.setAccessibleName("Class to look for")
        self.model = _Found(self)
        self.list = QListView()
        self._none = QLabel("No class has these letters.")
        self._none.setProperty("role", "muted")
        self._set_up()
        self.hide()

    def open(self, read: Callable[[], Sequence[ClassRow]], items: int) -> None:
        """`read` gives the rows, again after each choice; they are for so many items."""
        self._read = read
        self._rows = read()
        verb = "Give or take a tag" if self._stays else "Give a class"
        self.heading.setText(f"{verb}: {counted(items, 'item')}  ·  Enter, Esc closes")
        self.search.clear()
        self._look()
        self._place()
        self.show()
        self.raise_()
        self.search.setFocus()

    def leave(self) -> None:
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def choose(self, index: Index) -> None:
        row = index.data(_ROW_ROLE)
        if not isinstance(row, ClassRow):
            return
        if not self._stays:
            self.leave()
        self.chosen.emit(row.label_class.id)
        if self._stays:
            self._rows = self._read()
            self.search.selectAll()
            place = self.list.currentIndex().row()
            self._look()
            self.list.setCurrentIndex(self.model.index(max(0, place)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.search and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()  # somebody went on elsewhere with the mouse
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._took_key(event)
        return super().eventFilter(watched, event)

    def _took_key(self, event: QKeyEvent) -> bool:
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self.list.currentIndex())
        elif key in moves:
            row = self.list.currentIndex().row() + moves[key]
            self.list.setCurrentIndex(self.model.index(min(max(row, 0), self.model.rowCount() - 1)))
        else:
            return False
        return True

    def _look(self, *_: object) -> None:
        self.model.show(ranked(self._rows, self.search.text()))
        self.list.setCurrentIndex(self.model.index(0))
        found = self.model.rowCount()
        self.list.setVisible(found > 0)
        self._none.setVisible(found == 0)
        most = max(3, (self._host.height() - 2 * _TOP - 100) // _ROW)
        self.list.setFixedHeight(min(found, _ROWS, most) * _ROW + 2)
        self.adjustSize()

    def _place(self) -> None:
        width = min(_WIDTH, self._host.width() - 32)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._host.width() - width) // 2, _TOP)

    def _set_up(self) -> None:
        self.list.setAccessibleName("Classes")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self.choose)
        self.search.textChanged.connect(self._look)
        self.search.installEventFilter(self)
        self._host.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for part in (self.heading, self.search, self.list, self._none):
            layout.addWidget(part)


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


class _Found(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[ClassRow] = []

    def show(self, rows: list[ClassRow]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            has = "all have it" if row.having == row.of else f"{row.having} of {row.of} have it" if row.having else ""
            return ", ".join(part for part in (row.label_class.name, has, row.key) if part)
        return row if role == _ROW_ROLE else None


class _RowDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(_ROW_ROLE)
        if not isinstance(row, ClassRow):
            return
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setBrush(theme().color("accent_soft"))
            painter.drawRoundedRect(box, 5, 5)
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
        painter.restore()
