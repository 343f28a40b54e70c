"""The grid of tiles. All tiles have one size, so every question about geometry is arithmetic, whatever the count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from studio.core.review import ReviewItem
from studio.ui.review.model import ReviewModel
from studio.ui.review.pictures import Pictures
from studio.ui.review.tile_painter import PaintPicture, TilePainter

_GAP: Final = 10
_ASK_AFTER_MS: Final = 30
"""Tiles that a fast scroll passes in less are not worth drawing."""

_AHEAD_ROWS: Final = 1
"""Rows beyond the visible ones whose pictures are wanted already."""

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_Move = QAbstractItemView.CursorAction


class ReviewGrid(QAbstractItemView):
    """Tiles in reading order. Extended selection: Shift and Ctrl work with mouse and arrow keys, Ctrl+A takes all."""

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
        self.setObjectName("review_grid")
        self.setAccessibleName("Review items, worst first")
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
        selection = QItemSelection()
        for row in rows:
            index = self._items.index(row)
            selection.select(index, index)
        first = self._items.index(min(rows))
        chosen = self.selectionModel()
        chosen.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        chosen.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(first)

    def visible_rows(self) -> range:
        columns, cell = self._columns(), self._cell()
        step = cell.height() + _GAP
        first = max(0, (self.verticalOffset() - _GAP) // step)
        last = (self.verticalOffset() + self.viewport().height()) // step
        return range(first * columns, min(self._count(), (last + 1) * columns))

    def update_item(self, item: int) -> None:
        row = self._items.row_of(item)
        if row is not None:
            self.viewport().update(self._rect(row))

    # -- geometry -----------------------------------------------------------------------------------------------------

    def _count(self) -> int:
        return self.model().rowCount() if self.model() is not None else 0

    def _columns(self) -> int:
        return max(1, (self.viewport().width() - _GAP) // (self._tile_width + _GAP))

    def _cell(self) -> QSize:
        columns = self._columns()
        width = max(120, (self.viewport().width() - _GAP * (columns + 1)) // columns)
        return QSize(width, self._tiles.height(width, self._aspect))

    def _content_height(self) -> int:
        lines = -(-self._count() // self._columns())
        return lines * (self._cell().height() + _GAP) + _GAP

    def _rect(self, row: int) -> QRect:
        return _place(row, self._columns(), self._cell(), self.verticalOffset())

    def lay_out_anew(self) -> None:
        """Keep the first visible tile the first one while sizes change."""
        self._is_laying_out = True
        self.updateGeometries()
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self._rect(self._first_row).top() - _GAP)
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
        bar.setRange(0, max(0, self._content_height() - page))
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
        cell, columns = self._cell(), self._columns()
        column = (point.x() - _GAP // 2) // (cell.width() + _GAP)
        line = (point.y() + self.verticalOffset() - _GAP // 2) // (cell.height() + _GAP)
        row = line * columns + column
        if not 0 <= column < columns or not 0 <= row < self._count() or not self._rect(row).contains(point):
            return QModelIndex()
        return self._items.index(row)

    def scrollTo(
        self, index: AnyIndex, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        if not index.isValid():
            return
        rect, bar, page = self._rect(index.row()), self.verticalScrollBar(), self.viewport().height()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - page // 2)
        elif rect.top() < _GAP or hint is QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(bar.value() + rect.top() - _GAP)
        elif rect.bottom() > page - _GAP:
            bar.setValue(bar.value() + rect.bottom() - page + _GAP)

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
        columns = self._columns()
        page = max(1, self.viewport().height() // (self._cell().height() + _GAP)) * columns
        row = current.row()
        target = {
            _Move.MoveLeft: row - 1,
            _Move.MovePrevious: row - 1,
            _Move.MoveRight: row + 1,
            _Move.MoveNext: row + 1,
            _Move.MoveUp: row - columns if row >= columns else row,
            _Move.MoveDown: row + columns if row + columns < count else row,
            _Move.MovePageUp: row - page if row >= page else row % columns,
            _Move.MovePageDown: row + page,
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

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        self._pointed = None
        super().currentChanged(current, previous)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        rows = self._rows_between(rect.normalized())
        selection = QItemSelection()
        for first, last in rows:
            selection.select(self._items.index(first), self._items.index(last))
        self.selectionModel().select(selection, command)

    def _rows_between(self, rect: QRect) -> list[tuple[int, int]]:
        """The rows that the rectangle of the viewport touches, as closed ranges."""
        cell, columns, count = self._cell(), self._columns(), self._count()
        step_x, step_y = cell.width() + _GAP, cell.height() + _GAP
        top, bottom = rect.top() + self.verticalOffset(), rect.bottom() + self.verticalOffset()
        first_line, last_line = max(0, top // step_y), bottom // step_y
        left, right = max(0, rect.left() // step_x), min(columns - 1, rect.right() // step_x)
        if count == 0 or left > right or first_line * columns >= count:
            return []
        last_line = min(last_line, (count - 1) // columns)
        if left == 0 and right == columns - 1:
            return [(first_line * columns, min(count - 1, last_line * columns + right))]
        ranges = [
            (line * columns + left, min(count - 1, line * columns + right)) for line in range(first_line, last_line + 1)
        ]
        return [(first, last) for first, last in ranges if first <= last]

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
        columns, cell, offset = self._columns(), self._cell(), self.verticalOffset()
        for row in self.visible_rows():
            rect = _place(row, columns, cell, offset)
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

    def _tell_what_is_wanted(self) -> None:
        self.wanted.emit(self._soon(self.visible_rows()))

    def _soon(self, rows: range) -> Sequence[ReviewItem]:
        beyond = _AHEAD_ROWS * self._columns()
        last = min(self._count(), rows.stop + beyond)
        order = [*rows, *range(rows.stop, last), *range(max(0, rows.start - beyond), rows.start)]
        return [self._items.review(row) for row in order]


def _place(row: int, columns: int, cell: QSize, offset: int) -> QRect:
    """Where a row's tile lies in the viewport, `offset` pixels down the whole."""
    line, column = divmod(row, columns)
    return QRect(
        QPoint(_GAP + column * (cell.width() + _GAP), _GAP + line * (cell.height() + _GAP) - offset),
        cell,
    )
