"""A page that is one card in the middle of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

_WIDTH = 640


def new_card() -> tuple[QFrame, QVBoxLayout]:
    """A card, and the layout of what stands on it."""
    card = QFrame()
    card.setProperty("role", "card")
    card.setFixedWidth(_WIDTH)
    contents = QVBoxLayout(card)
    contents.setContentsMargins(28, 24, 28, 24)
    contents.setSpacing(12)
    return card, contents


def put_in_the_middle(page: QWidget, card: QWidget) -> None:
    """Fill `page` with the card, which scrolls where the window is low. The card must be filled before: what comes
    later finds its place only after the page is shown."""
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.addStretch(2)
    row = QHBoxLayout()  # not an alignment, which would not ask the card how high its wrapped text is
    row.addStretch(1)
    row.addWidget(card)
    row.addStretch(1)
    column.addLayout(row)
    column.addStretch(3)
    area = QScrollArea(widgetResizable=True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inside)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
