"""From which probability on a tag counts as predicted, chosen on the curve of what each choice gives."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.core.thresholds import ThresholdCurve
from studio.ui.theme import theme

_HEIGHT: Final = 150
_EDGE: Final = 6.0
_DOT: Final = 4.0


class ThresholdChoice(QWidget):
    """Curve, number and a button for the best; `chosen` tells a new threshold once it is settled."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: ThresholdCurve | None = None
        heading = QLabel("THRESHOLD")
        heading.setProperty("role", "section")
        self.plot = ThresholdPlot()
        self.plot.moved.connect(self._show_number)
        self.plot.settled.connect(self.chosen)
        self.number = QDoubleSpinBox()
        self.number.setObjectName("threshold")
        self.number.setAccessibleName("Tags above this probability are predicted")
        self.number.setToolTip("Tags above this probability are predicted, here and with this run's model elsewhere")
        self.number.setRange(0.01, 0.99)
        self.number.setSingleStep(0.01)
        self.number.setKeyboardTracking(False)
        self.number.valueChanged.connect(self.chosen)
        self.best = QPushButton("Take the best")
        self.best.setObjectName("best_threshold")
        self.best.clicked.connect(self._take_best)
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.number)
        row.addWidget(self.best)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(6)
        for widget in (heading, self.plot):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.words)

    def show_curve(self, curve: ThresholdCurve, threshold: float) -> None:
        """`threshold` is the one in force; nobody is told."""
        self._curve = curve
        self.plot.show_curve(curve, threshold)
        self._show_number(threshold)

    def _show_number(self, threshold: float) -> None:
        assert self._curve is not None
        with QSignalBlocker(self.number):
            self.number.setValue(threshold)
        curve = self._curve
        self.words.setText(
            f"F2 by sample {curve.at(threshold):.3f} at {threshold:.2f}; best {curve.at(curve.best):.3f} at "
            f"{curve.best:.2f}, over {curve.items:,} validation item{'' if curve.items == 1 else 's'}."
        )
        self.best.setEnabled(curve.at(threshold) < curve.at(curve.best))

    def _take_best(self) -> None:
        if self._curve is not None:
            self.chosen.emit(self._curve.best)


class ThresholdPlot(QWidget):
    """F2 upwards from 0 to 1, threshold to the right; a press or a drag moves the threshold, letting go settles it."""

    moved = Signal(float)
    settled = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("threshold_plot")
        self.setAccessibleName("F2 by sample at each threshold")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self._curve: ThresholdCurve | None = None
        self._threshold = 0.0

    def show_curve(self, curve: ThresholdCurve, threshold: float) -> None:
        self._curve, self._threshold = curve, threshold
        self.update()

    def place(self, threshold: float, value: float) -> QPointF:
        """Where a point of the curve is drawn."""
        room = self._room()
        return QPointF(room.left() + threshold * room.width(), room.bottom() - value * room.height())

    def sizeHint(self) -> QSize:
        return QSize(260, _HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._move(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._curve is not None:
            self.settled.emit(self._threshold)

    def _move(self, x: float) -> None:
        if self._curve is not None:
            room = self._room()
            self._threshold = min(0.99, max(0.01, round((x - room.left()) / room.width(), 2)))
            self.update()
            self.moved.emit(self._threshold)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self._room()
        painter.setPen(QPen(theme().color("line"), 1))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            painter.drawLine(self.place(0, share), self.place(1, share))
        if self._curve is None:
            return
        painter.setPen(QPen(theme().color("series_1"), 1.8))
        points = [self.place(t, v) for t, v in zip(self._curve.thresholds, self._curve.values, strict=True)]
        painter.drawPolyline(QPolygonF(points))
        best = self._curve.best
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("ok"))
        painter.drawEllipse(self.place(best, self._curve.at(best)), _DOT, _DOT)
        x = self.place(self._threshold, 0).x()
        painter.setPen(QPen(theme().color("accent"), 1.4))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        painter.setBrush(theme().color("accent"))
        painter.drawEllipse(self.place(self._threshold, self._curve.at(self._threshold)), _DOT, _DOT)
