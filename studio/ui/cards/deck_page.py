"""The deck: the cards as a grid with a search over it, and one of them large beside it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from studio.core.cards import Card
from studio.core.counting import counted
from studio.ui.cards.actions import CardsActions
from studio.ui.cards.card_table import CardTable
from studio.ui.cards.card_view import CardView
from studio.ui.cards.deck_model import CARD_ROLE, DeckModel
from studio.ui.cards.deck_view import DeckView
from studio.ui.cards.muted import muted_cards
from studio.ui.label.buttons import action_button


class DeckPage(QWidget):
    def __init__(self, table: CardTable, actions: CardsActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._actions = actions
        self.model = DeckModel(table.deck.cards, self)
        self.view = DeckView()
        self.view.setModel(self.model)
        self.large = CardView(table)
        self.search = QLineEdit(placeholderText="Search the cards", clearButtonEnabled=True)
        self.search.setObjectName("card_search")
        self.search.setAccessibleName("Words to look for in the cards")
        self.dealt = QPushButton()
        self.dealt.setObjectName("only_dealt")
        self.dealt.setCheckable(True)
        self.dealt.setToolTip("Only the cards that the newest run was dealt")
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.problem = QLabel(" ".join(table.deck.problems))
        self.problem.setWordWrap(True)
        self.problem.setProperty("tone", "warning")
        self.problem.setVisible(bool(table.deck.problems))
        self._arrange()
        self._connect()
        self._know_dealt()
        self.model.know_muted(muted_cards())
        self.choose(self.model.shown[0] if self.model.shown else None)

    @property
    def card(self) -> Card | None:
        """The one that is shown large."""
        return self.large.card

    def choose(self, card: Card | None) -> None:
        """Show it large and mark it, also where search or filter had hidden it."""
        if card is not None and self.model.row_of(card) < 0:
            self.search.clear()
            self.dealt.setChecked(False)
        row = self.model.row_of(card)
        if row >= 0:
            self.view.setCurrentIndex(self.model.index(row))
            self.view.scrollTo(self.model.index(row))
        self.large.show_card(card)
        self.enable_actions()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.scrollTo(self.view.currentIndex())

    # ------------------------------------------------------------------------------------------------ construction
    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.search, 1)
        top.addWidget(self.dealt)
        for action in (self._actions.shuffle, self._actions.sort):
            top.addWidget(action_button(action))
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(10, 8, 4, 6)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.problem)
        column.addWidget(self.view, 1)
        column.addWidget(self.count)
        around = QWidget()
        right = QVBoxLayout(around)
        right.setContentsMargins(6, 8, 10, 10)
        steps = QHBoxLayout()
        steps.addWidget(action_button(self._actions.previous))
        steps.addWidget(action_button(self._actions.next))
        steps.addStretch(1)
        right.addLayout(steps)
        right.addWidget(self.large, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        for widget, least in ((side, 420), (around, 360)):
            widget.setMinimumWidth(least)
            splitter.addWidget(widget)
        splitter.setStretchFactor(0, 1)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes([900, 480])
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.viewport().setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        act, table = self._actions, self._table
        self.search.textChanged.connect(self._look)
        self.search.returnPressed.connect(self.view.setFocus)
        self.dealt.toggled.connect(self._show_only_dealt)
        self.view.selectionModel().currentChanged.connect(self._show_current)
        act.shuffle.triggered.connect(self._shuffle)
        act.sort.triggered.connect(self._sort)
        act.next.triggered.connect(lambda: self._step(1))
        act.previous.triggered.connect(lambda: self._step(-1))
        act.apply.triggered.connect(self.large.apply_card)
        act.back.triggered.connect(self.large.put_back)
        table.dealt.connect(self._know_dealt)
        table.cleared.connect(self._know_dealt)
        table.muted_changed.connect(lambda: self.model.know_muted(muted_cards()))
        table.applying.changed.connect(self.enable_actions)

    # ------------------------------------------------------------------------------------------------ what happens
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return
        super().keyPressEvent(event)

    def _look(self, typed: str) -> None:
        self.model.look_for(typed)
        self._keep_or_take_first()

    def start_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _shuffle(self) -> None:
        self.model.shuffle()
        self.choose(self.model.shown[0] if self.model.shown else None)

    def _sort(self) -> None:
        self.model.sort_again()
        self._keep_or_take_first()

    def _show_only_dealt(self, only: bool) -> None:
        self.model.show_only_dealt(only)
        self._keep_or_take_first()

    def _know_dealt(self, _card: object = None) -> None:
        """Somebody who browses the whole deck is left where they are."""
        number, shows_dealt = len(self._table.dealt_cards), self.dealt.isChecked()
        self.model.know_dealt(self._table.dealt_cards)
        self.dealt.setText(f"Dealt now ({number})" if number else "Dealt now")
        self.dealt.setChecked(shows_dealt and number > 0)
        self.dealt.setEnabled(number > 0)
        if self.dealt.isChecked():
            self._keep_or_take_first()

    def _keep_or_take_first(self) -> None:
        """The large card stays while it is among those shown."""
        shown = self.model.shown
        keeps = self.model.row_of(self.card) >= 0
        self.choose(self.card if keeps else shown[0] if shown else None)

    def _step(self, rows: int) -> None:
        shown = self.model.shown
        if shown:
            self.choose(shown[(self.model.row_of(self.card) + rows) % len(shown)])

    def _show_current(self, index: QModelIndex) -> None:
        card = index.data(CARD_ROLE)
        if isinstance(card, Card):
            self.large.show_card(card)
            self.enable_actions()

    def enable_actions(self) -> None:
        """Each can be used while the deck shows and it would do something."""
        act, shown = self._actions, len(self.model.shown)
        card = self.card if act.shows_deck else None
        applying = self._table.applying
        act.apply.setEnabled(card is not None and applying.applied(card) is None and applying.can_apply(card))
        act.back.setEnabled(card is not None and applying.applied(card) is not None)
        act.shuffle.setEnabled(act.shows_deck)
        act.sort.setEnabled(act.shows_deck and self.model.is_shuffled)
        act.next.setEnabled(act.shows_deck and shown > 1)
        act.previous.setEnabled(act.shows_deck and shown > 1)
        whole = len(self._table.deck.cards)
        self.count.setText(counted(whole, "card") if shown == whole else f"{shown} of {counted(whole, 'card')}")
