"""What a person can ask of the Cards page, each with a name, a key and a place in the menu."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from studio.ui.theme import theme


class CardsActions(QObject):
    """Plain actions; the page says what they do and when they can be used."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shows_deck = True
        self.search = self._add("cards_search", "Search the Cards", "search", "Ctrl+F", "Look for words in the cards")
        self.shuffle = self._add("cards_shuffle", "Shuffle", "shuffle", "Ctrl+Shift+S", "Another order, another card")
        self.sort = self._add("cards_sort", "In Order of Titles", "history", "", "The deck as it was before")
        self.next = self._add("cards_next", "Next Card", "next", "Ctrl+Right", "The card after it")
        self.previous = self._add("cards_previous", "Previous Card", "previous", "Ctrl+Left", "The card before it")
        self.apply = self._add("cards_apply", "Apply the Card", "check", "Ctrl+Return", "Do to the recipe what it says")
        self.back = self._add("cards_back", "Put the Recipe Back", "undo", "Ctrl+Z", "The recipe as before the card")
        self.switch = self._add("cards_switch", "Why Depth Works", "playground", "Ctrl+D", "Deck or playground")
        self.restart = self._add("playground_restart", "Begin Again", "resume", "Ctrl+R", "Other first weights")
        theme().changed.connect(self._dress)
        self._dress()

    @property
    def all(self) -> list[QAction]:
        return self.findChildren(QAction)

    def show_playground(self, shown: bool) -> None:
        """What belongs to the deck cannot be used beside the playground, and the other way round."""
        self.shows_deck = not shown
        self.switch.setText("The Deck of Cards" if shown else "Why Depth Works")
        self.restart.setEnabled(shown)

    def _add(self, name: str, text: str, icon: str, keys: str, tip: str) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.setProperty("menu", "Cards")
        action.setProperty("icon_name", icon)
        if keys:
            action.setShortcut(QKeySequence(keys))
            tip = f"{tip} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
        action.setToolTip(tip)
        return action

    def _dress(self) -> None:
        for action in self.all:
            action.setIcon(theme().icon(action.property("icon_name")))
