"""One watched item: its label beside the prediction, or both kinds of points on the picture."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.points import Keypoint, Points, Visibility
from studio.core.tag_words import LabelWords
from studio.ui.theme import theme
from studio.ui.train.sample_pictures import SamplePicture
from studio.ui.widgets.words_strip import paint_words

_GAP: Final = 4
_CAPTION: Final = 18
_MARKER: Final = 5.0
_SMALLEST_PAIR: Final = 120
"""Two pictures narrower than this tell less than one picture that is split between them."""


class SampleTile(QWidget):
    """`opened` when a person wants the item in the editor: a double click, or Return."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sample: SamplePicture | None = None
        self._problem = ""
        self._split = 0.5
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    @property
    def sample(self) -> SamplePicture | None:
        return self._sample

    def show_sample(self, sample: SamplePicture | None, problem: str = "") -> None:
        """A sample, or the sentence that says why there is none."""
        self._sample, self._problem = sample, problem
        name = sample.name if sample is not None else problem
        self.setToolTip(f"{name}\nDouble-click opens it on the Label page" if sample is not None else problem)
        self.setAccessibleName(f"Sample {name}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(90, 70)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._split = min(max(event.position().x() / max(1, self.width()), 0.0), 1.0)
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._split = 0.5
        self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open()
        else:
            super().keyPressEvent(event)

    def _open(self) -> None:
        if self._sample is not None:
            self.opened.emit(self._sample.item)

    # ------------------------------------------------------------------------------------------------ painting
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 0, 0, -_CAPTION)
        sample = self._sample
        if sample is None:
            painter.setPen(theme().color("faint"))
            wrap = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()), wrap, self._problem)
            return
        if sample.words is not None:
            bottom = self._paint_words(painter, area, sample.picture, sample.words)
        elif sample.predicted_points is not None or sample.label_points is not None:
            bottom = self._paint_points(painter, area, sample)
        else:
            bottom = self._paint_masks(painter, area, sample)
        self._paint_caption(painter, sample.name, bottom)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_masks(self, painter: QPainter, area: QRectF, sample: SamplePicture) -> float:
        """The label and the prediction; returns where the pictures end below."""
        shown = [image for image in (sample.label, sample.predicted) if image is not None]
        size = shown[0].size() if shown else QSize(1, 1)
        places = arrange(area, size, len(shown))
        if len(shown) == 2 and places[0].width() < _SMALLEST_PAIR:
            place = arrange(area, size, 1)[0]
            self._paint_split(painter, place, *shown)
            return place.bottom()
        for place, image in zip(places, shown, strict=True):
            painter.drawImage(place, image)
        return places[-1].bottom() if places else area.bottom()

    def _paint_split(self, painter: QPainter, place: QRectF, label: QImage, predicted: QImage) -> None:
        """One picture, the label left and the prediction right of a line that follows the mouse."""
        x = place.x() + place.width() * self._split
        painter.drawImage(place, predicted)
        painter.save()
        painter.setClipRect(QRectF(place.x(), place.y(), x - place.x(), place.height()))
        painter.drawImage(place, label)
        painter.restore()
        painter.setPen(QPen(QColor(255, 255, 255, 220), 1.5))
        painter.drawLine(QPointF(x, place.y()), QPointF(x, place.bottom()))

    def _paint_points(self, painter: QPainter, area: QRectF, sample: SamplePicture) -> float:
        """Both kinds of points on the picture; returns where it ends below."""
        place = arrange(area, sample.picture.size(), 1)[0]
        painter.drawImage(place, sample.picture)
        scale = place.width() / max(1, sample.size[0])
        label, predicted = sample.label_points or Points(), sample.predicted_points or Points()
        for point in label.placed:
            other = predicted.get(point.index, point.instance)
            at = _place(point, place, scale)
            if other is not None and point.visibility is not Visibility.ABSENT:
                painter.setPen(QPen(theme().color("warning"), 1.2))
                painter.drawLine(at, _place(other, place, scale))
        for point in label.placed:
            if point.visibility is not Visibility.ABSENT:
                _ring(painter, _place(point, place, scale), theme().color("ok"))
        for point in predicted.placed:
            _cross(painter, _place(point, place, scale), theme().color("danger"))
        return place.bottom()

    def _paint_words(self, painter: QPainter, area: QRectF, picture: QImage, words: LabelWords) -> float:
        """The picture with what label and model say about it; returns where it ends below."""
        place = arrange(area, picture.size(), 1)[0]
        painter.drawImage(place, picture)
        paint_words(painter, place.toRect(), words, self.font())
        return place.bottom()

    def _paint_caption(self, painter: QPainter, name: str, top: float) -> None:
        room = QRectF(0, top, self.width(), _CAPTION)
        text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(room.width()))
        painter.setPen(theme().color("muted"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), text)


def arrange(area: QRectF, size: QSize, count: int) -> list[QRectF]:
    """Places for `count` pictures of one size side by side or one above the other, whichever shows them larger."""
    if not count:
        return []
    beside = _fit(area, size, columns=count, rows=1)
    above = _fit(area, size, columns=1, rows=count)
    return max((beside, above), key=lambda places: places[0].width())


def _fit(area: QRectF, size: QSize, *, columns: int, rows: int) -> list[QRectF]:
    room_x = (area.width() - _GAP * (columns - 1)) / columns
    room_y = (area.height() - _GAP * (rows - 1)) / rows
    scale = max(0.0, min(room_x / max(1, size.width()), room_y / max(1, size.height())))
    width, height = size.width() * scale, size.height() * scale
    left = area.x() + (area.width() - columns * width - _GAP * (columns - 1)) / 2
    top = area.y() + (area.height() - rows * height - _GAP * (rows - 1)) / 2
    return [
        QRectF(left + i * (width + _GAP), top + j * (height + _GAP), width, height)
        for j in range(rows)
        for i in range(columns)
    ]


def _place(point: Keypoint, place: QRectF, scale: float) -> QPointF:
    return QPointF(place.x() + point.x * scale, place.y() + point.y * scale)


def _ring(painter: QPainter, at: QPointF, color: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, tone in ((4.0, QColor(0, 0, 0, 150)), (2.0, color)):
        painter.setPen(QPen(tone, width))
        painter.drawEllipse(at, _MARKER, _MARKER)


def _cross(painter: QPainter, at: QPointF, color: QColor) -> None:
    for width, tone in ((4.0, QColor(0, 0, 0, 150)), (2.0, color)):
        painter.setPen(QPen(tone, width))
        painter.drawLine(at + QPointF(-_MARKER, -_MARKER), at + QPointF(_MARKER, _MARKER))
        painter.drawLine(at + QPointF(-_MARKER, _MARKER), at + QPointF(_MARKER, -_MARKER))
