"""What label and model say about a whole item: a bar for each class, a tick before those of the label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from studio.core.tag_words import Answer, most_telling, percent
from studio.ui.review.tile_layout import ANSWER_PADDING
from studio.ui.theme import theme

_MARGIN: Final = 5
_TICK: Final = 13
"""Room of the tick before the label's classes, which all names leave free."""

_TICK_CORNERS: Final = ((0.0, 0.5), (0.35, 0.85), (1.0, 0.1))
_TICK_SIDE: Final = 7.0
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_answers(
    painter: QPainter, room: QRect, answers: Sequence[Answer], font: QFont, *, threshold: float | None = None
) -> None:
    """As many rows as `room` holds, the telling ones. A class that the model predicts has a full bar, another a pale
    one; `threshold` is a line across the bars."""
    metrics = QFontMetrics(font)
    height = metrics.height() + ANSWER_PADDING
    painter.setFont(font)
    for place, answer in enumerate(most_telling(answers, room.height() // height)):
        row = QRect(room.left(), room.top() + place * height, room.width(), height - 2)
        _paint_bar(painter, row, answer)
        if threshold is not None:
            x = row.left() + threshold * row.width()
            painter.setPen(QPen(theme().color("faint"), 1))
            painter.drawLine(QLineF(x, row.top(), x, row.bottom() + 1))
        _paint_words(painter, row, answer, metrics)


def _paint_bar(painter: QPainter, row: QRect, answer: Answer) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("base"))
    painter.drawRoundedRect(row, 3, 3)
    tone = bar_color(answer)
    if answer.share:
        bar = QRectF(row)
        bar.setWidth(max(2.0, row.width() * answer.share))
        painter.setBrush(tone)
        painter.drawRoundedRect(bar, 3, 3)


def _paint_words(painter: QPainter, row: QRect, answer: Answer, metrics: QFontMetrics) -> None:
    words = row.adjusted(_MARGIN, 0, -_MARGIN, 0)
    figure = "–" if answer.share is None else percent(answer.share)
    painter.setPen(theme().color("text" if answer.predicted or answer.in_label else "muted"))
    painter.drawText(words, _RIGHT, figure)
    name = words.adjusted(_TICK, 0, -metrics.horizontalAdvance(figure) - 6, 0)
    painter.drawText(name, _LEFT, metrics.elidedText(answer.name, Qt.TextElideMode.ElideRight, name.width()))
    if answer.in_label:
        paint_tick(painter, QPointF(words.left(), row.center().y() - _TICK_SIDE / 2 + 0.5))


def bar_color(answer: Answer) -> QColor:
    """Right is green and wrong is red where the model says yes, amber where it misses what the label says."""
    if answer.in_label is None:
        role = "accent" if answer.predicted else "faint"
    elif answer.predicted:
        role = "ok" if answer.in_label else "danger"
    else:
        role = "warning" if answer.in_label else "faint"
    color = QColor(theme().color(role))
    color.setAlphaF(0.42 if answer.predicted or role == "faint" else 0.26)
    return color


def paint_tick(painter: QPainter, corner: QPointF) -> None:
    """The sign before a class that the label has, its top left corner here."""
    painter.setPen(QPen(theme().color("text"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    corners = [corner + QPointF(x * _TICK_SIDE, y * _TICK_SIDE) for x, y in _TICK_CORNERS]
    painter.drawLine(corners[0], corners[1])
    painter.drawLine(corners[1], corners[2])
