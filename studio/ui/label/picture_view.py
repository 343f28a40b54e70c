"""A widget that shows a picture with masks over it, zooms and pans; it knows nothing of tools and documents."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QNativeGestureEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.raster import Rect
from studio.ui.label.picture import Picture
from studio.ui.label.scene import Scene
from studio.ui.label.viewport import Viewport
from studio.ui.theme import theme

ZOOM_STEP: Final = 1.2
_GRID_FROM: Final = 10.0
"""Logical pixels an image pixel from which on the pixel grid shows."""

_GRID_COLOR: Final = QColor(127, 127, 127, 96)


class PictureView(QWidget):
    """Paints itself from a `Scene`: only the rectangle that was asked for, and composed only where something changed.

    Positions are image pixels, device pixels of this widget, or, where Qt speaks, logical pixels.
    """

    view_changed = Signal()
    """Another zoom or place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = Scene()
        self._viewport = Viewport()
        self._picture: Picture | None = None
        self._sentence = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)

    @property
    def picture(self) -> Picture | None:
        return self._picture

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    @property
    def pixel_ratio(self) -> float:
        return self.devicePixelRatioF()

    def set_picture(self, picture: Picture) -> None:
        """Another picture, or a better version of the one that shows. The zoom stays where the size does."""
        self._picture = picture
        self._sentence = ""
        self.scene.set_picture(picture)
        size = (picture.size.width(), picture.size.height())
        if size != self._viewport.image:
            self.look_from(Viewport(image=size, view=self._viewport.view).fitted())
        self.update()

    def refresh_picture(self) -> None:
        """There is more to see of the picture than before."""
        self.scene.set_picture(self._picture)
        self.update()

    def set_sentence(self, sentence: str) -> None:
        """Show no picture but a sentence in its place."""
        self._picture = None
        self._sentence = sentence
        self.scene.set_picture(None)
        self.update()

    def look_from(self, viewport: Viewport) -> None:
        if viewport != self._viewport:
            self._viewport = viewport
            self.scene.look_from(viewport)
            self.update()
            self.view_changed.emit()

    def fit(self) -> None:
        self.look_from(self._viewport.fitted())

    def show_actual_size(self) -> None:
        """One image pixel a device pixel, around the cursor if it is here."""
        self.look_from(self._viewport.at_scale(1.0, self._cursor()))

    def zoom(self, steps: float, around: QPointF | None = None) -> None:
        """In (positive) or out, around a logical position; around the cursor, if it is here, where none is given."""
        anchor = self.to_device(around) if around is not None else self._cursor()
        self.look_from(self._viewport.zoomed(ZOOM_STEP**steps, anchor))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by device pixels."""
        self.look_from(self._viewport.panned(dx, dy))

    def look_at(self, rect: Rect) -> None:
        """Zoom to this part of the picture, in image pixels."""
        self.look_from(self._viewport.showing(rect))

    def pixel_under_cursor(self) -> tuple[int, int] | None:
        """The image pixel (column, row) under the cursor, None outside of the picture."""
        cursor = self._cursor()
        return self._viewport.pixel_at(*cursor) if self._picture is not None and cursor is not None else None

    def repaint_soon(self, area: QRectF) -> None:
        """Paint these device pixels again."""
        ratio = self.pixel_ratio
        left, top = area.left() / ratio, area.top() / ratio
        self.update(QRectF(left, top, area.width() / ratio, area.height() / ratio).toAlignedRect())

    def to_device(self, position: QPointF) -> tuple[float, float]:
        """A logical position in device pixels."""
        return position.x() * self.pixel_ratio, position.y() * self.pixel_ratio

    def paint_over(self, painter: QPainter) -> None:
        """Draw what lies over the picture, in device pixels; for subclasses. The painter's clip is what is to be
        painted."""

    # -- Qt's events --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is None:
            self._paint_sentence(painter, event.rect())
        else:
            self._paint_picture(painter, event.rect())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._take_size()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._take_size()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.look_from(self._viewport.zoomed(1 + event.value(), self.to_device(event.position())))
            return True
        return super().event(event)

    def _take_size(self) -> None:
        ratio = self.pixel_ratio
        size = QSize(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        self.look_from(self._viewport.resized((size.width(), size.height())))

    def _cursor(self) -> tuple[float, float] | None:
        """Where the cursor is, in device pixels, while it is over this widget."""
        if not self.underMouse():
            return None
        return self.to_device(QPointF(self.mapFromGlobal(self.cursor().pos())))

    def _paint_picture(self, painter: QPainter, area: QRect) -> None:
        self.scene.update()
        ratio = self.pixel_ratio
        painter.scale(1 / ratio, 1 / ratio)
        box = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
        device = box.toAlignedRect()
        painter.drawImage(device.topLeft(), self.scene.image, device)
        if self._viewport.scale >= _GRID_FROM * ratio:
            _paint_grid(painter, self._viewport, device)
        painter.setClipRect(device)
        self.paint_over(painter)

    def _paint_sentence(self, painter: QPainter, area: QRect) -> None:
        painter.fillRect(area, theme().color("canvas"))
        painter.setPen(theme().color("muted"))
        room = self.rect().adjusted(40, 20, -40, -20)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._sentence)


def _paint_grid(painter: QPainter, viewport: Viewport, device: QRect) -> None:
    """A line between any two image pixels within `device`."""
    visible = viewport.visible()
    if visible is None:
        return
    area = device & QRect(visible.x, visible.y, visible.width, visible.height)
    if area.isEmpty():
        return
    first = viewport.to_image(area.left(), area.top())
    last = viewport.to_image(area.right() + 1, area.bottom() + 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(_GRID_COLOR, 1))
    for column in range(int(first[0]), int(last[0]) + 1):
        x = int(viewport.to_view(column, 0)[0])
        painter.drawLine(x, area.top(), x, area.bottom())
    for row in range(int(first[1]), int(last[1]) + 1):
        y = int(viewport.to_view(0, row)[1])
        painter.drawLine(area.left(), y, area.right(), y)
