"""The canvas: shows the picture and its label, and hands the mouse and the keys to the tool in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.arrays import Mask
from studio.core.document import Document, MaskDocument, PointsDocument
from studio.core.errors import StudioError
from studio.core.points import Points
from studio.core.raster import Rect
from studio.core.settings import ProjectSettings
from studio.ui.label.choices import Choices
from studio.ui.label.overlay_colors import OverlayColors
from studio.ui.label.picture import Picture
from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.scene import Scene
from studio.ui.label.tools import Pointer, Tool, make_tools
from studio.ui.label.tools.hand import HandTool
from studio.ui.label.tools.pick import pick_class
from studio.ui.label.viewport import Viewport
from studio.ui.theme import theme

_ZOOM_STEP: Final = 1.2
_WHEEL_NOTCH: Final = 120
_GRID_FROM: Final = 10.0
"""Logical pixels an image pixel from which on the pixel grid shows."""

_GRID_COLOR: Final = QColor(127, 127, 127, 96)


class Canvas(QWidget):
    """Paints itself. A stroke costs what it touches: the document marks pixels, the scene composes those, and only
    their rectangle of the widget is painted."""

    view_changed = Signal()
    """Another zoom or place."""
    pointer_moved = Signal(object)
    """The image pixel (column, row) under the cursor, or None."""
    failed = Signal(str)
    """A sentence about what could not be done."""
    hinted = Signal(str)
    """A sentence that is no error."""
    points_changed = Signal(object)
    """The `Points` of the item that is shown."""

    def __init__(self, choices: Choices, settings: ProjectSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._settings = settings
        self._scene = Scene()
        self._viewport = Viewport()
        self._document: Document | None = None
        self._picture: Picture | None = None
        self._predicted_mask: Mask | None = None
        self._predicted_points: Points | None = None
        self._sentence = ""
        self._points_drawn = QRectF()
        self._tools = make_tools(self)
        self._hand = HandTool(self)
        self._working: Tool | None = None
        self._space_down = False
        self._wheel_rest = 0
        self._set_up_widget()
        self._connect()
        self._recolor()

    def _set_up_widget(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The picture and its label; the tool in use works here.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setCursor(self.tool.cursor)

    def _connect(self) -> None:
        choices = self._choices
        choices.tool_changed.connect(self._tool_was_changed)
        choices.brush_size_changed.connect(self._refresh_tool)
        choices.class_changed.connect(self._refresh_tool)
        choices.selected_point_changed.connect(self._refresh_tool)
        choices.opacity_changed.connect(self._recolor)
        choices.overlay_shown_changed.connect(self._recolor)
        choices.view_changed.connect(self._recolor)
        theme().changed.connect(self._recolor)

    # -- what a tool sees ---------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document | None:
        return self._document

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    @property
    def choices(self) -> Choices:
        return self._choices

    @property
    def settings(self) -> ProjectSettings:
        return self._settings

    @property
    def pixel_ratio(self) -> float:
        return self.devicePixelRatioF()

    def repaint_soon(self, area: QRectF) -> None:
        self.update(self._logical(area))

    def pan(self, dx: float, dy: float) -> None:
        self._look_from(self._viewport.panned(dx, dy))

    def hint(self, sentence: str) -> None:
        self.hinted.emit(sentence)

    # -- what the page tells ------------------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        return self._tools[self._choices.tool]

    @property
    def is_working(self) -> bool:
        """Whether a mouse button is down on the picture."""
        return self._working is not None

    @property
    def picture(self) -> Picture | None:
        return self._picture

    def put_away(self) -> None:
        """Another item is about to be shown: what is half done is finished or kept, and input rests."""
        for tool in self._tools.values():
            self._attempt(tool.item_left)
        self._working = None
        if self._document is not None:
            self._document.changed.disconnect(self._annotation_changed)
        self._document = None

    def show_item(self, document: Document | None, picture: Picture) -> None:
        """Show a picture with its label, or without one that could be edited. The zoom stays when the picture has the
        size of the one before."""
        self.put_away()
        self._document = document
        if document is not None:
            document.changed.connect(self._annotation_changed)
        self._sentence = ""
        self._predicted_mask = self._predicted_points = None
        self.set_picture(picture)
        self._show_masks()
        for tool in self._tools.values():
            tool.item_shown()
        self._points_drawn = self._points_bounds()
        self.update()

    def set_picture(self, picture: Picture) -> None:
        """A better version of the picture that shows, or another one."""
        self._picture = picture
        self._scene.set_picture(picture)
        size = (picture.size.width(), picture.size.height())
        if size != self._viewport.image:
            self._look_from(Viewport(image=size, view=self._viewport.view).fitted())
        self.update()

    def show_sentence(self, sentence: str) -> None:
        """Show no picture but a sentence in its place."""
        self.put_away()
        self._picture = None
        self._sentence = sentence
        self._scene.set_picture(None)
        self._show_masks()
        self.setAccessibleDescription(sentence)
        self.pointer_moved.emit(None)
        self.update()

    def show_prediction(self, mask: Mask | None, points: Points | None) -> None:
        """Show what a run says about this item: a mask of the picture's size, or points."""
        self._predicted_mask, self._predicted_points = mask, points
        self._show_masks()
        self.update()

    def set_settings(self, settings: ProjectSettings) -> None:
        """Classes or keypoints changed."""
        self._settings = settings
        self._recolor()
        self.tool.annotation_changed()

    def fit(self) -> None:
        self._look_from(self._viewport.fitted())

    def show_actual_size(self) -> None:
        """One image pixel a device pixel, around the cursor if it is here."""
        self._look_from(self._viewport.at_scale(1.0, self._anchor()))

    def zoom(self, steps: float) -> None:
        """In (positive) or out, around the cursor if it is here."""
        self._look_from(self._viewport.zoomed(_ZOOM_STEP**steps, self._anchor()))

    def look_at(self, rect: Rect) -> None:
        """Zoom to this part of the picture, in image pixels."""
        self._look_from(self._viewport.showing(rect))

    def pixel_under_cursor(self) -> tuple[int, int] | None:
        """The image pixel (column, row) under the cursor, None outside of the picture."""
        if self._picture is None or not self.underMouse():
            return None
        return self._viewport.pixel_at(*self._device(QPointF(self.mapFromGlobal(self.cursor().pos()))))

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is None:
            painter.fillRect(event.rect(), theme().color("canvas"))
            self._paint_sentence(painter)
        else:
            self._paint_picture(painter, event.rect())
        painter.end()

    def _paint_picture(self, painter: QPainter, area: QRect) -> None:
        self._scene.update()
        ratio = self.pixel_ratio
        painter.scale(1 / ratio, 1 / ratio)
        device = self._covered_device(area)
        painter.drawImage(device.topLeft(), self._scene.image, device)
        if self._viewport.scale >= _GRID_FROM * ratio:
            self._paint_grid(painter, device)
        if self._document is not None:
            self._paint_points(painter)
            self.tool.paint(painter)

    def _paint_grid(self, painter: QPainter, device: QRect) -> None:
        visible = self._viewport.visible()
        if visible is None:
            return
        area = device & QRect(visible.x, visible.y, visible.width, visible.height)
        if area.isEmpty():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(_GRID_COLOR, 1))
        first, last = self._viewport.pixel_at(area.left(), area.top()), self._viewport.to_image(area.right(), 0)
        column, row = first if first is not None else (0, 0)
        while column <= last[0] + 1:
            x = int(self._viewport.to_view(column, 0)[0])
            painter.drawLine(x, area.top(), x, area.bottom())
            column += 1
        lowest = self._viewport.to_image(0, area.bottom())[1]
        while row <= lowest + 1:
            y = int(self._viewport.to_view(0, row)[1])
            painter.drawLine(area.left(), y, area.right(), y)
            row += 1

    def _paint_sentence(self, painter: QPainter) -> None:
        painter.setPen(theme().color("muted"))
        room = self.rect().adjusted(40, 20, -40, -20)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._sentence)

    def _paint_points(self, painter: QPainter) -> None:
        if isinstance(self._document, PointsDocument) and self._choices.overlay_shown:
            layer = PointsLayer(self._settings, self._viewport, self.pixel_ratio)
            layer.paint(painter, self._document.points, self._predicted_points, self._choices.selected_point)

    def _points_bounds(self) -> QRectF:
        if not isinstance(self._document, PointsDocument):
            return QRectF()
        layer = PointsLayer(self._settings, self._viewport, self.pixel_ratio)
        return layer.bounds(self._document.points, self._predicted_points)

    # -- changes ------------------------------------------------------------------------------------------------------

    def _annotation_changed(self, rect: Rect | None = None) -> None:
        if rect is not None:
            seen = self._scene.mark(rect)
            if seen is not None:
                self.repaint_soon(QRectF(seen.x, seen.y, seen.width, seen.height))
            return
        if isinstance(self._document, PointsDocument):
            self.points_changed.emit(self._document.points)
        bounds = self._points_bounds()
        self.repaint_soon(bounds.united(self._points_drawn))
        self._points_drawn = bounds
        self.tool.annotation_changed()

    def _show_masks(self) -> None:
        label = self._document.mask if isinstance(self._document, MaskDocument) else None
        self._scene.set_masks(label, self._predicted_mask)

    def _recolor(self, *_: object) -> None:
        choices = self._choices
        shown = choices.overlay_shown and bool(self._settings.classes)
        colors = OverlayColors(self._settings.classes, choices.opacity, choices.view) if shown else None
        self._scene.set_colors(colors)
        self._scene.set_surround(theme().color("canvas"))
        self.update()

    def _refresh_tool(self, *_: object) -> None:
        self.tool.refresh()

    def _tool_was_changed(self, _name: str) -> None:
        for tool in self._tools.values():
            self._attempt(tool.leave)
        self.setCursor(self.tool.cursor)
        self.tool.annotation_changed()
        self.update()

    def _look_from(self, viewport: Viewport) -> None:
        if viewport == self._viewport:
            return
        self._viewport = viewport
        self._scene.look_from(viewport)
        self._points_drawn = self._points_bounds()
        self.update()
        self.view_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._take_size()

    def _take_size(self) -> None:
        ratio = self.pixel_ratio
        size = QSize(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        self._look_from(self._viewport.resized((size.width(), size.height())))

    # -- mouse and keys -----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._take_size()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._look_from(self._viewport.zoomed(1 + event.value(), self._device(event.position())))
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._document is None or self._working is not None:
            return
        pointer = self._pointer(event)
        if event.button() == Qt.MouseButton.MiddleButton or self._space_down:
            self._start(self._hand, pointer)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            event.ignore()
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            pick_class(self, pointer)
        else:
            self._start(self.tool, pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._working is None and self._document is not None:
            self._working = self.tool
            self._attempt(lambda: self.tool.double_click(self._pointer(event)))
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._document is None:
            return
        pointer = self._pointer(event)
        if self._working is None:
            self.tool.hover(pointer)
        else:
            working = self._working
            self._attempt(lambda: working.drag(pointer))
        self.pointer_moved.emit(self._viewport.pixel_at(*pointer.device))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        working, self._working = self._working, None
        if working is not None:
            self._attempt(lambda: working.release(self._pointer(event)))
            self._set_resting_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        if self._working is None:
            self.tool.leave()
        self.pointer_moved.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._wheel_rest += turned
            notches = int(self._wheel_rest / _WHEEL_NOTCH)
            self._wheel_rest -= notches * _WHEEL_NOTCH
            self._choices.step_brush_size(notches)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(turned / _WHEEL_NOTCH * 60 * self.pixel_ratio, 0)
        elif self._picture is not None:
            factor = _ZOOM_STEP ** (turned / _WHEEL_NOTCH)
            self._look_from(self._viewport.zoomed(factor, self._device(event.position())))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._working is None:
            self._space_down = True
            self._set_resting_cursor()
            return
        if event.key() == Qt.Key.Key_Escape and self.tool.cancel():
            self._working = None
            return
        taken = False

        def hand_over() -> None:
            nonlocal taken
            taken = self.tool.key(event)

        self._attempt(hand_over)
        if not taken:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Space:
            self._space_down = False
            self._set_resting_cursor()
            return
        self._attempt(lambda: self.tool.key_released(event))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space_down = False
        self._set_resting_cursor()
        super().focusOutEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.put_away()
        super().closeEvent(event)

    def _start(self, tool: Tool, pointer: Pointer) -> None:
        self._working = tool
        self._attempt(lambda: tool.press(pointer))

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except StudioError as error:
            self.failed.emit(error.sentence)

    def _set_resting_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._space_down else self.tool.cursor)

    def _anchor(self) -> tuple[float, float] | None:
        if not self.underMouse():
            return None
        return self._device(QPointF(self.mapFromGlobal(self.cursor().pos())))

    def _pointer(self, event: QMouseEvent) -> Pointer:
        device = self._device(event.position())
        x, y = self._viewport.to_image(*device)
        erase = bool((event.buttons() | event.button()) & Qt.MouseButton.RightButton)
        return Pointer(x, y, device, erase, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _device(self, position: QPointF) -> tuple[float, float]:
        """A logical position of the mouse in device pixels. A screen without finer positions means the pixel's middle,
        whose corner is what it reports."""
        ratio = self.pixel_ratio
        return position.x() * ratio, position.y() * ratio

    def _logical(self, device: QRectF) -> QRect:
        ratio = self.pixel_ratio
        left, top = device.left() / ratio, device.top() / ratio
        return QRectF(left, top, device.width() / ratio, device.height() / ratio).toAlignedRect()

    def _covered_device(self, logical: QRect) -> QRect:
        ratio = self.pixel_ratio
        box = QRectF(logical.x() * ratio, logical.y() * ratio, logical.width() * ratio, logical.height() * ratio)
        return box.toAlignedRect()
