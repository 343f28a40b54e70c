"""How far off the points are: a bar a range of distances, and a click shows the items of that range."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from studio.core.points import KeypointName
from studio.ui.theme import theme

Range = tuple[float, float]
"""[low, high) in pixels of the original; high may be infinite."""

_STEPS: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0, 80.0, 120.0, 200.0, float("inf"))
_MARKS: Final = "A cross is the label, a ring the prediction; the line and the number are how far the two lie apart."
_ROW: Final = 22
_BAR_GAP: Final = 4


class HistogramPanel(QWidget):
    """`chosen` tells a `Range`, or None for all items."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram = ErrorHistogram()
        self.histogram.chosen.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        heading = QLabel("HOW FAR OFF")
        heading.setProperty("role", "section")
        self._summary = QLabel()
        self._summary.setProperty("role", "muted")
        self._summary.setWordWrap(True)
        layout.addWidget(heading)
        layout.addWidget(self.histogram)
        self.marks = QLabel()
        self.marks.setObjectName("point_marks")
        self.marks.setTextFormat(Qt.TextFormat.RichText)
        self.marks.setProperty("role", "muted")
        self.marks.setWordWrap(True)
        layout.addWidget(self._summary)
        layout.addSpacing(6)
        layout.addWidget(self.marks)
        layout.addStretch(1)

    def show_errors(self, errors: Sequence[float]) -> None:
        """`errors` in pixels of the original, one an item."""
        self.histogram.show_errors(errors)
        if len(errors):
            values = np.asarray(errors)
            self._summary.setText(
                f"Half of the items are within {np.median(values):.1f} px, the worst is "
                f"{values.max():.0f} px off. Click a bar to see its items."
            )
        self._summary.setVisible(bool(len(errors)))

    def show_keypoints(self, keypoints: Sequence[KeypointName]) -> None:
        """Say what the marks in the pictures mean, and whose colours they have."""
        named = " &nbsp; ".join(
            f'<span style="color:{point.color}">■</span>&nbsp;{escape(point.name).replace(" ", "&nbsp;")}'
            for point in keypoints
            if not point.retired
        )
        self.marks.setText(f"{_MARKS}<p>{named}</p>" if named else _MARKS)

    def select(self, chosen: Range | None) -> None:
        """Mark the range without telling anyone."""
        self.histogram.select(chosen)

    def _choose(self, chosen: Range | None) -> None:
        self.select(chosen)
        self.chosen.emit(chosen)


class ErrorHistogram(QWidget):
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_histogram")
        self.setAccessibleName("How many items are how far off")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bins: list[tuple[Range, int]] = []
        self._selected: Range | None = None
        self._hovered: Range | None = None

    def show_errors(self, errors: Sequence[float]) -> None:
        counts = np.histogram(np.asarray(errors, float), np.array(_STEPS))[0]
        used = np.flatnonzero(counts)
        span = range(int(used[0]), int(used[-1]) + 1) if len(used) else range(0)
        self.bins = [((_STEPS[i], _STEPS[i + 1]), int(counts[i])) for i in span]
        self.setFixedHeight(max(1, len(self.bins)) * _ROW + 4)
        self.update()

    def select(self, chosen: Range | None) -> None:
        self._selected = chosen
        self.update()

    def bar_rect(self, place: int) -> QRectF:
        return QRectF(0, place * _ROW, self.width(), _ROW)

    def sizeHint(self) -> QSize:
        return QSize(260, self.minimumHeight())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and found is not None:
            self.chosen.emit(None if found[0] == self._selected else found[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        self._hovered = found[0] if found else None
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go from bar to bar, Space and Enter choose one, or all items again."""
        key, spans = Qt.Key(event.key()), [span for span, _count in self.bins]
        place = spans.index(self._hovered) if self._hovered in spans else None
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and spans:
            step = 1 if key == Qt.Key.Key_Down else -1
            self._hovered = spans[0 if place is None else min(max(0, place + step), len(spans) - 1)]
            self.update()
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and place is not None:
            self.chosen.emit(None if spans[place] == self._selected else spans[place])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._hovered is None and self.bins:
            self._hovered = self._selected or self.bins[0][0]
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hovered = None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(QPointF(event.pos()))
            words = (
                f"{found[1]:,} {'item is' if found[1] == 1 else 'items are'} {_words(found[0])} off" if found else ""
            )
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _at(self, place: QPointF) -> tuple[Range, int] | None:
        row = int(place.y() // _ROW)
        return self.bins[row] if 0 <= row < len(self.bins) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.88))
        painter.setFont(font)
        metrics = QFontMetrics(font)
        names = max((metrics.horizontalAdvance(_words(r)) for r, _count in self.bins), default=0) + 8
        figures = max((metrics.horizontalAdvance(f"{count:,}") for _r, count in self.bins), default=0) + 8
        largest = max((count for _r, count in self.bins), default=1)
        room = self.width() - names - figures
        for place, (span, count) in enumerate(self.bins):
            row = self.bar_rect(place)
            chosen = span == self._selected
            if chosen or span == self._hovered:
                painter.fillRect(row, theme().color("accent_soft" if chosen else "raised"))
            if self.hasFocus() and span == self._hovered:
                painter.setPen(theme().color("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(row.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(theme().color("muted"))
            painter.drawText(
                QRectF(0, row.top(), names - 8, _ROW),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                _words(span),
            )
            bar = QRectF(names, row.top() + _BAR_GAP, max(2.0 if count else 0.0, room * count / largest), _ROW - 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("accent" if chosen else "series_2"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setPen(theme().color("text"))
            painter.drawText(
                QRectF(bar.right() + 6, row.top(), figures, _ROW), Qt.AlignmentFlag.AlignVCenter, f"{count:,}"
            )


def _words(span: Range) -> str:
    low, high = span
    return f"over {low:g} px" if np.isinf(high) else f"{low:g}–{high:g} px"
