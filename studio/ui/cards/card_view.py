"""One card, large: its words, its source, and what its button does to the recipe."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from studio.core.cards import Card
from studio.core.cards.words import WHEN
from studio.ui.cards.card_table import CardTable
from studio.ui.cards.deck_view import topic_color
from studio.ui.theme import theme


class CardView(QFrame):
    def __init__(self, table: CardTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card_view")
        self.setProperty("role", "card")
        self._table = table
        self.card: Card | None = None
        self._stripe = QFrame()
        self._stripe.setFixedHeight(5)
        self.tags = _words("card_tags", role="muted")
        self.title = _words("card_title")
        self.text = _words("card_text")
        self.source = _words("card_source", role="muted")
        self.when = _words("card_when", role="muted")
        self.told = _words("card_told")
        self.told.setProperty("tone", "ok")
        self.apply = QPushButton()
        self.apply.setObjectName("card_apply")
        self.apply.setProperty("primary", True)
        self.back = QPushButton("Put it back")
        self.back.setObjectName("card_back")
        self.mute = QCheckBox("Don't deal this one")
        self.mute.setObjectName("card_mute")
        self.mute.setToolTip("It stays in the deck, and the Train page shows it no more")
        self._empty = QLabel("No card has these words.")
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._arrange()
        self.apply.clicked.connect(self.apply_card)
        self.back.clicked.connect(self.put_back)
        self.mute.clicked.connect(self._mute)
        table.applying.changed.connect(self._refresh)
        table.muted_changed.connect(self._refresh)
        table.dealt.connect(self._refresh)
        table.cleared.connect(self._refresh)
        theme().changed.connect(self._refresh)
        self.show_card(None)

    def show_card(self, card: Card | None) -> None:
        """None where no card can be shown."""
        self.card = card
        self._empty.setVisible(card is None)
        self._area.setVisible(card is not None)
        self._stripe.setVisible(card is not None)
        self._area.verticalScrollBar().setValue(0)
        self._refresh()

    def apply_card(self) -> None:
        if self.card is not None:
            self._table.applying.apply(self.card)

    def put_back(self) -> None:
        if self.card is not None:
            self._table.applying.put_back(self.card)

    def _mute(self, muted: bool) -> None:
        if self.card is not None:
            self._table.mute(self.card, muted=muted)

    def _refresh(self, _card: object = None) -> None:
        card = self.card
        if card is None:
            return
        done = self._table.applying.applied(card)
        can = self._table.applying.can_apply(card)
        self._stripe.setStyleSheet(f"background: {topic_color(card).name()}; border-radius: 2px;")
        self.tags.setText(" · ".join(card.tags))
        self.title.setText(card.title)
        self.text.setText(card.text)
        self.source.setText(f"From: {card.source}.")
        detail = self._table.detail(card)
        in_run = f" In this run: {detail}." if detail else ""
        self.when.setText(f"Dealt when {WHEN[card.trigger]}.{in_run}" if card.trigger is not None else "")
        self.when.setVisible(card.trigger is not None)
        self.apply.setText(card.change.button() if card.change is not None else "")
        self.apply.setVisible(can and done is None)
        self.back.setVisible(done is not None)
        is_idle = card.change is not None and not can and done is None
        self.told.setText(done.words if done is not None else self._table.applying.why_not(card) if is_idle else "")
        self.told.setVisible(bool(self.told.text()))
        _set(self.told, tone="ok" if done is not None else "", role="" if done is not None else "muted")
        self.mute.setVisible(card.trigger is not None)
        self.mute.setChecked(self._table.is_muted(card))

    def _arrange(self) -> None:
        self.title.setStyleSheet("font-size: 20px; font-weight: 600;")
        self.text.setStyleSheet("font-size: 15px;")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 18, 24, 20)
        column.setSpacing(12)
        for words in (self.tags, self.title, self.text, self.source, self.when):
            column.addWidget(words)
        column.addSpacing(4)
        row = QHBoxLayout()
        row.addWidget(self.apply)
        row.addWidget(self.back)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addStretch(1)
        column.addWidget(self.mute)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inside)
        self._area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 6)
        layout.setSpacing(0)
        layout.addWidget(self._stripe)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._empty, 1)

    def sizeHint(self) -> QSize:
        return QSize(400, 420)


def _words(name: str, *, role: str = "") -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label


def _set(label: QLabel, **properties: str) -> None:
    if any(label.property(name) != value for name, value in properties.items()):
        for name, value in properties.items():
            label.setProperty(name, value)
        label.style().polish(label)
