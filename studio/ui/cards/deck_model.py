"""The deck as a list: searched, shuffled, or only what was dealt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.cards import Card
from studio.core.cards.card import search

Index = QModelIndex | QPersistentModelIndex

CARD_ROLE: Final = Qt.ItemDataRole.UserRole + 1
DEALT_ROLE: Final = Qt.ItemDataRole.UserRole + 2
MUTED_ROLE: Final = Qt.ItemDataRole.UserRole + 3


class DeckModel(QAbstractListModel):
    def __init__(self, cards: Sequence[Card], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all = sorted(cards, key=lambda card: card.title.casefold())
        self._order = list(self._all)
        self._shown = list(self._all)
        self._typed = ""
        self._dealt: dict[str, int] = {}
        self._muted: frozenset[str] = frozenset()
        self._only_dealt = False

    @property
    def is_shuffled(self) -> bool:
        return self._order != self._all

    @property
    def shown(self) -> list[Card]:
        """In the order of the rows."""
        return list(self._shown)

    def row_of(self, card: Card | None) -> int:
        """-1 where it is not among the shown ones."""
        return next((row for row, shown in enumerate(self._shown) if card is not None and shown.id == card.id), -1)

    def look_for(self, typed: str) -> None:
        self._typed = typed
        self._choose()

    def shuffle(self, chance: random.Random | None = None) -> None:
        """Another order, and never the same first card as before."""
        chance = chance or random.Random()
        first = self._order[0] if self._order else None
        chance.shuffle(self._order)
        if len(self._order) > 1 and self._order[0] is first:
            self._order.append(self._order.pop(0))
        self._choose()

    def sort_again(self) -> None:
        self._order = list(self._all)
        self._choose()

    def show_only_dealt(self, only: bool) -> None:
        self._only_dealt = only
        self._choose()

    def know_dealt(self, dealt: Sequence[Card]) -> None:
        """Those of the newest run, in the order in which they came."""
        self._dealt = {card.id: place for place, card in enumerate(dealt)}
        self._choose() if self._only_dealt else self._tell(DEALT_ROLE)

    def know_muted(self, muted: frozenset[str]) -> None:
        self._muted = muted
        self._tell(MUTED_ROLE)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        card = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return card.text
        if role == CARD_ROLE:
            return card
        if role == DEALT_ROLE:
            return card.id in self._dealt
        return card.id in self._muted if role == MUTED_ROLE else None

    def _choose(self) -> None:
        cards = self._order
        if self._only_dealt:
            kept = [card for card in cards if card.id in self._dealt]
            cards = sorted(kept, key=lambda card: -self._dealt[card.id])
        self.beginResetModel()
        self._shown = search(cards, self._typed)
        self.endResetModel()

    def _tell(self, role: int) -> None:
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1), [role])
