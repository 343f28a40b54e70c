"""The picture of the playground: the curve that is drawn, the network's answer, and what each unit adds to it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.playground.curves import HIGHEST, PLACES, draw_stroke
from studio.playground.network import Floats
from studio.playground.training import Snapshot
from studio.ui.theme import theme
from studio.ui.widgets.item_delegate import smaller

_TOP: Final = 1.2
_MARGIN: Final = 12
_STRIP: Final = 14
_STRIPS: Final = 54
"""Room below the picture for the two strips of classes."""

_LEGEND: Final = 22
_FAINT: Final = 0.3
_KEY_STEP: Final = 0.1
"""How far a key goes along the curve, and how far it raises it."""

_UNIT_STEP: Final = 2
"""Every second place is enough for a faint line."""


class PlaygroundCanvas(QWidget):
    """Drawing with the left button changes the curve; `drawn` has its (POINTS,) values then. With the keyboard Left and
    Right choose a place, Up and Down raise and lower the curve there."""

    drawn = Signal(object)

    def __init__(self, target: Floats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("playground_canvas")
        self.setAccessibleName("Curve to fit")
        self.setAccessibleDescription("Left and Right choose a place, Up and Down raise and lower the curve there")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 200)
        self.target = target
        self._snapshot: Snapshot | None = None
        self._shows_units = True
        self._last: tuple[float, float] | None = None
        self._key_place = 0.0
        """The x at which keys change the curve."""
        theme().changed.connect(self.update)

    def show_target(self, target: Floats) -> None:
        self.target = target
        self.update()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.update()

    def show_units(self, shown: bool) -> None:
        self._shows_units = shown
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    # ------------------------------------------------------------------------------------------------ places
    @property
    def picture(self) -> QRectF:
        """Where the curves are drawn, in logical pixels."""
        inside = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN + _LEGEND, -_MARGIN, -_STRIPS)
        return inside.normalized()

    def place(self, x: float, y: float) -> QPointF:
        area = self.picture
        return QPointF(
            area.left() + (x + 1) / 2 * area.width(),
            area.top() + (_TOP - y) / (2 * _TOP) * area.height(),
        )

    def value_at(self, position: QPointF) -> tuple[float, float]:
        """(x, y) of the curve under a position, y within what a curve can have."""
        area = self.picture
        x = 2 * (position.x() - area.left()) / max(area.width(), 1) - 1
        y = _TOP - 2 * _TOP * (position.y() - area.top()) / max(area.height(), 1)
        return min(max(x, -1.0), 1.0), min(max(y, -HIGHEST), HIGHEST)

    # ------------------------------------------------------------------------------------------------ drawing by hand
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._last = self.value_at(event.position())
            self._draw_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._draw_to(self.value_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._last = None

    def _draw_to(self, value: tuple[float, float]) -> None:
        self.target = draw_stroke(self.target, self._last or value, value)
        self._last = value
        self.update()
        self.drawn.emit(self.target)

    # ------------------------------------------------------------------------------------------------ drawing by keys
    def keyPressEvent(self, event: QKeyEvent) -> None:
        along = {Qt.Key.Key_Left: -_KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}.get(Qt.Key(event.key()))
        up = {Qt.Key.Key_Up: _KEY_STEP, Qt.Key.Key_Down: -_KEY_STEP}.get(Qt.Key(event.key()))
        if along is not None:
            self._key_place = min(max(self._key_place + along, -1.0), 1.0)
            self.update()
        elif up is not None:
            self._raise(up)
        else:
            super().keyPressEvent(event)

    def _raise(self, by: float) -> None:
        """As wide a piece as a step along, so that no place is passed over."""
        height = float(np.interp(self._key_place, PLACES, self.target)) + by
        left, right = self._key_place - _KEY_STEP / 2, self._key_place + _KEY_STEP / 2
        self.target = draw_stroke(self.target, (left, height), (right, height))
        self.update()
        self.drawn.emit(self.target)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _paint_key_place(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme().color("accent"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(self.place(self._key_place, -_TOP), self.place(self._key_place, _TOP))
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.setBrush(theme().color("plot"))
        height = float(np.interp(self._key_place, PLACES, self.target))
        painter.drawEllipse(self.place(self._key_place, height), 5, 5)

    # ------------------------------------------------------------------------------------------------ painting
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        painter.save()
        painter.setClipRect(self.picture)
        snapshot = self._snapshot
        if snapshot is not None and self._shows_units and snapshot.size.layers == 1:
            color = theme().color("series_4")
            color.setAlphaF(_FAINT)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # so many lines would take a whole frame
            for contribution in snapshot.contributions:
                self._paint_curve(painter, contribution, color, 1, places=_where_it_acts(contribution))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if snapshot is not None:
            self._paint_curve(painter, snapshot.line, theme().color("faint"), 1.5, dashed=True)
        self._paint_curve(painter, self.target, theme().color("muted"), 3)
        if snapshot is not None:
            self._paint_curve(painter, snapshot.output, theme().color("accent"), 2.2)
            self._paint_bends(painter, snapshot)
        if self.hasFocus():
            self._paint_key_place(painter)
        painter.restore()
        self._paint_strips(painter)
        self._paint_legend(painter)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), theme().color("plot"))
        painter.setPen(QPen(theme().color("grid"), 1))
        for value in (-1.0, -0.5, 0.0, 0.5, 1.0):
            painter.drawLine(self.place(-1, value), self.place(1, value))
            painter.drawLine(self.place(value, -_TOP), self.place(value, _TOP))
        painter.setPen(QPen(theme().color("line"), 1.5))
        painter.drawLine(self.place(-1, 0), self.place(1, 0))

    def _paint_curve(
        self,
        painter: QPainter,
        values: Floats,
        color: QColor,
        width: float,
        *,
        dashed: bool = False,
        places: slice = slice(None),
    ) -> None:
        pen = QPen(color, width)
        pen.setStyle(Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(pen)
        area = self.picture
        high = np.clip(
            np.nan_to_num(values[places], nan=0.0), -50, 50
        )  # far outside, and no number that Qt cannot draw
        x = area.left() + (PLACES[places] + 1) / 2 * area.width()
        y = area.top() + (_TOP - high) / (2 * _TOP) * area.height()
        painter.drawPolyline(QPolygonF(list(map(QPointF, x.tolist(), y.tolist()))))

    def _paint_bends(self, painter: QPainter, snapshot: Snapshot) -> None:
        """Where the first layer's units turn, as dots on the network's curve."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        if not snapshot.pieces:
            return
        for x, y in zip(snapshot.bends, np.interp(snapshot.bends, PLACES, snapshot.output), strict=True):
            painter.drawEllipse(self.place(float(x), float(y)), 3, 3)

    def _paint_strips(self, painter: QPainter) -> None:
        """The curves as classifiers: one class above zero, another one below it."""
        area = self.picture
        painter.setFont(smaller(self.font()))
        rows = [("drawn", self.target)]
        if self._snapshot is not None:
            rows.append(("network", self._snapshot.output))
        for number, (name, values) in enumerate(rows):
            top = area.bottom() + 8 + number * (_STRIP + 5)
            self._paint_classes(painter, values, QRectF(area.left(), top, area.width(), _STRIP))
            painter.setPen(theme().color("text"))
            words = QRectF(area.left() + 6, top, 80, _STRIP)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_classes(self, painter: QPainter, values: Floats, strip: QRectF) -> None:
        colors = {False: theme().color("series_2"), True: theme().color("series_3")}
        painter.setPen(Qt.PenStyle.NoPen)
        signs = values > 0
        edges = [0, *(np.flatnonzero(signs[1:] != signs[:-1]) + 1).tolist(), len(values)]
        for first, last in pairwise(edges):
            color = colors[bool(signs[first])]
            color.setAlphaF(0.55)
            painter.setBrush(color)
            left, right = (strip.left() + strip.width() * edge / len(values) for edge in (first, last))
            painter.drawRect(QRectF(left, strip.top(), right - left, strip.height()))

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(smaller(self.font()))
        metrics = QFontMetricsF(painter.font())
        middle = _MARGIN + _LEGEND / 2 - 3
        left = float(_MARGIN)
        names = [("what you drew", "muted"), ("the network", "accent"), ("the best line", "faint")]
        if self._snapshot is not None and self._snapshot.size.layers == 1 and self._shows_units:
            names.append(("its units", "series_4"))
        for name, role in names:
            width = metrics.horizontalAdvance(name)
            if left + 22 + width > self.width() - _MARGIN:
                return
            painter.setPen(QPen(theme().color(role), 2))
            painter.drawLine(QPointF(left, middle), QPointF(left + 16, middle))
            painter.setPen(theme().color("muted"))
            words = QRectF(left + 22, middle - 10, width + 4, 20)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            left += 22 + width + 18


def _where_it_acts(contribution: Floats) -> slice:
    """From where to where a unit adds something: many lines along zero would look like one thick one."""
    acting = np.flatnonzero(contribution)
    return slice(max(0, int(acting[0]) - 1), int(acting[-1]) + 2, _UNIT_STEP) if len(acting) else slice(0)
