"""The command palette: type a few letters of what you want to do, Enter does it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
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
from shiboken6 import isValid

from studio.ui.keyboard.catalogue import Catalogue, Entry
from studio.ui.keyboard.search import fit
from studio.ui.theme import theme

_ENTRY: Final = Qt.ItemDataRole.UserRole
_WIDTH: Final = 560
_ROW: Final = 32
_ROWS: Final = 11
_TOP: Final = 76
_MOST_TYPED: Final = 40
_RECENT: Final = 5
_DISABLED_PENALTY: Final = 1000

Index = QModelIndex | QPersistentModelIndex


class Palette(QFrame):
    """Lies over `host` while it is open; what had the keyboard before gets it back."""

    def __init__(self, catalogue: Catalogue, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("palette")
        self.setProperty("role", "popup")
        self.setAccessibleName("Command palette")
        self._host = host
        self._catalogue = catalogue
        self._recent: list[str] = []
        self._before: QWidget | None = None
        self.search = QLineEdit(placeholderText="What do you want to do?", maxLength=_MOST_TYPED)
        self.search.setAccessibleName("Command to look for")
        self.list = QListView()
        self.model = _Found(self)
        self._none = QLabel("No command has these letters.")
        self._none.setProperty("role", "muted")
        self._none.setContentsMargins(10, 6, 10, 8)
        self._set_up()
        self.hide()

    def toggle(self) -> None:
        if self.isVisible():
            self.leave()
        else:
            self.open()

    def open(self) -> None:
        self._before = QApplication.focusWidget()
        self.search.clear()
        self._look()
        self._place()
        self.show()
        self.raise_()
        self.search.setFocus()

    def leave(self) -> None:
        self.hide()
        if self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus()
        self._before = None

    def carry_out(self, index: Index) -> None:
        """Do what a row names; one that cannot be done now stays where it is."""
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry) or not entry.action.isEnabled():
            return
        name = entry.action.objectName()
        self._recent = [name, *(other for other in self._recent if other != name)][:_RECENT]
        self.leave()
        entry.action.trigger()

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
            self.carry_out(self.list.currentIndex())
        elif key in moves:
            self._step(moves[key])
        else:
            return False
        return True

    def _step(self, rows: int) -> None:
        count = self.model.rowCount()
        if count:
            row = self.list.currentIndex().row() + rows
            row = row % count if abs(rows) == 1 else min(max(row, 0), count - 1)
            self.list.setCurrentIndex(self.model.index(row))

    def _look(self, *_: object) -> None:
        self.model.show(ranked(self._catalogue.entries, self.search.text(), self._recent))
        self.list.setCurrentIndex(self.model.index(0))
        found = self.model.rowCount()
        self.list.setVisible(found > 0)
        self._none.setVisible(found == 0)
        self.list.setFixedHeight(min(found, _ROWS) * _ROW + 2)
        self.adjustSize()

    def _place(self) -> None:
        width = min(_WIDTH, self._host.width() - 32)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._host.width() - width) // 2, min(_TOP, self._host.height() // 8))

    def _set_up(self) -> None:
        self.list.setAccessibleName("Commands")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_EntryDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(self.carry_out)
        self.search.textChanged.connect(self._look)
        self.search.installEventFilter(self)
        self._host.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for part in (self.search, self.list, self._none):
            layout.addWidget(part)


def ranked(entries: list[Entry], typed: str, recent: list[str]) -> list[Entry]:
    """The entries that fit what was typed, best first; with nothing typed the recent ones, then all in menu order."""

    def merit(place: int, entry: Entry) -> tuple[int, int] | None:
        fits = fit(typed, entry.text)
        if fits is None:
            by_menu = fit(typed, f"{entry.menu} {entry.text}")
            if by_menu is None:
                return None
            fits = by_menu - _DISABLED_PENALTY // 2
        name = entry.action.objectName()
        fits += (_RECENT - recent.index(name)) * (1 if typed else 100) if name in recent else 0
        return -(fits - (0 if entry.action.isEnabled() else _DISABLED_PENALTY)), place

    judged = [(m, entry) for place, entry in enumerate(entries) if (m := merit(place, entry)) is not None]
    return [entry for _merit, entry in sorted(judged, key=lambda pair: pair[0])]


class _Found(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self._entries[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.text}, {entry.menu} menu" + (f", {entry.keys}" if entry.keys else "")
        return entry if role == _ENTRY else None


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        box: QRect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.save()
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent_soft"))
            painter.drawRoundedRect(box, 5, 5)
        enabled = entry.action.isEnabled()
        inner = box.adjusted(10, 0, -10, 0)
        icon = entry.action.icon()
        if not icon.isNull():
            spot = QRect(inner.left(), box.center().y() - 8, 16, 16)
            icon.paint(painter, spot)
        text = inner.adjusted(26, 0, 0, 0)
        metrics = painter.fontMetrics()
        keys = entry.action.shortcuts()
        key = keys[0].toString(keys[0].SequenceFormat.NativeText) if keys else ""
        used = metrics.horizontalAdvance(key) + 14 if key else 0
        painter.setPen(theme().color("muted"))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key)
        room = text.adjusted(0, 0, -used, 0)
        name = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(theme().color("text" if enabled else "faint"))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        place = room.adjusted(metrics.horizontalAdvance(name) + 10, 0, 0, 0)
        menu = metrics.elidedText(entry.menu, Qt.TextElideMode.ElideRight, place.width())
        painter.setPen(theme().color("faint"))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, menu)
        painter.restore()
