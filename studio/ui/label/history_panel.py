"""The item's history: a list of its edits, any of which a click goes back or forward to."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QShowEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from studio.core.counting import counted
from studio.core.document import Document, Leap
from studio.core.errors import StudioError
from studio.core.tile_edits import Stopped
from studio.store import Store
from studio.ui.label.history_model import ICON_ROLE, PLACE_ROLE, TIME_ROLE, HistoryModel, Place
from studio.ui.label.item_showing import ItemShowing
from studio.ui.theme import theme
from studio.ui.widgets.latest import Latest

_PAUSE_MS: Final = 40
_FEW: Final = 60
"""Steps that are read while the window waits; a longer way is put together on a thread."""

_ROW: Final = 26
_LEFT: Final = 10
_ICON: Final = 15

Index = QModelIndex | QPersistentModelIndex


class HistoryPanel(QWidget):
    """Follows the item that is shown, a moment behind, so that painting never waits for it; rests while it is folded.
    A click or Enter goes to a row; the arrow keys only look."""

    failed = Signal(str)
    """A sentence about a state that could not be brought back."""
    said = Signal(str)
    """A sentence about one that is on its way."""
    note_changed = Signal(str)
    """A few words for the title: how many edits there are."""

    def __init__(self, store: Store, showing: ItemShowing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history_panel")
        self._store = store
        self._showing = showing
        self._latest = Latest("history", self)
        self._stop = threading.Event()
        self.model = HistoryModel(store.journal, self)
        self.list = QListView()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._set_up_list()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        self._pause.timeout.connect(self.refresh)
        showing.document_changed.connect(self._pause.start)

    def refresh(self) -> None:
        """Read what is new, and bring the state that is shown into sight."""
        if not self.isVisible():
            return
        document = self._showing.document
        self.model.show(document.item.id if document is not None else None, document.head if document else 0)
        edits = self.model.edits
        self.note_changed.emit(counted(edits, "edit") if edits else "")
        if self.model.current_row >= 0:
            index = self.model.index(self.model.current_row)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def go_to(self, index: QModelIndex) -> None:
        """Show the item as it was after that row's edit; to go where it is means to stay."""
        document = self._showing.seen
        if document is None or not index.isValid():
            return
        if self.model.place(index.row()) in (Place.CURRENT, Place.GONE):
            self.give_up()
            return
        target = self.model.step(index.row()).id
        self._drop()
        if abs(index.row() - self.model.current_row) <= _FEW:
            self._go(document, target, None)
            return
        root, head, stop = self._store.root, document.head, self._stop
        self.said.emit("Going there… Esc gives it up.")
        self._latest.ask(
            lambda: _read_leap(root, head, target, stop), lambda leap: self._arrive(document, head, target, leap)
        )

    def give_up(self) -> bool:
        """Stay at the state that is shown; says whether another one was on its way."""
        if not self._latest.is_waiting:
            return False
        self._drop()
        self.said.emit("The label stays as it is.")
        return True

    def close_down(self) -> None:
        """Read nothing more, and want nothing of what is being read; the thread ends with this widget."""
        self._pause.stop()
        self._drop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pause.start()

    def _drop(self) -> None:
        """Whatever is on its way, the newest word is another."""
        self._latest.drop()
        self._stop.set()
        self._stop = threading.Event()

    def _arrive(self, document: Document, head: int, target: int, leap: Leap | StudioError | None) -> None:
        """What was put together counts unless something else was done meanwhile; leaving the item is no such thing."""
        if isinstance(leap, StudioError):
            self.failed.emit(leap.sentence)
        elif document.head != head or document.is_editing:
            self.said.emit("The label was changed meanwhile, so it stays as it is; click the row again to go there.")
        elif leap is None:
            self.said.emit("No way leads to that state any more, so the label stays as it is.")
        elif self._go(document, target, leap):
            whose = "" if document is self._showing.seen else f" of {document.item.name}"
            self.said.emit(f"The state{whose} that you chose is there.")

    def _go(self, document: Document, target: int, leap: Leap | None) -> bool:
        try:
            return document.go_to(target, leap) is not None
        except StudioError as error:
            self.failed.emit(error.sentence)
            return False

    def _set_up_list(self) -> None:
        view = self.list
        view.setObjectName("history_list")
        view.setAccessibleName("History of this item")
        view.setModel(self.model)
        view.setItemDelegate(_StepDelegate(view))
        view.setUniformItemSizes(True)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        view.setMouseTracking(True)
        view.clicked.connect(self.go_to)
        view.activated.connect(self.go_to)


class _StepDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, max(_ROW, option.fontMetrics.height() + 8))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect, place = option.rect, index.data(PLACE_ROLE)
        if place is Place.CURRENT:
            painter.fillRect(rect, theme().color("accent_soft"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), theme().color("accent"))
        elif option.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            painter.fillRect(rect, theme().color("raised"))
        role = "text" if place in (Place.CURRENT, Place.PAST) else "faint"
        name = "branch" if place is Place.ASIDE else index.data(ICON_ROLE)
        icon = QRect(rect.left() + _LEFT, rect.center().y() - _ICON // 2, _ICON, _ICON)
        theme().icon(name, "muted" if role == "text" else role).paint(painter, icon)
        small = QFont(option.font)
        small.setPointSizeF(max(7.0, option.font.pointSizeF() * 0.86))
        room = rect.adjusted(_LEFT + _ICON + 8, 0, -10, 0)
        painter.setFont(small)
        painter.setPen(theme().color("muted" if role == "text" else "faint"))
        when = index.data(TIME_ROLE)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, when)
        room.adjust(0, 0, -QFontMetrics(small).horizontalAdvance(when) - 8, 0)
        painter.setFont(option.font)
        painter.setPen(theme().color(role))
        what = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, what)
        painter.restore()


def _read_leap(root: Path, head: int, target: int, stop: threading.Event) -> Leap | StudioError | None:
    """For another thread: all edits between two states as one."""
    try:
        with Store.open(root) as store:
            return store.journal.leap(head, target, stop.is_set)
    except StudioError as error:
        return error
    except Stopped:  # and nobody waits for an answer
        return None
