"""A line of text that ends in an ellipsis where there is no room, and shows itself whole in its tip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

SEPARATOR: Final = " · "


class ElidedLabel(QLabel):
    """Text in parts, joined by `SEPARATOR`, loses whole parts from its end before any part is cut."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown_text(self) -> str:
        """What there is room for."""
        return fitting(self.text(), self.fontMetrics(), self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.shown_text
        self.setToolTip(self.text() if text != self.text() else "")
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )
        painter.end()


def fitting(text: str, metrics: QFontMetrics, width: int) -> str:
    """As much of `text` as `width` logical pixels hold."""
    parts = text.split(SEPARATOR)
    while len(parts) > 1 and metrics.horizontalAdvance(SEPARATOR.join(parts)) > width:
        parts.pop()
    return metrics.elidedText(SEPARATOR.join(parts), Qt.TextElideMode.ElideRight, width)
