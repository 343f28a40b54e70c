"""What a person can ask of the Cards page, each with a name, a key and a place in the menu."""

from __future__ import annotations

from PySide6.QtCore import QObject

from studio.ui.widgets.page_actions import PageActions


class CardsActions(PageActions):
    def __init__(self, parent: QObject) -> None:
        super().__init__("Cards", parent)
        self.shows_deck = True
        self.search = self.add("cards_search", "Search the cards", "search", "Ctrl+F", "Look for words in the cards")
        self.shuffle = self.add("cards_shuffle", "Shuffle", "shuffle", "Ctrl+Shift+S", "Another order, another card")
        self.sort = self.add("cards_sort", "In order of titles", "history", "", "The deck as it was before")
        self.next = self.add("cards_next", "Next card", "next", "Ctrl+Right", "The card after it")
        self.previous = self.add("cards_previous", "Previous card", "previous", "Ctrl+Left", "The card before it")
        self.apply = self.add("cards_apply", "Apply the card", "check", "Ctrl+Return", "Do to the recipe what it says")
        self.back = self.add("cards_back", "Put the recipe back", "undo", "Ctrl+Z", "The recipe as before the card")
        self.switch = self.add("cards_switch", "Why depth works", "playground", "Ctrl+D", "Deck or playground")
        self.restart = self.add("playground_restart", "Begin again", "resume", "Ctrl+R", "Other first weights")

    def show_playground(self, shown: bool) -> None:
        """What belongs to the deck cannot be used beside the playground, and the other way round."""
        self.shows_deck = not shown
        self.switch.setText("The deck of cards" if shown else "Why depth works")
        self.restart.setEnabled(shown)
