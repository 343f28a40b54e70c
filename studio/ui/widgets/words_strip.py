"""What label and model say about a whole item, as two lines over the foot of its picture."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from studio.core.tag_words import LabelWords
from studio.ui.theme import theme

_MARGIN: Final = 7
_PAPER: Final = QColor(0, 0, 0, 175)
_INK: Final = QColor(255, 255, 255, 235)
_FAINT: Final = QColor(255, 255, 255, 150)
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_words(painter: QPainter, picture: QRect, words: LabelWords, font: QFont) -> None:
    """Over the foot of `picture`; the model's line has the colour of right or wrong. Lines too long end in dots."""
    metrics = QFontMetrics(font)
    line = metrics.height() + 3
    strip = QRect(picture.left(), picture.bottom() + 1 - 2 * line - 4, picture.width(), 2 * line + 4)
    painter.fillRect(strip, _PAPER)
    painter.setFont(font)
    names = ("Label", "Model")
    column = max(metrics.horizontalAdvance(name) for name in names) + 8
    said = (words.label, words.prediction)
    inks = (_INK, QColor(theme().color("ok" if words.agree else "danger")).lighter(145))
    for place, (name, text, ink) in enumerate(zip(names, said, inks, strict=True)):
        row = QRect(strip.left() + _MARGIN, strip.top() + 2 + place * line, strip.width() - 2 * _MARGIN, line)
        painter.setPen(_FAINT)
        painter.drawText(row, _LEFT, name)
        painter.setPen(ink)
        room = row.adjusted(column, 0, 0, 0)
        painter.drawText(room, _LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width()))
