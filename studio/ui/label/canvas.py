"""The canvas: shows an item and hands the mouse, the pen and the keys to the tool in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from studio.core.document import Document
from studio.core.errors import StudioError
from studio.core.raster import Rect
from studio.core.settings import ProjectSettings
from studio.core.sketches import Sketches
from studio.ui.label.choices import Choices
from studio.ui.label.huge_edits import HugeEdits
from studio.ui.label.label_view import LabelView
from studio.ui.label.pen import is_eraser_end, is_lifted, is_stroke
from studio.ui.label.picture import Picture
from studio.ui.label.tools import Pointer, Tool, make_tools
from studio.ui.label.tools.hand import HandTool
from studio.ui.label.tools.pick import pick_class

_DESCRIPTION: Final = "The picture and its label; the tool in use works here."
_WHEEL_NOTCH: Final = 120
_WHEEL_PAN: Final = 60
"""Logical pixels that a notch of the wheel pans sideways."""


class Canvas(LabelView):
    """A press begins something: of the tool in use, of the hand, or a pick; whatever began it gets what follows until
    its button is up."""

    pointer_moved = Signal(object)
    """The image pixel (column, row) under the cursor, or None."""
    failed = Signal(str)
    """A sentence about what could not be done."""
    hinted = Signal(str)
    """A sentence that is no error; an empty one takes back what was said."""

    def __init__(self, choices: Choices, settings: ProjectSettings, parent: QWidget | None = None) -> None:
        super().__init__(choices, settings, parent)
        self.huge_edits = HugeEdits(lambda: self._document, lambda: self.tool.is_busy, self)
        self.huge_edits.said.connect(self.hinted)
        self._tools = make_tools(self)
        self._hand = HandTool(self)
        self._working: Tool | None = None
        self._working_button = Qt.MouseButton.NoButton
        self._space_down = False
        self._pen_is_down = False
        self._wheel_rest = 0
        self._set_up_widget()
        self._tell_tools()

    def _set_up_widget(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription(_DESCRIPTION)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setCursor(self.tool.cursor)

    def _tell_tools(self) -> None:
        """Of the choices that a tool shows."""
        choices = self._choices
        choices.tool_changed.connect(self._tool_was_changed)
        choices.brush_size_changed.connect(self._refresh_tool)
        choices.brush.changed.connect(self._refresh_tool)
        choices.outline.paint_wanted.connect(lambda: self._attempt(self.tool.finish))
        choices.outline.give_up_wanted.connect(lambda: self._attempt(self.tool.cancel))
        choices.class_changed.connect(self._refresh_tool)
        choices.points.loupe_changed.connect(self._refresh_tool)
        choices.smart.changed.connect(self._refresh_tool)

    @property
    def owner(self) -> QObject:
        return self

    @property
    def tool(self) -> Tool:
        return self._tools[self._choices.tool]

    @property
    def is_working(self) -> bool:
        """Whether a mouse button is down on the picture."""
        return self._working is not None

    def hint(self, sentence: str) -> None:
        self.hinted.emit(sentence)

    def hint_about(self, document: Document, sentence: str) -> None:
        """On another item than the one that is shown, whose it is."""
        self.hint(sentence if self._document is document else f"{document.item.name}: {sentence}")

    # -- what the page tells ------------------------------------------------------------------------------------------

    def put_away(self) -> None:
        """Another item is about to be shown: what is half done is finished or kept, and input rests."""
        for tool in self._tools.values():
            self._attempt(tool.item_left)
        self.huge_edits.item_left()
        self._working, self._pen_is_down = None, False
        document = self._let_document_go()
        if document is not None and document.is_editing:  # what could not be written before is tried once more
            self._attempt(document.commit)

    def waiting(self) -> Sketches:
        """What was begun and is not painted yet."""
        waiting = {tool.name.value: tool.waiting() for tool in self._tools.values()}
        return {name: sketches for name, sketches in waiting.items() if sketches}

    def take_back(self, sketches: Sketches) -> None:
        """What waited when the project was closed."""
        for tool in self._tools.values():
            tool.take_back(sketches.get(tool.name.value, {}))

    def show_item(self, document: Document | None, picture: Picture) -> None:
        self.put_away()
        super().show_item(document, picture)
        self.setAccessibleDescription(_DESCRIPTION)
        for tool in self._tools.values():
            tool.item_shown()
        self._choices.outline.set_pending(self.tool.is_busy)

    def set_picture(self, picture: Picture) -> None:
        super().set_picture(picture)
        self._tell_of_picture()

    def refresh_picture(self) -> None:
        super().refresh_picture()
        self._tell_of_picture()

    def show_sentence(self, sentence: str) -> None:
        self.put_away()
        super().show_sentence(sentence)
        self.setAccessibleDescription(sentence)
        self.pointer_moved.emit(None)

    def set_settings(self, settings: ProjectSettings) -> None:
        super().set_settings(settings)
        self.tool.annotation_changed()

    def paint_over(self, painter: QPainter) -> None:
        super().paint_over(painter)
        if self._document is not None:
            self.tool.paint(painter)

    def _tell_of_picture(self) -> None:
        if self._document is not None:
            self.tool.picture_changed()

    def _annotation_changed(self, rect: Rect | None = None) -> None:
        super()._annotation_changed(rect)
        if rect is None:
            self.tool.annotation_changed()

    def _instance_chosen(self, instance: int) -> None:
        self.tool.annotation_changed()
        super()._instance_chosen(instance)

    def _refresh_tool(self, *_: object) -> None:
        self.tool.refresh()

    def _tool_was_changed(self, _name: str) -> None:
        for tool in self._tools.values():
            self._attempt(tool.put_down)
        self.setCursor(self.tool.cursor)
        self.tool.annotation_changed()
        self._choices.outline.set_pending(self.tool.is_busy)
        self.update()

    def give_up(self) -> bool:
        """What is being drawn, or else what is under way on a thread; says whether there was anything."""
        if self.tool.cancel():
            self._working = None
            return True
        return self.huge_edits.give_up()

    # -- mouse and keys -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.picture is None or self._working is not None:
            return
        pointer = self._pointer(event)
        if event.button() == Qt.MouseButton.MiddleButton or self._space_down or self._document is None:
            self._start(self._hand, pointer, event.button())
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            event.ignore()
        elif pointer.alt and not self.tool.wants_alt(pointer):
            pick_class(self, pointer)
        else:
            self._start(self.tool, pointer, event.button())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The tool's, where a press would be; two quick pans or picks are just that."""
        pointer, free = self._pointer(event), self._working is None and not self._space_down
        picks = pointer.alt and not self.tool.wants_alt(pointer)
        if event.button() == Qt.MouseButton.LeftButton and free and not picks and self._document is not None:
            self._working, self._working_button = self.tool, event.button()
            self._attempt(lambda: self.tool.double_click(pointer))
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer, working = self._pointer(event), self._working
        if self._pen_is_down:
            return
        if working is not None:
            self._attempt(lambda: working.drag(pointer))
        elif self._document is not None:
            self.tool.hover(pointer)
        self.pointer_moved.emit(self.viewport.pixel_at(*pointer.device) if self.picture is not None else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Only the button that began something ends it."""
        working = self._working
        if working is not None and event.button() == self._working_button and not self._pen_is_down:
            self._working = None
            self._attempt(lambda: working.release(self._pointer(event)))
            self._set_resting_cursor()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Only strokes of a pen are taken here, for their pressure; Qt makes mouse events of everything else."""
        self._choices.brush.note_pen()
        starts = self._working is None and self._document is not None and self.picture is not None
        if not self._pen_is_down and not (starts and not self._space_down and is_stroke(event, self.tool)):
            event.ignore()
            return
        event.accept()
        pointer, working = self._pointer(event), self._working
        if event.type() == QEvent.Type.TabletPress and not self._pen_is_down:
            self._pen_is_down = True
            self._start(self.tool, pointer, event.button())
        elif event.type() == QEvent.Type.TabletMove and event.buttons() and working is not None:
            self._attempt(lambda: working.drag(pointer))
        elif is_lifted(event, self._working_button):
            self._working, self._pen_is_down = None, False
            if working is not None:
                self._attempt(lambda: working.release(pointer))
        self.pointer_moved.emit(self.viewport.pixel_at(*pointer.device))

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
            self.pan(turned / _WHEEL_NOTCH * _WHEEL_PAN * self.pixel_ratio, 0)
        elif self.picture is not None:
            self.zoom(turned / _WHEEL_NOTCH, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._working is None:
            self._space_down = True
            self._set_resting_cursor()
            return
        if event.key() == Qt.Key.Key_Escape and self.give_up():
            return
        if not self.hand_key(event):
            super().keyPressEvent(event)

    def hand_key(self, event: QKeyEvent) -> bool:
        """Give the key to the tool in use; says whether it had a use for it."""
        taken = False

        def hand_over() -> None:
            nonlocal taken
            taken = self.tool.key(event)

        self._attempt(hand_over)
        return taken

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

    def _start(self, tool: Tool, pointer: Pointer, button: Qt.MouseButton) -> None:
        self._working, self._working_button = tool, button
        self._attempt(lambda: tool.press(pointer))

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except StudioError as error:
            self.failed.emit(error.sentence)

    def _set_resting_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._space_down else self.tool.cursor)

    def _pointer(self, event: QMouseEvent | QTabletEvent) -> Pointer:
        device = self.to_device(event.position())
        x, y = self.viewport.to_image(*device)
        erase = bool((event.buttons() | event.button()) & Qt.MouseButton.RightButton)
        keys = event.modifiers()
        return Pointer(
            x,
            y,
            device,
            erase or is_eraser_end(event),
            shift=bool(keys & Qt.KeyboardModifier.ShiftModifier),
            ctrl=bool(keys & Qt.KeyboardModifier.ControlModifier),
            alt=bool(keys & Qt.KeyboardModifier.AltModifier),
            pressure=event.pressure() if isinstance(event, QTabletEvent) else None,
        )
