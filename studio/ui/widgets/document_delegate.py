"""How a row of a list of documents looks: its first words in two lines, then state, name and split."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.items import Item, LabelState
from studio.ui.theme import theme
from studio.ui.widgets.first_words import FirstWords
from studio.ui.widgets.item_delegate import STATE_COLORS, paint_badge, paint_dot, paint_ground, smaller
from studio.ui.widgets.item_list import ITEM_ROLE

_LINES: Final = 2
_MARGIN: Final = 10


class DocumentDelegate(QStyledItemDelegate):
    """Paints rows of an `ItemListModel` with words from `words`."""

    def __init__(self, words: FirstWords, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = words

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        small = QFontMetrics(smaller(option.font)).height()
        return QSize(160, _LINES * option.fontMetrics.lineSpacing() + small + 2 * _MARGIN)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item: Item = index.data(ITEM_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, option)
        place = option.rect.adjusted(_MARGIN, _MARGIN - 4, -_MARGIN, 0)
        words = self._words.get(item.id, item.path)
        is_dull = item.state is LabelState.LEFT_OUT or words is None
        painter.setPen(theme().color("muted" if is_dull else "text"))
        missing = "This document cannot be read." if self._words.is_broken(item.id) else ""
        _paint_words(painter, place, option.font, missing if words is None else words)
        self._paint_below(painter, place, option, item)
        painter.restore()

    @staticmethod
    def _paint_below(painter: QPainter, place: QRect, option: QStyleOptionViewItem, item: Item) -> None:
        font = smaller(option.font)
        metrics = QFontMetrics(font)
        top = place.top() + _LINES * option.fontMetrics.lineSpacing() + 5
        line = QRect(place.left(), top, place.width(), metrics.height())
        color = theme().color(STATE_COLORS[item.state])
        paint_dot(painter, QPointF(line.left() + 4.5, line.center().y() + 0.5), color, item.state)
        painter.setFont(font)
        badge = paint_badge(painter, line, metrics, item.split)
        painter.setPen(theme().color("muted"))
        room = line.adjusted(14, 0, -round(badge) - 8, 0)
        name = metrics.elidedText(item.name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)


def _paint_words(painter: QPainter, place: QRect, font: QFont, words: str) -> None:
    """As many lines as there are for them, the last one cut short."""
    metrics = QFontMetrics(font)
    layout = QTextLayout(words, font)
    layout.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeft))
    layout.beginLayout()
    painter.setFont(font)
    for number in range(_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(place.width())
        spot = QRect(place.left(), place.top() + number * metrics.lineSpacing(), place.width(), metrics.lineSpacing())
        rest = words[line.textStart() :] if number == _LINES - 1 else words[line.textStart() :][: line.textLength()]
        shown = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    layout.endLayout()
