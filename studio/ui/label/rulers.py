"""Rulers in image pixels along the canvas, with a mark where the cursor is."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.ui.label.canvas import Canvas
from studio.ui.label.view_choices import ViewChoices
from studio.ui.theme import theme

THICKNESS: Final = 20
_LEAST_STEP: Final = 64
"""Logical pixels between two numbers, at least."""
_PARTS: Final = 5


class Ruler(QWidget):
    """Along the top (horizontal) or the left of the canvas."""

    def __init__(self, canvas: Canvas, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._is_horizontal = orientation is Qt.Orientation.Horizontal
        self._cursor: int | None = None
        if self._is_horizontal:
            self.setFixedHeight(THICKNESS)
        else:
            self.setFixedWidth(THICKNESS)
        canvas.view_changed.connect(self.update)
        theme().changed.connect(self.update)

    def show_pixel(self, pixel: tuple[int, int] | None) -> None:
        """Mark the image pixel (column, row) under the cursor."""
        place = None if pixel is None else pixel[0 if self._is_horizontal else 1]
        if place != self._cursor:
            self._cursor = place
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("raised"))
        painter.setPen(theme().color("line"))
        painter.drawLine(*self._edge())
        if self._canvas.picture is not None:
            self._paint_marks(painter)
            self._paint_cursor(painter)

    def _edge(self) -> tuple[int, int, int, int]:
        end = THICKNESS - 1
        return (0, end, self.width(), end) if self._is_horizontal else (end, 0, end, self.height())

    def _paint_marks(self, painter: QPainter) -> None:
        font = QFont(painter.font())
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.72))
        painter.setFont(font)
        step = step_of(self._scale)
        length = self._canvas.viewport.image[0 if self._is_horizontal else 1]
        first = max(0, floor(self._to_image(0) / step) * _PARTS)
        last = min(ceil(length / step * _PARTS), ceil(self._to_image(self._room) / step) * _PARTS)
        for part in range(first, last + 1):
            pixel = part * step / _PARTS
            if pixel > length or not float(pixel).is_integer():
                continue
            place = self._to_ruler(pixel)
            is_main = part % _PARTS == 0
            painter.setPen(theme().color("faint"))
            self._paint_tick(painter, place, 9 if is_main else 4)
            if is_main:
                painter.setPen(theme().color("muted"))
                self._paint_number(painter, place, f"{int(pixel)}")

    def _paint_tick(self, painter: QPainter, place: float, length: int) -> None:
        x, end = round(place), THICKNESS - 1
        if self._is_horizontal:
            painter.drawLine(x, end - length, x, end)
        else:
            painter.drawLine(end - length, x, end, x)

    def _paint_number(self, painter: QPainter, place: float, number: str) -> None:
        box = QRectF(3, 0, 60, THICKNESS - 7)
        painter.save()
        if self._is_horizontal:
            painter.translate(place, 0)
        else:
            painter.translate(0, place)
            painter.rotate(-90)
            box.moveLeft(-63)
        aligned = Qt.AlignmentFlag.AlignLeft if self._is_horizontal else Qt.AlignmentFlag.AlignRight
        painter.drawText(box, aligned | Qt.AlignmentFlag.AlignVCenter, number)
        painter.restore()

    def _paint_cursor(self, painter: QPainter) -> None:
        if self._cursor is not None:
            painter.setPen(QPen(theme().color("accent"), max(1.0, min(self._scale, 4.0))))
            self._paint_tick(painter, self._to_ruler(self._cursor + 0.5), THICKNESS - 2)

    @property
    def _scale(self) -> float:
        """Logical pixels an image pixel."""
        return self._canvas.viewport.scale / self._canvas.pixel_ratio

    @property
    def _room(self) -> int:
        return self.width() if self._is_horizontal else self.height()

    @property
    def _origin(self) -> float:
        return self._canvas.viewport.origin[0 if self._is_horizontal else 1] / self._canvas.pixel_ratio

    def _to_image(self, place: float) -> float:
        return (place - self._origin) / self._scale

    def _to_ruler(self, pixel: float) -> float:
        return self._origin + pixel * self._scale


class RuledCanvas(QWidget):
    """The canvas, and along it rulers while `ViewChoices` wants them."""

    def __init__(self, canvas: Canvas, choices: ViewChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._corner = QWidget()
        self._corner.setFixedSize(THICKNESS, THICKNESS)
        self.rulers = [
            Ruler(canvas, orientation) for orientation in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical)
        ]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._corner, 0, 0)
        grid.addWidget(self.rulers[0], 0, 1)
        grid.addWidget(self.rulers[1], 1, 0)
        grid.addWidget(canvas, 1, 1)
        choices.changed.connect(self._show)
        self._show()

    def show_pixel(self, pixel: tuple[int, int] | None) -> None:
        """Mark the image pixel under the cursor on both rulers."""
        if self._choices.seen.rulers:
            for ruler in self.rulers:
                ruler.show_pixel(pixel)

    def _show(self) -> None:
        for part in (self._corner, *self.rulers):
            part.setVisible(self._choices.seen.rulers)


def step_of(scale: float) -> int:
    """Image pixels from one number to the next: 1, 2 or 5 times a power of ten, `_LEAST_STEP` logical pixels apart."""
    wanted = _LEAST_STEP / scale
    power = 10.0 ** floor(log10(max(wanted, 1.0)))
    return next(int(factor * power) for factor in (1, 2, 5, 10) if factor * power >= min(wanted, 10 * power))
