"""The Decisions view: who decided what about which item, the newest first, with the way to the item."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.counting import counted
from studio.core.deciding import JournalEntry
from studio.core.people import user_name
from studio.store import Store
from studio.ui.review.decisions import Decisions
from studio.ui.review.empty import EmptyState
from studio.ui.review.journal_model import ENTRY_ROLE, WIDTHS, JournalModel
from studio.ui.review.view_focus import hand_focus_on
from studio.ui.session import Session, Tone
from studio.ui.widgets.work_queue import WorkQueue

_WHO_KEY: Final = "review/who"
_READ_AFTER_MS: Final = 150
_EMPTY: Final = "Each key of Review is kept here: who pressed it, when, and what it changed."
_EMPTY_RUN: Final = f"{_EMPTY} What was decided in other runs shows under All runs."


class JournalPage(QWidget):
    """`undo` and `redo` are shown as buttons; they belong to the page."""

    opened = Signal(str, int)
    """A run and an item that somebody wants to see."""

    def __init__(self, session: Session, work: WorkQueue, decisions: Decisions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("journal_page")
        self._session = session
        self._work = work
        self._run: str | None = None
        self.model = JournalModel(session.store.review.journal, self)
        self.table = self._make_table()
        self.scope = QComboBox()
        self.scope.setObjectName("journal_scope")
        self.scope.setAccessibleName("Whose steps")
        self.scope.addItem("This run", False)
        self.scope.addItem("All runs", True)
        self.scope.currentIndexChanged.connect(lambda _place: self.read())
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.who = QLineEdit(placeholderText=user_name() or "Your name", maxLength=60)
        self.who.setObjectName("journal_who")
        self.who.setAccessibleName("Your name in the journal")
        self.who.setToolTip("Your name, written beside what you decide from now on")
        self.who.setFixedWidth(130)
        self.who.setText(str(QSettings().value(_WHO_KEY, "")))
        self.who.textChanged.connect(self._sign)
        self._sign(self.who.text())
        self._soon = QTimer(self, singleShot=True, interval=_READ_AFTER_MS)
        self._soon.timeout.connect(self.read)
        self.empty = EmptyState("history", "Nothing decided yet", _EMPTY)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        hand_focus_on(self, self.stack, self.table)
        decisions.decided.connect(lambda _items: self._soon.start() if self.isVisible() else None)

    def lay_out(self, undo: QAction, redo: QAction) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 10, 14, 8)
        bar.setSpacing(6)
        bar.addWidget(self.scope)
        bar.addWidget(self.summary)
        bar.addStretch(1)
        signed = QLabel("Signed")
        signed.setProperty("role", "muted")
        signed.setBuddy(self.who)
        bar.addWidget(signed)
        bar.addWidget(self.who)
        for action in (undo, redo):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setObjectName(f"journal_{action.objectName()}")
            bar.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.stack, 1)

    def show_run(self, run: str | None) -> None:
        """Whose steps are this run's."""
        self._run = run
        if self.isVisible():
            self.read()

    def read(self) -> None:
        """Ask for the steps, away from the GUI thread."""
        run = None if self.scope.currentData() else self._run
        work = partial(_read_ids, self._session.store.root, run)
        self._work.do(work, self._take, lambda sentence: self._session.say(sentence, Tone.ERROR))

    def shut_down(self) -> None:
        self._soon.stop()

    def _take(self, ids: list[int]) -> None:
        self.model.show(ids)
        if self.scope.currentData() or self._run is None:
            self.empty.explain("Nothing decided yet", _EMPTY)
        else:
            self.empty.explain(f"Nothing decided in run {self._run} yet", _EMPTY_RUN)
        self.stack.setCurrentWidget(self.table if ids else self.empty)
        self.summary.setText(f"{counted(len(ids), 'step')}, the newest first")
        if ids and not self.table.currentIndex().isValid():
            self.table.selectRow(0)

    def _sign(self, name: str) -> None:
        self._session.store.review.who = name.strip() or user_name()
        QSettings().setValue(_WHO_KEY, name.strip())

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("journal_table")
        table.setAccessibleName("Decisions, the newest first")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column, width in enumerate(WIDTHS):
            table.setColumnWidth(column, width)
        table.activated.connect(self._open)
        return table

    def _open(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, JournalEntry):
            self.opened.emit(entry.run, entry.item)


def _read_ids(project: Path, run: str | None) -> list[int]:
    with Store.open(project) as store:
        return store.review.journal_ids(run)
