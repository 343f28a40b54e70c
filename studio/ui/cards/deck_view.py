"""The deck as a grid of small cards, painted and not made of widgets."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.cards import Card
from studio.ui.cards.deck_model import CARD_ROLE, DEALT_ROLE, MUTED_ROLE
from studio.ui.theme import theme
from studio.ui.widgets.item_delegate import smaller

Index = QModelIndex | QPersistentModelIndex

_LEAST_WIDTH: Final = 190
_HEIGHT: Final = 92
_GAP: Final = 8
_STRIPE: Final = 4
_TITLE_LINES: Final = 2
_SERIES: Final = 6

_TOPICS: Final = {
    1: ("rate", "schedule", "one-cycle", "gradient", "stability", "batch"),
    2: ("frozen", "unfrozen", "transfer", "fine-tuning", "forgetting"),
    3: ("augmentation", "size", "memory", "speed"),
    4: ("labels", "review", "split", "imbalance", "method", "noise"),
    5: ("loss", "overfitting", "underfitting", "metrics", "sanity", "seed", "epochs", "regularisation"),
    6: ("theory", "architecture", "texts", "points"),
}


def topic_color(card: Card) -> QColor:
    """Of its first tag; cards about like things have the same."""
    first = card.tags[0] if card.tags else ""
    return theme().color(f"series_{next((n for n, tags in _TOPICS.items() if first in tags), _SERIES)}")


class DeckView(QListView):
    """As many columns as there is room for, and no gap at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deck")
        self.setAccessibleName("Cards")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMouseTracking(True)
        self.setItemDelegate(_CardDelegate(self))
        theme().changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width() - 1
        columns = max(1, width // _LEAST_WIDTH)
        self.setGridSize(QSize(width // columns, _HEIGHT))
        super().resizeEvent(event)


class _CardDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        return view.gridSize() if isinstance(view, QListView) else QSize(_LEAST_WIDTH, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card: Card = index.data(CARD_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRect(option.rect).adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
        _paint_ground(painter, place, option.state)
        painter.setOpacity(0.5 if index.data(MUTED_ROLE) else 1.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(topic_color(card))
        painter.drawRoundedRect(QRectF(place.left() + 9, place.top() + 12, _STRIPE, place.height() - 24), 2, 2)
        inside = place.adjusted(9 + _STRIPE + 10, 9, -10, -8)
        _paint_words(painter, inside, option.font, card, is_dealt=bool(index.data(DEALT_ROLE)))
        painter.restore()


def _paint_ground(painter: QPainter, place: QRect, state: QStyle.StateFlag) -> None:
    chosen = bool(state & QStyle.StateFlag.State_Selected)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    painter.setPen(QPen(theme().color("accent" if chosen else "faint" if hovered else "line"), 1))
    painter.setBrush(theme().color("accent_soft" if chosen else "base"))
    painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


def _paint_words(painter: QPainter, place: QRect, font: QFont, card: Card, *, is_dealt: bool) -> None:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    painter.setFont(bold)
    painter.setPen(theme().color("text"))
    metrics = QFontMetrics(bold)
    for number, line in enumerate(wrapped(card.title, bold, place.width(), _TITLE_LINES)):
        painter.drawText(place.left(), place.top() + metrics.ascent() + number * metrics.lineSpacing(), line)
    small = smaller(font)
    painter.setFont(small)
    below = QRect(
        place.left(), place.bottom() - QFontMetrics(small).height(), place.width(), QFontMetrics(small).height()
    )
    if is_dealt:
        painter.setPen(theme().color("accent"))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "dealt")
        below.setRight(below.right() - QFontMetrics(small).horizontalAdvance("dealt") - 8)
    painter.setPen(theme().color("muted"))
    tags = QFontMetrics(small).elidedText(" · ".join(card.tags), Qt.TextElideMode.ElideRight, below.width())
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tags)


def wrapped(text: str, font: QFont, width: int, lines: int) -> list[str]:
    """`text` in at most so many lines of `width` logical pixels, the last one cut where it must be."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    found: list[str] = []
    while len(found) < lines and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        start = line.textStart()
        is_last = len(found) == lines - 1
        rest = text[start:] if is_last else text[start : start + line.textLength()]
        found.append(QFontMetrics(font).elidedText(rest.strip(), Qt.TextElideMode.ElideRight, width))
    layout.endLayout()
    return found
