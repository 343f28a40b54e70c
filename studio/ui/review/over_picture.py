"""A line of words at the foot of a picture, dark in both themes because it lies on a picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter


def paint_words(painter: QPainter, target: QRectF, words: str) -> None:
    metrics = painter.fontMetrics()
    room = target.toRect()
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width() - 20)
    box = QRect(0, 0, metrics.horizontalAdvance(shown) + 20, metrics.height() + 8)
    box.moveBottomLeft(room.bottomLeft())
    painter.fillRect(box, QColor(0, 0, 0, 170))
    painter.setPen(QColor(255, 255, 255, 235))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
