"""The grid of augmented samples: one widget that paints every picture with its label and the item's name."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.viewport import Viewport
from studio.ui.session import Session
from studio.ui.theme import theme
from studio.ui.train.augmented.pictures import SeenSample
from studio.ui.train.augmented.places import Places, places_for

_MARGIN: Final = 3
_PAPER: Final = QColor(0, 0, 0, 175)
_INK: Final = QColor(255, 255, 255, 235)
_FADED: Final = 0.45
_USUAL_WIDTH: Final = 220
"""In narrower pictures points have smaller markers, so that they do not hide what they mark."""
_SMALLEST_MARKER: Final = 0.6
_STEPS: Final[dict[int, tuple[int, int]]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class SampleGrid(QWidget):
    """`opened` names the item that was clicked, or chosen with the arrows and opened with Return."""

    opened = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmented_grid")
        self.setAccessibleName("Augmented samples")
        self._session = session
        self.samples: tuple[SeenSample, ...] = ()
        self.message = ""
        self.shows_labels = True
        self._faded = False
        self._current = 0
        self._hovered: int | None = None
        self._drawn: dict[int, QPixmap] = {}
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self._draw_anew)

    @property
    def places(self) -> Places:
        size = self.samples[0].picture.size() if self.samples else QSize(4, 3)
        area = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        return places_for(area, size, len(self.samples), caption=self.fontMetrics().height() + 4)

    def show_samples(self, samples: tuple[SeenSample, ...], *, faded: bool = False, message: str = "") -> None:
        """`faded`: others are on their way. Without samples the message is all there is."""
        self._faded, self.message = faded, message
        if samples is not self.samples:
            self.samples = samples
            self._current = min(self._current, max(0, len(samples) - 1))
        self._draw_anew()

    def show_labels(self, on: bool) -> None:
        self.shows_labels = on
        self._draw_anew()

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 150)

    # ------------------------------------------------------------------------------------------------ mouse and keys
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._tile_at(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self._tile_at(event.position().toPoint())
        if number is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(number)
            self._open()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key())
        if step is not None:
            target = self._current + step[0] + step[1] * self.places.columns
            if 0 <= target < len(self.samples):
                self._choose(target)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw_anew()

    def _open(self) -> None:
        if self._current < len(self.samples):
            self.opened.emit(self.samples[self._current].item)

    def _choose(self, number: int) -> None:
        self._current = number
        self.update()

    def _tile_at(self, position: QPoint) -> int | None:
        return self.places.at(position.x(), position.y())

    def _hover(self, number: int | None) -> None:
        if number == self._hovered:
            return
        self._hovered = number
        self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
        self.setToolTip("" if number is None else _tip(self.samples[number]))
        self.update()

    # ------------------------------------------------------------------------------------------------ painting
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.samples:
            painter.setPen(theme().color("muted"))
            wrap = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()).adjusted(24, 24, -24, -24), wrap, self.message)
            return
        places = self.places
        for number, sample in enumerate(self.samples):
            if places.tile(number).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN).intersects(event.rect()):
                painter.setOpacity(_FADED if self._faded else 1.0)
                painter.drawPixmap(places.picture_of(number).topLeft(), self._picture(number, places.picture))
                self._paint_name(painter, places, number, sample.name)
                painter.setOpacity(1.0)
                self._paint_frame(painter, places.picture_of(number), number)

    def _paint_name(self, painter: QPainter, places: Places, number: int, name: str) -> None:
        tile = places.tile(number)
        room = QRect(tile.left(), tile.bottom() + 1 - places.caption, tile.width(), places.caption)
        text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.setPen(theme().color("text" if number == self._hovered else "muted"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_frame(self, painter: QPainter, place: QRect, number: int) -> None:
        is_current = self.hasFocus() and number == self._current
        if is_current or number == self._hovered:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 2.0 if is_current else 1.0))
            painter.drawRect(QRectF(place).adjusted(-1, -1, 1, 1))

    def _picture(self, number: int, size: QSize) -> QPixmap:
        """The sample as it lies in the grid; drawn once, since a hovering mouse paints it again and again."""
        if number not in self._drawn:
            self._drawn[number] = self._draw(self.samples[number], size)
        return self._drawn[number]

    def _draw(self, sample: SeenSample, size: QSize) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap((size * ratio).expandedTo(QSize(1, 1)))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRect(QPoint(0, 0), pixmap.size())
        painter.drawImage(whole, sample.picture)
        if self.shows_labels:
            if sample.overlay is not None:
                painter.drawImage(whole, sample.overlay)
            if sample.points is not None:
                self._paint_points(painter, sample, whole.size(), ratio)
            if sample.words:
                self._paint_words(painter, sample.words, whole, ratio)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _paint_points(self, painter: QPainter, sample: SeenSample, size: QSize, ratio: float) -> None:
        assert sample.points is not None
        scale = size.width() / max(1, sample.picture.width()) * sample.scale
        there = Viewport(
            image=(sample.picture.width(), sample.picture.height()), view=(size.width(), size.height()), scale=scale
        )
        marker = ratio * min(max(size.width() / ratio / _USUAL_WIDTH, _SMALLEST_MARKER), 1.0)
        PointsLayer(self._session.settings, there, marker).paint(painter, sample.points, None)

    def _paint_words(self, painter: QPainter, words: str, whole: QRect, ratio: float) -> None:
        """The classes over the foot of the picture."""
        painter.scale(ratio, ratio)
        font = self.font()
        font.setPointSizeF(max(7.0, 0.85 * font.pointSizeF()))
        metrics = QFontMetrics(font)
        line = metrics.height() + 4
        width, height = round(whole.width() / ratio), round(whole.height() / ratio)
        strip = QRect(0, height - line, width, line)
        painter.fillRect(strip, _PAPER)
        painter.setPen(_INK)
        painter.setFont(font)
        text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width - 10)
        painter.drawText(strip.adjusted(5, 0, -5, 0), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _draw_anew(self) -> None:
        self._drawn.clear()
        self.update()


def _tip(sample: SeenSample) -> str:
    lines = (sample.name, sample.words, "A click opens it on the Label page")
    return "\n".join(line for line in lines if line)
