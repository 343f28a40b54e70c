"""The card that fits what a run has just done, as a slim bar on the Train page. It waits and stands in nobody's way."""

from __future__ import annotations

from collections import deque
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from studio.core.cards import Card
from studio.ui.cards.card_table import CardTable
from studio.ui.theme import theme
from studio.ui.widgets.elided_label import ElidedLabel

_WIDE: Final = 720
"""From so many logical pixels on, the card's words have room beside its title, and the button's whole ones, too."""

_APPLY_TIP: Final = "{}, in the recipe of the next run"


class CardBar(QFrame):
    """Shows one card; those that are dealt meanwhile wait behind it, the newest on top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card_bar")
        self.setProperty("role", "card")
        self._table: CardTable | None = None
        self._waiting: deque[Card] = deque()
        self.card: Card | None = None
        self._icon = QLabel()
        self._icon.setFixedWidth(18)
        self.title = ElidedLabel()
        self.title.setObjectName("card_bar_title")
        self.title.setStyleSheet("font-weight: 600;")
        self.text = ElidedLabel()
        self.text.setObjectName("card_bar_text")
        self.text.setProperty("role", "muted")
        self.apply = QPushButton()
        self.apply.setObjectName("card_bar_apply")
        self.back = QPushButton("Put it back")
        self.back.setObjectName("card_bar_back")
        self.read = _tool("card_bar_read", "Read the whole card")
        self.mute = _tool("card_bar_mute", "Don't deal this one again")
        self.dismiss = _tool("card_bar_dismiss", "Close")
        self._arrange()
        self.apply.clicked.connect(self._apply)
        self.back.clicked.connect(self._put_back)
        self.read.clicked.connect(self._read)
        self.mute.clicked.connect(self._mute)
        self.dismiss.clicked.connect(self.show_next)
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    def listen_to(self, table: CardTable) -> None:
        self._table = table
        table.dealt.connect(self.deal)
        table.cleared.connect(self._clear)
        table.applying.changed.connect(self._refresh)

    def deal(self, card: Card) -> None:
        """Show it on top; the card that was there waits below."""
        if self.card is not None:
            self._waiting.appendleft(self.card)
        self._show(card)

    def show_next(self) -> None:
        """Close this card; the one below comes up."""
        if self._waiting:
            self._show(self._waiting.popleft())
        else:
            self.card = None
            self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    def _show(self, card: Card) -> None:
        self.card = card
        self._refresh()
        self.show()

    def _clear(self) -> None:
        self._waiting.clear()
        self.show_next()

    def _refresh(self) -> None:
        """Of a card that was applied, what it did is said in the place of its words, and where room is short, of its
        title."""
        card, table = self.card, self._table
        if card is None or table is None:
            return
        done, is_wide = table.applying.applied(card), self.width() >= _WIDE
        detail = table.detail(card)
        self.title.setText(f"{card.title}: {detail}" if detail else card.title)
        self.title.setVisible(is_wide or done is None)
        self.title.setSizePolicy(_policy(grows=not is_wide), QSizePolicy.Policy.Preferred)
        self._row.setStretchFactor(self.title, 0 if is_wide else 1)
        self.text.setText(done.words if done is not None else card.text)
        self.text.setVisible(is_wide or done is not None)
        words = card.change.button() if card.change is not None else ""
        self.apply.setText(words if is_wide else "Apply")
        self.apply.setToolTip(_APPLY_TIP.format(words))
        self.apply.setVisible(done is None and table.applying.can_apply(card))
        self.back.setVisible(done is not None)
        self.setToolTip(card.text)

    def _apply(self) -> None:
        if self.card is not None and self._table is not None:
            self._table.applying.apply(self.card)

    def _put_back(self) -> None:
        if self.card is not None and self._table is not None:
            self._table.applying.put_back(self.card)

    def _read(self) -> None:
        if self.card is not None and self._table is not None:
            self._table.read(self.card)

    def _mute(self) -> None:
        if self.card is not None and self._table is not None:
            self._table.mute(self.card, muted=True)
            self.show_next()

    def _arrange(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 6, 3)
        row.setSpacing(4)
        row.addWidget(self._icon)
        row.addSpacing(4)
        row.addWidget(self.title)
        row.addSpacing(6)
        row.addWidget(self.text, 1)
        row.addWidget(self.apply)
        row.addWidget(self.back)
        for button in (self.read, self.mute, self.dismiss):
            row.addWidget(button)

    def _dress(self) -> None:
        self._icon.setPixmap(theme().icon("page-cards", "accent").pixmap(18, 18))
        for button, icon in ((self.read, "next"), (self.mute, "bell-off"), (self.dismiss, "close")):
            button.setIcon(theme().icon(icon, "muted"))


def _policy(*, grows: bool) -> QSizePolicy.Policy:
    return QSizePolicy.Policy.Ignored if grows else QSizePolicy.Policy.Preferred


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
