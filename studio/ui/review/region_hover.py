"""Pointing at a region of difference, in a tile or in the large picture, and accepting that region alone."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter

from studio.core.review import ReviewItem
from studio.ui.review.flicker import DIFFERENCE
from studio.ui.review.grid import ReviewGrid
from studio.ui.review.over_picture import paint_words
from studio.ui.review.pictures import Pictures
from studio.ui.review.preview import Preview
from studio.ui.review.region_pointer import PointedRegion, RegionPointer, paint_region
from studio.ui.review.tile_painter import PaintPicture
from studio.ui.session import Session

_REACH: Final = 6.0
"""Logical pixels from the mouse within which a region is found."""


class RegionHover(QObject):
    """Keys are heard elsewhere and ask for `region`; a click on the large difference picture asks by `wanted`."""

    wanted = Signal()

    def __init__(self, session: Session, grid: ReviewGrid, preview: Preview, parent: QObject) -> None:
        super().__init__(parent)
        self._grid = grid
        self._preview = preview
        self._mouse = QPointF()
        self.pointer = RegionPointer(session.store.root, self)
        self.pointer.changed.connect(self._repaint)
        session.items_changed.connect(self.pointer.forget)
        grid.over = self._over_tile
        grid.pointed.connect(self._over_grid)
        grid.viewport().installEventFilter(self)
        preview.canvas.over = self._over_preview
        preview.canvas.pointed.connect(self._over_canvas)
        preview.canvas.left.connect(self.pointer.mouse_left)
        preview.canvas.clicked.connect(self._click)

    @property
    def region(self) -> PointedRegion | None:
        """What is outlined now."""
        region, large = self.pointer.shown, self._preview.review
        if region is None or not self._preview.isVisible():
            return region
        return region if large is not None and large.score.item == region.item else None

    def show_next(self, review: ReviewItem) -> None:
        """Outline an item's largest region, then the next smaller one."""
        self.pointer.show_next(review)

    def go_to_another(self) -> None:
        """Another item is the current one: what a key outlined, or the mouse in the large picture, is of the last."""
        if self.pointer.is_stepping or self._preview.isVisible():
            self.pointer.leave()

    # -- where the mouse is -------------------------------------------------------------------------------------------

    def _over_grid(self, point: QPoint) -> None:
        found = self._grid.picture_at(point)
        if found is None:
            self.pointer.mouse_left()
            return
        review, target, pictures = found
        self._point(review, target, pictures, QPointF(point))

    def _over_canvas(self, position: QPointF) -> None:
        canvas, review = self._preview.canvas, self._preview.review
        original, target = canvas.original_at(position), canvas.target
        if original is None or target is None or review is None:
            self.pointer.mouse_left()
            return
        pictures = canvas.pictures
        assert pictures is not None
        self._point(review, target, pictures, position)

    def _point(self, review: ReviewItem, target: QRectF, pictures: Pictures, position: QPointF) -> None:
        if self.pointer.is_stepping and position == self._mouse:
            return  # Qt tells of a mouse that rests, too, when something moves below it
        self._mouse = position
        scale = pictures.size[0] / target.width()
        x, y = (position.x() - target.x()) * scale, (position.y() - target.y()) * scale
        self.pointer.point_at(review, x, y, reach=_REACH * scale)

    def _click(self, _position: QPointF) -> None:
        if self._preview.pane == DIFFERENCE and self.region is not None:
            self.wanted.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointer.mouse_left()
        return super().eventFilter(watched, event)

    # -- what is painted ----------------------------------------------------------------------------------------------

    def _over_tile(self, review: ReviewItem) -> PaintPicture | None:
        region = self.pointer.region_of(review.score.item)
        if region is None:
            return None
        return lambda painter, target, pictures: paint_region(painter, target, pictures.size, region)

    def _over_preview(self, painter: QPainter, target: QRectF, pictures: Pictures, pane: int) -> None:
        review = self._preview.review
        region = self.pointer.region_of(review.score.item) if review is not None else None
        if region is None:
            return
        paint_region(painter, target, pictures.size, region)
        how = "a click or Shift+A accepts it here" if pane == DIFFERENCE else "Shift+A accepts it here"
        paint_words(painter, target, f"{region.words}  ·  {how}")

    def _repaint(self, before: int | None, now: int | None) -> None:
        for item in {before, now}:
            if item is not None:
                self._grid.update_item(item)
        canvas = self._preview.canvas
        canvas.update()
        clickable = now is not None and self._preview.pane == DIFFERENCE
        canvas.setCursor(Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor)
