"""The recipe's stages as blocks in a row: dragged to reorder, stretched to train longer, worked with keys as well."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from studio.core.counting import counted
from studio.ui.theme import theme
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_blocks import MOST_EPOCHS, Block, Blocks, Move, Stretch, placed
from studio.ui.train.stage_painting import (
    BlockLook,
    block_height,
    fills,
    paint_block,
    smallest_width,
    stage_sentence,
)

_REACH: Final = 5
"""So near to an edge, in pixels, the edge is meant and not the block."""

_MARGIN: Final = 2
_FONT_PIXELS: Final = 11

_HOW: Final = (
    "Drag it to another place, or its right edge for more epochs. Keys: Left and Right select, with Alt they move it, "
    "+ and − change the epochs, Delete removes it, Ctrl+D duplicates it, with "
    "Shift at double the size."
)


class StageTimeline(QWidget):
    """Follows the draft. A drag changes it when the button is let go, and not at all after Esc."""

    picked = Signal(int)
    """The stage that a person chose here."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage_timeline")
        self.setAccessibleName("Stages of the recipe")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        font = self.font()
        font.setPixelSize(_FONT_PIXELS)
        self.setFont(font)
        self._draft = draft
        self._drag: Move | Stretch | None = None
        self._pressed: tuple[int, float] | None = None
        self._mouse = 0.0
        self._hovered: int | None = None
        draft.changed.connect(self._follow)
        draft.stage_selected.connect(self._follow)
        theme().changed.connect(self.update)
        self._follow()

    def sizeHint(self) -> QSize:
        return QSize(240, self._height)

    def minimumSizeHint(self) -> QSize:
        """Beside each other all blocks show at least their size."""
        stages = self._draft.stages
        narrow = smallest_width(stages, self.font(), 0)
        return QSize(round(placed([1] * len(stages), room=0, smallest=narrow).right) + 2 * _MARGIN, self._height)

    def block(self, index: int) -> QRectF:
        """Where the stage is shown now, in the widget's pixels."""
        return self._rect(self._shown().blocks[index])

    # ------------------------------------------------------------------------------------------------ the mouse
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        x = event.position().x() - _MARGIN
        row = self._row()
        edge, index = row.edge_at(x, _REACH), row.at(x)
        if edge is not None:
            self._pick(edge)
            self._drag = Stretch(row, edge, self._draft.stages[edge].epochs, x)
        elif index is not None:
            self._pick(index)
            self._pressed = index, x
        self._mouse = x
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = x = event.position().x() - _MARGIN
        if self._pressed is not None and abs(x - self._pressed[1]) >= QApplication.startDragDistance():
            self._drag, self._pressed = Move(self._row(), *self._pressed), None
        if self._drag is None and self._pressed is None:
            self._hover(x)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        drag, self._drag, self._pressed = self._drag, None, None
        x = event.position().x() - _MARGIN
        if isinstance(drag, Move):
            self._draft.move_stage(drag.index, drag.place_at(x))
        elif isinstance(drag, Stretch):
            self._draft.set_stage(drag.index, epochs=drag.epochs_at(x))
        self._hover(x)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here are not for the window's shortcuts; a tip says what a block is."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            index = self._row().at(event.pos().x() - _MARGIN)
            said = stage_sentence(self._draft.stages[index], index + 1) if index is not None else "The recipe's stages."
            QToolTip.showText(event.globalPos(), f"{said}\n{_HOW}", self)
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    # ------------------------------------------------------------------------------------------------ the keys
    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self._draft.selected, event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if key == Qt.Key.Key_Escape and self._drag is not None:
            self._drag = None
            self.update()
        elif not _is_ours(event):
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            to = index + (1 if key == Qt.Key.Key_Right else -1)
            if alt:
                self._draft.move_stage(index, to)
            else:
                self._pick(min(max(to, 0), len(self._draft.stages) - 1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._pick(0 if key == Qt.Key.Key_Home else len(self._draft.stages) - 1)
        elif key == Qt.Key.Key_Delete:
            self._draft.remove_stage(index)
        elif key == Qt.Key.Key_D and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._draft.double_size(index)
        elif key == Qt.Key.Key_D:
            self._draft.duplicate_stage(index)
        else:
            more = -1 if key == Qt.Key.Key_Minus else 1
            epochs = self._draft.stages[index].epochs + more
            self._draft.set_stage(index, epochs=min(max(epochs, 1), MOST_EPOCHS))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # ------------------------------------------------------------------------------------------------ the picture
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row, stages, drag = self._shown(), self._draft.stages, self._drag
        held = drag.index if isinstance(drag, Move) else None
        levels = fills(stages)
        for index in sorted(range(len(stages)), key=lambda i: i == held):  # the held one over the others
            epochs = stages[index].epochs
            if isinstance(drag, Stretch) and index == drag.index:
                epochs = drag.epochs_at(self._mouse)
            look = BlockLook(
                selected=index == self._draft.selected,
                hovered=index in (self._hovered, held),
                focused=self.hasFocus(),
                epochs=epochs,
                fill=levels[index],
            )
            paint_block(painter, self._rect(row.blocks[index]), stages[index], look)
        if isinstance(drag, Stretch):
            self._paint_number(painter, row.blocks[drag.index], drag.epochs_at(self._mouse))

    def _paint_number(self, painter: QPainter, block: Block, epochs: int) -> None:
        """The number of epochs beside the edge that is held, at its left where there is no room at its right."""
        text = counted(epochs, "epoch")
        size = painter.fontMetrics().size(0, text).toSizeF()
        bubble = QRectF(QPointF(), size).adjusted(-6, -3, 6, 3)
        edge = min(block.right + _MARGIN, self.width())
        bubble.moveCenter(QPointF(edge + 6 + bubble.width() / 2, self.height() / 2))
        if bubble.right() > self.width():
            bubble.moveRight(edge - 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawRoundedRect(bubble, 4, 4)
        painter.setPen(theme().color("on_accent"))
        painter.drawText(bubble, Qt.AlignmentFlag.AlignCenter, text)

    # ------------------------------------------------------------------------------------------------ its state
    @property
    def _smallest(self) -> float:
        return smallest_width(self._draft.stages, self.font(), self._room)

    @property
    def _room(self) -> float:
        return self.width() - 2 * _MARGIN

    @property
    def _height(self) -> int:
        return round(block_height(self.font())) + 2 * _MARGIN

    def _row(self) -> Blocks:
        epochs = [stage.epochs for stage in self._draft.stages]
        return placed(epochs, room=self._room, smallest=self._smallest)

    def _shown(self) -> Blocks:
        if isinstance(self._drag, Move):
            return self._drag.row_at(self._mouse)
        if isinstance(self._drag, Stretch):
            return self._drag.row_at(self._mouse, self._smallest)
        return self._row()

    def _rect(self, block: Block) -> QRectF:
        return QRectF(block.x + _MARGIN, _MARGIN, block.width, self._height - 2 * _MARGIN)

    def _follow(self, _index: int = 0) -> None:
        self._drag = self._pressed = None
        said = stage_sentence(self._draft.selected_stage, self._draft.selected + 1)
        self.setAccessibleDescription(f"{said} {_HOW}")
        self.updateGeometry()
        self.update()

    def _pick(self, index: int) -> None:
        self._draft.select(index)
        self.picked.emit(index)

    def _hover(self, x: float) -> None:
        row = self._row()
        self._hovered = row.at(x)
        on_edge = row.edge_at(x, _REACH) is not None
        if on_edge:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        elif self._hovered is not None:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()


def _is_ours(event: QKeyEvent) -> bool:
    """Arrows, Home and End, + and −, Delete, and D with Ctrl or Ctrl and Shift."""
    key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        return modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier)
    if key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Delete):
        return modifiers == Qt.KeyboardModifier.NoModifier
    if key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal):
        return not modifiers & Qt.KeyboardModifier.ControlModifier
    without_shift = modifiers & ~Qt.KeyboardModifier.ShiftModifier
    return key == Qt.Key.Key_D and without_shift == Qt.KeyboardModifier.ControlModifier
