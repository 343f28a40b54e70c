"""The Cards page: tricks to browse, to apply, and to try."""

from __future__ import annotations

from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.cards.actions import CardsActions
from studio.ui.cards.card_table import CardTable
from studio.ui.cards.deck_page import DeckPage


class CardsPage(QWidget):
    def __init__(self, table: CardTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cards_page")
        self._table = table
        self._actions = CardsActions(self)
        self.deck = DeckPage(table, self._actions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.deck)
        table.wanted.connect(self._show_wanted)
        self.addActions(self._actions.all)

    def actions(self) -> list[QAction]:
        return self._actions.all

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_wanted()
        self.deck.view.setFocus()

    def _show_wanted(self, _card: object = None) -> None:
        card, self._table.wanted_card = self._table.wanted_card, None
        if card is not None:
            self.deck.choose(card)
