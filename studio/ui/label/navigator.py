"""The whole picture in small, with a frame around what the canvas shows; dragging the frame moves the canvas."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.label.canvas import Canvas
from studio.ui.label.picture import Picture
from studio.ui.theme import theme

_MARGIN: Final = 8
_LEAST_FRAME: Final = 5.0
_NOTCH: Final = 120
_SHADE: Final = QColor(0, 0, 0, 110)


class Navigator(QWidget):
    """Draws the picture anew only when it is another one or the room changes; a move of the canvas moves the frame."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._image = QImage()
        self.setAccessibleName("Navigator")
        self.setAccessibleDescription("The whole picture; click or drag to look there.")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        canvas.view_changed.connect(self.update)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 100)

    def show_picture(self, picture: Picture | None) -> None:
        """`picture` is what the canvas shows, None where it shows none."""
        self._image = self._small(picture) if picture is not None else QImage()
        self.update()

    @property
    def frame(self) -> QRectF:
        """What the canvas shows, in logical pixels of this widget."""
        area, viewport = self._area(), self._canvas.viewport
        left, top = viewport.to_image(0, 0)
        right, bottom = viewport.to_image(*viewport.view)
        across, down = area.width() / viewport.image[0], area.height() / viewport.image[1]
        seen = QRectF(QPointF(left * across, top * down), QPointF(right * across, bottom * down))
        return seen.translated(area.topLeft()) & area

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._look_there(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look_there(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._canvas.zoom(event.angleDelta().y() / _NOTCH)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_picture(self._canvas.picture)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image.isNull() or self._canvas.picture is None:
            return
        area, frame = self._area(), self.frame
        painter.drawImage(area, self._image)
        if frame.width() < area.width() - 1 or frame.height() < area.height() - 1:
            for shaded in (
                QRectF(area.topLeft(), QPointF(area.right(), frame.top())),
                QRectF(QPointF(area.left(), frame.bottom()), area.bottomRight()),
                QRectF(QPointF(area.left(), frame.top()), QPointF(frame.left(), frame.bottom())),
                QRectF(QPointF(frame.right(), frame.top()), QPointF(area.right(), frame.bottom())),
            ):
                painter.fillRect(shaded, _SHADE)
        grown = max(0.0, _LEAST_FRAME - min(frame.width(), frame.height())) / 2
        painter.setPen(QPen(theme().color("accent"), 1.6))
        painter.drawRect(frame.adjusted(-grown, -grown, grown, grown))

    def _look_there(self, place: QPointF) -> None:
        area, viewport = self._area(), self._canvas.viewport
        if self._canvas.picture is None or area.isEmpty():
            return
        x = (place.x() - area.left()) / area.width() * viewport.image[0]
        y = (place.y() - area.top()) / area.height() * viewport.image[1]
        device = viewport.to_view(x, y)
        self._canvas.pan(viewport.view[0] / 2 - device[0], viewport.view[1] / 2 - device[1])

    def _area(self) -> QRectF:
        """Where the small picture lies."""
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN // 2, -_MARGIN, -_MARGIN)
        width, height = self._canvas.viewport.image
        size = QSize(width, height).toSizeF().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(QPointF(), size)
        area.moveCenter(room.center())
        return area

    def _small(self, picture: Picture) -> QImage:
        area, ratio = self._area(), self.devicePixelRatioF()
        size = (area.size() * ratio).toSize()
        if size.isEmpty():
            return QImage()
        whole = QRectF(QPointF(), picture.size.toSizeF())
        sight = picture.sight(size.width() / max(1, picture.size.width()), whole)
        return sight.image.scaled(
            size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
