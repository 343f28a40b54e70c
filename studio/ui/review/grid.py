"""The grid of tiles, with a head over each group where there are groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from studio.core.review import ReviewItem
from studio.ui.review.grid_layout import GAP, GridLayout, closed_ranges
from studio.ui.review.group_heads import paint_head
from studio.ui.review.model import GroupHead, ReviewModel
from studio.ui.review.pictures import Pictures
from studio.ui.review.tile_painter import PaintPicture, TilePainter

_HEAD_PADDING: Final = 12
_ASK_AFTER_MS: Final = 30
"""Tiles that a fast scroll passes in less are not worth drawing."""

_AHEAD_ROWS: Final = 1
"""Rows beyond the visible ones whose pictures are wanted already."""

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_Move = QAbstractItemView.CursorAction


class ReviewGrid(QAbstractItemView):
    """Tiles in reading order. Extended selection: Shift and Ctrl work with mouse and arrow keys, Ctrl+A takes all, and
    a click on a group's head the group."""

    wanted = Signal(list)
    """The `ReviewItem`s that show, then those that soon will; sent shortly after a paint."""
    selection_changed = Signal()
    opened = Signal(int)
    """The item that was double-clicked."""
    resized = Signal()
    pointed = Signal(QPoint)
    """Where the mouse is on the viewport."""

    def __init__(self, painter: TilePainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = painter
        self._tile_width = 400
        self._aspect = 4 / 3
        self._laid_out: tuple[object, tuple[GroupHead, ...], GridLayout] | None = None
        self._anchor = -1
        self._extends = False
        """Shift is held, so that the selection reaches from its anchor to the current item."""
        self.setObjectName("review_grid")
        self.setAccessibleName("Review items")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.over: Callable[[ReviewItem], PaintPicture | None] | None = None
        """What to paint over the pictures of an item, if anything."""
        self._first_row = 0
        self._pointed: QPoint | None = None
        self._is_laying_out = False
        self._ask = QTimer(self, singleShot=True, interval=_ASK_AFTER_MS)
        self._ask.timeout.connect(self._tell_what_is_wanted)
        self.verticalScrollBar().valueChanged.connect(self._note_first_row)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._items.item_id(index.row())))

    # -- what it shows ------------------------------------------------------------------------------------------------

    @property
    def _items(self) -> ReviewModel:
        model = self.model()
        assert isinstance(model, ReviewModel)
        return model

    @property
    def tiles(self) -> TilePainter:
        return self._tiles

    @property
    def aspect(self) -> float:
        """Width / height of the pictures' room in a tile."""
        return self._aspect

    @property
    def tile_width(self) -> int:
        """The least width of a tile, in logical pixels; tiles grow to fill the row."""
        return self._tile_width

    def set_tile_width(self, width: int) -> None:
        self._tile_width = width
        self.lay_out_anew()

    def set_aspect(self, aspect: float) -> None:
        """Width / height of the pictures."""
        self._aspect = min(2.4, max(0.5, aspect))
        self.lay_out_anew()

    @property
    def pane_size(self) -> QSize:
        """The room of one picture in a tile, in logical pixels."""
        return self._tiles.pane_size(self._cell().width(), self._aspect)

    def selected_items(self) -> list[int]:
        """Ids in reading order."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(place) for place in range(selection.count())]
        rows = sorted(row for chosen in ranges for row in range(chosen.top(), chosen.bottom() + 1))
        return [self._items.item_id(row) for row in rows]

    @property
    def current_item(self) -> int | None:
        index = self.currentIndex()
        return self._items.item_id(index.row()) if index.isValid() else None

    @property
    def addressed_item(self) -> int | None:
        """The item under the mouse where it moved since another one became the current one, else that."""
        if self._pointed is not None and self.viewport().underMouse():
            index = self.indexAt(self._pointed)
            if index.isValid():
                return self._items.item_id(index.row())
        return self.current_item

    def select_row(self, row: int) -> None:
        index = self._items.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select these rows; the first becomes the current one."""
        first = self._items.index(min(rows))
        self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._select(closed_ranges(rows), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(first)

    def visible_rows(self) -> range:
        top = self.verticalOffset()
        return self._layout.rows_between(top, top + self.viewport().height())

    def update_item(self, item: int) -> None:
        row = self._items.row_of(item)
        if row is not None:
            self.viewport().update(self._rect(row))

    # -- geometry -----------------------------------------------------------------------------------------------------

    def _count(self) -> int:
        return self.model().rowCount() if self.model() is not None else 0

    def _columns(self) -> int:
        return max(1, (self.viewport().width() - GAP) // (self._tile_width + GAP))

    def _cell(self) -> QSize:
        columns = self._columns()
        width = max(120, (self.viewport().width() - GAP * (columns + 1)) // columns)
        return QSize(width, self._tiles.height(width, self._aspect))

    @property
    def _layout(self) -> GridLayout:
        heads = self._items.heads if self.model() is not None else ()
        asked = (self._count(), self._columns(), self._cell())
        kept = self._laid_out
        if kept is None or kept[0] != asked or kept[1] is not heads:
            count, columns, cell = asked
            starts = tuple(head.start for head in heads) or (0,)
            head = self.fontMetrics().height() + _HEAD_PADDING if heads else 0
            layout = GridLayout(count=count, columns=columns, cell=cell, starts=starts, head=head)
            self._laid_out = kept = asked, heads, layout
        return kept[2]

    def _rect(self, row: int) -> QRect:
        return self._layout.rect(row).translated(0, -self.verticalOffset())

    def _place(self, point: QPoint) -> QPoint:
        """A point of the viewport in the whole."""
        return point + QPoint(0, self.verticalOffset())

    def lay_out_anew(self) -> None:
        """Keep the first visible tile the first one while sizes change."""
        self._is_laying_out = True
        self.updateGeometries()
        bar = self.verticalScrollBar()
        if self._first_row < self._count():
            bar.setValue(self._layout.top_of(self._first_row) - GAP)
        self._is_laying_out = False
        self.viewport().update()

    def _note_first_row(self) -> None:
        if not self._is_laying_out:
            self._first_row = self.visible_rows().start

    def updateGeometries(self) -> None:
        bar = self.verticalScrollBar()
        page = self.viewport().height()
        bar.setPageStep(page)
        bar.setSingleStep(max(20, self._cell().height() // 4))
        bar.setRange(0, max(0, self._layout.height - page))
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out_anew()
        self.resized.emit()

    def reset(self) -> None:
        super().reset()
        self.verticalScrollBar().setValue(0)
        self.updateGeometries()
        self.viewport().update()

    def visualRect(self, index: AnyIndex) -> QRect:
        return self._rect(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._layout.row_at(self._place(point))
        return QModelIndex() if row is None else self._items.index(row)

    def scrollTo(
        self, index: AnyIndex, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        if not index.isValid():
            return
        rect, bar, page = self._rect(index.row()), self.verticalScrollBar(), self.viewport().height()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - page // 2)
        elif rect.top() < GAP or hint is QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(self._layout.top_of(index.row()) - GAP)
        elif rect.bottom() > page - GAP:
            bar.setValue(bar.value() + rect.bottom() - page + GAP)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: AnyIndex) -> bool:
        return False

    # -- keys and selection -------------------------------------------------------------------------------------------

    def moveCursor(self, action: _Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count = self._count()
        if not count:
            return QModelIndex()
        current = self.currentIndex()
        if not current.isValid():
            return self._items.index(0)
        layout, row = self._layout, current.row()
        page = max(1, self.viewport().height() // (self._cell().height() + GAP))
        target = {
            _Move.MoveLeft: row - 1,
            _Move.MovePrevious: row - 1,
            _Move.MoveRight: row + 1,
            _Move.MoveNext: row + 1,
            _Move.MoveUp: layout.stepped(row, -1),
            _Move.MoveDown: layout.stepped(row, 1),
            _Move.MovePageUp: layout.stepped(row, -page),
            _Move.MovePageDown: layout.stepped(row, page),
            _Move.MoveHome: 0,
            _Move.MoveEnd: count - 1,
        }[action]
        return self._items.index(min(max(0, target), count - 1))

    def picture_at(self, point: QPoint) -> tuple[ReviewItem, QRectF, Pictures] | None:
        """The picture under a point of the viewport: whose it is, where it lies, and what it shows."""
        index = self.indexAt(point)
        if not index.isValid():
            return None
        review = self._items.review(index.row())
        found = self._tiles.picture_at(self._rect(index.row()), review, self._aspect, point)
        return (review, *found) if found is not None else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed = event.position().toPoint()
        self.pointed.emit(self._pointed)
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        group = self._layout.group_at(self._place(point))
        if group is not None and event.button() is Qt.MouseButton.LeftButton:
            self._select_group(group, more=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
            return
        self._extends = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._extends = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._extends = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().keyPressEvent(event)
        self._extends = False

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        self._pointed = None
        if not self._extends and self.state() is not QAbstractItemView.State.DragSelectingState:
            self._anchor = current.row()
        super().currentChanged(current, previous)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """With Shift, everything in reading order from where the selection began; else the tiles that a mouse that was
        dragged passed over."""
        current, anchor = self.currentIndex().row(), self._anchor
        if self._extends and 0 <= anchor < self._count() and current >= 0:
            self._select([(min(anchor, current), max(anchor, current))], command)
        else:
            touched = rect.normalized().translated(0, self.verticalOffset())
            self._select(self._layout.rows_touching(touched), command)

    def _select_group(self, group: int, *, more: bool) -> None:
        rows = self._layout.rows_of(group)
        chosen = self.selectionModel()
        chosen.setCurrentIndex(self._items.index(rows.start), QItemSelectionModel.SelectionFlag.NoUpdate)
        flags = QItemSelectionModel.SelectionFlag
        self._select([(rows.start, rows.stop - 1)], flags.Select if more else flags.ClearAndSelect)

    def _select(self, ranges: Iterable[tuple[int, int]], command: QItemSelectionModel.SelectionFlag) -> None:
        selection = QItemSelection()
        for first, last in ranges:
            selection.select(self._items.index(first), self._items.index(last))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self.selection_changed.emit()

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        chosen, current = self.selectionModel(), self.currentIndex()
        focused = self.hasFocus()
        layout, offset = self._layout, self.verticalOffset()
        self._paint_heads(painter, event.rect())
        for row in self.visible_rows():
            rect = layout.rect(row).translated(0, -offset)
            if not rect.intersects(event.rect()):
                continue
            index, review = self._items.index(row), self._items.review(row)
            self._tiles.paint(
                painter,
                rect,
                review,
                aspect=self._aspect,
                selected=chosen.isSelected(index),
                current=focused and current == index,
            )
            paint = self.over(review) if self.over is not None else None
            if paint is not None:
                self._tiles.paint_over(painter, rect, review, self._aspect, paint)
        painter.end()
        if not self._ask.isActive():
            self._ask.start()

    def _paint_heads(self, painter: QPainter, seen: QRect) -> None:
        layout, offset = self._layout, self.verticalOffset()
        for group in layout.groups_between(seen.top() + offset, seen.bottom() + offset):
            rect = layout.head_rect(group, width=self.viewport().width()).translated(0, -offset)
            paint_head(painter, rect, self._items.heads[group], len(layout.rows_of(group)), self.font())

    def _tell_what_is_wanted(self) -> None:
        self.wanted.emit(self._soon(self.visible_rows()))

    def _soon(self, rows: range) -> Sequence[ReviewItem]:
        beyond = _AHEAD_ROWS * self._columns()
        last = min(self._count(), rows.stop + beyond)
        order = [*rows, *range(rows.stop, last), *range(max(0, rows.start - beyond), rows.start)]
        return [self._items.review(row) for row in order]
