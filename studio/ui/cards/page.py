"""The Cards page: tricks to browse and to apply, and a playground that shows why depth works."""

from __future__ import annotations

import enum

from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.ui.cards.actions import CardsActions
from studio.ui.cards.card_table import CardTable
from studio.ui.cards.deck_page import DeckPage
from studio.ui.cards.playground.panel import PlaygroundPanel
from studio.ui.widgets.tab_row import TabRow, tab_buttons


class CardsTab(enum.StrEnum):
    DECK = "Deck"
    PLAYGROUND = "Why depth works"


class CardsPage(QWidget):
    def __init__(self, table: CardTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cards_page")
        self._table = table
        self._actions = act = CardsActions(self)
        self.deck = DeckPage(table, act)
        self.playground = PlaygroundPanel(act.restart)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.deck)
        self._stack.addWidget(self.playground)
        self._tabs = tab_buttons(CardsTab, self.show_tab)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tab_row())
        layout.addWidget(self._stack, 1)
        act.switch.triggered.connect(self._switch)
        act.search.triggered.connect(self._search)
        table.wanted.connect(self._show_wanted)
        self.addActions(act.all)
        self.show_tab(CardsTab.DECK)

    def actions(self) -> list[QAction]:
        return self._actions.all

    @property
    def tab(self) -> CardsTab:
        return CardsTab.DECK if self._stack.currentWidget() is self.deck else CardsTab.PLAYGROUND

    def show_tab(self, tab: CardsTab) -> None:
        self._tabs[tab].setChecked(True)
        self._stack.setCurrentWidget(self.deck if tab is CardsTab.DECK else self.playground)
        self.setFocusProxy(self.deck.view if tab is CardsTab.DECK else self.playground.controls.units)
        self._actions.show_playground(tab is CardsTab.PLAYGROUND)
        self.deck.enable_actions()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_wanted()
        self.setFocus()

    def shut_down(self) -> None:
        """End the playground's thread."""
        self.playground.shut_down()

    def _tab_row(self) -> QHBoxLayout:
        row = TabRow(self._tabs.values())
        row.setContentsMargins(10, 8, 10, 0)
        return row

    def _switch(self) -> None:
        self.show_tab(CardsTab.PLAYGROUND if self.tab is CardsTab.DECK else CardsTab.DECK)
        self.setFocus()

    def _search(self) -> None:
        self.show_tab(CardsTab.DECK)
        self.deck.start_search()

    def _show_wanted(self, _card: object = None) -> None:
        card, self._table.wanted_card = self._table.wanted_card, None
        if card is not None:
            self.show_tab(CardsTab.DECK)
            self.deck.choose(card)
