"""The items of the project at the page's left: filter, list and counts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.counting import counted
from studio.core.items import LabelState, Split
from studio.core.settings import Task
from studio.ui.label.filter_bar import FilterBar
from studio.ui.label.next_order import NextOrder, NextOrderBox
from studio.ui.session import Session
from studio.ui.widgets.document_delegate import DocumentDelegate
from studio.ui.widgets.first_words import FirstWords
from studio.ui.widgets.item_delegate import ItemDelegate
from studio.ui.widgets.item_list import ItemListModel
from studio.ui.widgets.thumbnails import CACHE_FOLDER, Thumbnails

_COUNTS_PAUSE_MS: Final = 120


class ItemsPanel(QWidget):
    """Lists ids, whatever their number; rows are read when they come into sight."""

    item_chosen = Signal(int)
    """The person went to another item in the list."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("items_panel")
        self._session = session
        self.thumbnails = Thumbnails(session.store.root / CACHE_FOLDER, parent=self)
        self.words = FirstWords(self)
        self.model = ItemListModel(session.store.items, self, proposed=session.store.proposals.open_among)
        self.filter_bar = FilterBar()
        self.list = QListView()
        self.next_order = NextOrderBox()
        self.counts = QLabel()
        self._stack = QStackedWidget()
        self._pause = QTimer(self, singleShot=True, interval=_COUNTS_PAUSE_MS)
        self._set_up_list()
        self._lay_out()
        self.filter_bar.set_classes(session.settings.classes)
        self.filter_bar.changed.connect(lambda _filter: self.reload())
        self.thumbnails.ready.connect(self._thumbnail_is_ready)
        self.words.ready.connect(self._thumbnail_is_ready)
        self._pause.timeout.connect(self.update_counts)
        session.items_changed.connect(self._items_changed)
        session.proposals_changed.connect(self._proposals_changed)
        session.queue_changed.connect(self.follow_queue)
        session.settings_changed.connect(lambda: self.filter_bar.set_classes(session.settings.classes))

    def reload(self) -> None:
        """Ask the store again which items pass the filter; the current one stays current where it does."""
        self.model.set_ids(self._session.store.item_ids(self.filter_bar.filter))
        self._stack.setCurrentIndex(0 if self.model.ids else 1)
        if self._session.current_item is not None:
            self.show_item(self._session.current_item)
        self.update_counts()

    def show_item(self, item_id: int) -> None:
        """Make it the current row, where the list has it."""
        row = self.model.row_of(item_id)
        if row < 0 or self.list.currentIndex().row() == row:
            return
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.list.selectionModel().setCurrentIndex(self.model.index(row), flags)
        self.list.scrollTo(self.model.index(row))

    @property
    def first(self) -> int | None:
        return self.model.ids[0] if self.model.ids else None

    def step(self, steps: int) -> None:
        """Go on by so many items, or back."""
        row = self.list.currentIndex().row()
        target = min(max(row + steps, 0), len(self.model.ids) - 1)
        if self.model.ids and target != row:
            self.item_chosen.emit(self.model.ids[target])

    @property
    def has_unlabelled(self) -> bool:
        """Whether an unlabelled item is listed beside the current one."""
        return bool(self._unlabelled())

    def next_unlabelled(self, *, only_ahead: bool = False) -> bool:
        """Go to the next unlabelled item by the chosen order; that of the list starts below the current one and goes on
        from the top, but not if `only_ahead`. Says whether there is one."""
        candidates = self._unlabelled()
        if not candidates:
            return False
        match self.next_order.order:
            case NextOrder.IN_ORDER:
                chosen = candidates[0]
                if only_ahead and self.model.row_of(chosen) < self.list.currentIndex().row():
                    return False
            case NextOrder.RANDOM:
                chosen = random.choice(candidates)
            case NextOrder.UNCERTAIN:
                chosen = self._session.store.proposals.most_uncertain_first(candidates)[0]
            case NextOrder.QUEUED:
                chosen = self._next_queued(set(candidates)) or candidates[0]
        self.item_chosen.emit(chosen)
        return True

    def follow_queue(self) -> None:
        """Where the queue is listed, what is labelled by now leaves the list."""
        if self.filter_bar.filter.queued:
            self.reload()

    def _next_queued(self, candidates: set[int]) -> int | None:
        """The candidate that waits in the queue behind the current item; from its end on the first again."""
        waiting = [queued.item for queued in self._session.store.queue.left()]
        following = self._session.store.queue.next(self._session.current_item)
        start = waiting.index(following) if following is not None else 0
        return next((item for item in (*waiting[start:], *waiting[:start]) if item in candidates), None)

    def following(self) -> list[int]:
        """The listed items from the current one on, itself included, to the end of the list."""
        return list(self.model.ids[max(0, self.list.currentIndex().row()) :])

    def focus_search(self) -> None:
        """Put the keyboard into the search line."""
        self.filter_bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_bar.search.selectAll()

    def near(self, item_id: int) -> list[tuple[int, Path]]:
        """Items that may be shown next, with their pictures, likeliest first."""
        row = self.model.row_of(item_id)
        if row < 0:
            return []
        rows = [r for r in (row + 1, row + 2, row - 1, row + 3) if 0 <= r < len(self.model.ids)]
        return [(self.model.ids[r], self.model.item(r).path) for r in rows]

    def selected_ids(self) -> list[int]:
        """In the order of the list; quick also where all of a hundred thousand are selected."""
        selection = self.list.selectionModel().selection()
        parts = [selection.at(number) for number in range(selection.count())]
        rows = sorted(row for part in parts for row in range(part.top(), part.bottom() + 1))
        return [self.model.ids[row] for row in rows]

    def select_all(self) -> None:
        """Every listed item; the current one stays."""
        self.list.selectAll()

    def update_counts(self) -> None:
        counts = self._session.store.counts()
        shown, labelled = len(self.model.ids), counts.by_state[LabelState.LABELLED]
        everything = counted(shown, "item")
        listed = everything if shown == counts.total else f"{shown:,} of {counts.total:,}"
        self.counts.setText(f"{listed} · {labelled:,} labelled")

    def close_down(self) -> None:
        """Ask the store for nothing more."""
        self._pause.stop()
        self.filter_bar.stop()
        self.thumbnails.close()
        self.words.close()

    def move_selected(self, split: Split) -> None:
        ids = self.selected_ids()
        self._session.store.set_split(ids, split)
        self._session.items_changed.emit(ids)

    def leave_out_selected(self, left_out: bool) -> None:
        ids = self.selected_ids()
        self._session.store.set_left_out(ids, left_out)
        self._session.items_changed.emit(ids)

    def _unlabelled(self) -> list[int]:
        """The others that are listed, from below the current one on."""
        wanted = replace(self.filter_bar.filter, states=(LabelState.UNLABELLED,))
        unlabelled = set(self._session.store.item_ids(wanted))
        return [i for i in self._from_current_on() if i in unlabelled and i != self._session.current_item]

    def _from_current_on(self) -> Iterator[int]:
        ids, start = self.model.ids, self.list.currentIndex().row() + 1
        yield from (ids[(start + i) % len(ids)] for i in range(len(ids)))

    def _items_changed(self, ids: list[int]) -> None:
        self.model.refresh(ids)
        if not ids:
            self.reload()
        self._pause.start()

    def _proposals_changed(self, ids: list[int]) -> None:
        self.model.refresh(ids)
        if self.filter_bar.filter.proposed:
            self.reload()

    def _thumbnail_is_ready(self, item_id: int) -> None:
        row = self.model.row_of(item_id)
        if row >= 0:
            self.list.update(self.model.index(row))

    def _current_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self.item_chosen.emit(self.model.ids[current.row()])

    def _set_up_list(self) -> None:
        view = self.list
        view.setObjectName("item_list")
        view.setAccessibleName("Items")
        view.setModel(self.model)
        is_text = self._session.settings.task is Task.TEXT
        view.setItemDelegate(DocumentDelegate(self.words, view) if is_text else ItemDelegate(self.thumbnails, view))
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setMouseTracking(True)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._show_menu)
        view.selectionModel().currentChanged.connect(self._current_changed)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(10, 0, 10, 0)
        top.setSpacing(6)
        top.addWidget(self.filter_bar)
        self.counts.setProperty("role", "muted")
        self.counts.setAccessibleName("Number of items")
        top.addWidget(self.counts)
        top.addWidget(self.next_order)
        layout.addLayout(top)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._make_empty())
        layout.addWidget(self._stack, 1)

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        layout = QVBoxLayout(empty)
        layout.setContentsMargins(16, 24, 16, 16)
        sentence = QLabel("No item passes this filter.", wordWrap=True)
        sentence.setProperty("role", "muted")
        sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        show_all = QPushButton("Show all items")
        show_all.setObjectName("show_all_items")
        show_all.clicked.connect(self.filter_bar.clear)
        layout.addWidget(sentence)
        layout.addWidget(show_all, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return empty

    def _show_menu(self, position: QPoint) -> None:
        ids = self.selected_ids()
        if not ids:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        what = "this item" if len(ids) == 1 else counted(len(ids), "item")
        splits = menu.addMenu(f"Move {what} to")
        for split in Split:
            splits.addAction(str(split).capitalize(), lambda split=split: self.move_selected(split))
        menu.addSeparator()
        menu.addAction(f"Leave out {what}", lambda: self.leave_out_selected(True))
        menu.addAction(f"Take {what} back in", lambda: self.leave_out_selected(False))
        menu.popup(self.list.viewport().mapToGlobal(position))
