"""A search field over a list of what fits: type a few letters, Enter takes the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
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

from studio.ui.theme import theme

ROW_ROLE: Final = Qt.ItemDataRole.UserRole
_AROUND: Final = 32

Index = QModelIndex | QPersistentModelIndex


class Row(Protocol):
    @property
    def told(self) -> str:
        """All that the row shows, in words."""
        ...


class SearchPopup(QFrame):
    """Lies over `host` while it is open; going on elsewhere with the mouse hides it."""

    def __init__(self, host: QWidget, delegate: RowDelegate, *, width: int, rows: int) -> None:
        """`width` in logical pixels; the list shows so many `rows` at a time, each as high as the delegate makes it."""
        super().__init__(host)
        self.setProperty("role", "popup")
        self.host = host
        self.row_height = delegate.height
        self._width = width
        self._rows = rows
        self.search = QLineEdit()
        self.list = QListView()
        self.model = FoundRows(self)
        self.none = QLabel()
        self.none.setProperty("role", "muted")
        self.column = QVBoxLayout(self)
        self._set_up(delegate)
        self.hide()

    # -- what each popup is about -------------------------------------------------------------------------------------

    def fitting(self, typed: str) -> Sequence[Row]:
        """What fits the letters, best first."""
        raise NotImplementedError

    def take(self, index: Index) -> None:
        """Enter or a click on a row."""
        raise NotImplementedError

    def leave(self) -> None:
        """Esc."""
        raise NotImplementedError

    def top(self) -> int:
        """How far below the host's upper edge it lies."""
        raise NotImplementedError

    def most_rows(self) -> int:
        """How many rows have room."""
        return self._rows

    def row_after(self, row: int, step: int) -> int:
        """The row to which a key leads; the list has at least one."""
        return min(max(row + step, 0), self.model.rowCount() - 1)

    # -- what all do --------------------------------------------------------------------------------------------------

    def appear(self) -> None:
        """Show everything there is, with the keyboard in the empty field."""
        self.search.clear()
        self.look()
        self._place()
        self.show()
        self.raise_()
        self.search.setFocus()

    def look(self, *_: object) -> None:
        """Find anew what fits."""
        self.model.show(self.fitting(self.search.text()))
        self.list.setCurrentIndex(self.model.index(0))
        found = self.model.rowCount()
        self.list.setVisible(found > 0)
        self.none.setVisible(found == 0)
        self.list.setFixedHeight(min(found, self.most_rows()) * self.row_height + 2)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.host and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.search and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()  # somebody went on elsewhere with the mouse
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._took_key(event)
        return super().eventFilter(watched, event)

    def _took_key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: self._rows, Qt.Key.Key_PageUp: -self._rows}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take(self.list.currentIndex())
        elif key not in steps:
            return False
        elif self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(self.row_after(self.list.currentIndex().row(), steps[key])))
        return True

    def _place(self) -> None:
        width = min(self._width, self.host.width() - _AROUND)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self.host.width() - width) // 2, self.top())

    def _set_up(self, delegate: RowDelegate) -> None:
        delegate.setParent(self.list)
        self.list.setModel(self.model)
        self.list.setItemDelegate(delegate)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self.take)
        self.search.textChanged.connect(self.look)
        self.search.installEventFilter(self)
        self.host.installEventFilter(self)
        self.column.setContentsMargins(8, 8, 8, 8)
        self.column.setSpacing(6)
        for part in (self.search, self.list, self.none):
            self.column.addWidget(part)


class FoundRows(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
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
            return row.told
        return row if role == ROW_ROLE else None


class RowDelegate(QStyledItemDelegate):
    """Paints the ground of a row; what stands on it is each popup's own."""

    def __init__(self, height: int) -> None:
        super().__init__()
        self.height = height

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent_soft"))
            painter.drawRoundedRect(box, 5, 5)
        self.paint_row(painter, box, index.data(ROW_ROLE))
        painter.restore()

    def paint_row(self, painter: QPainter, box: QRect, row: object) -> None:
        raise NotImplementedError
