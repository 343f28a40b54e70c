"""The items of a gallery: all of them in a grid, the current one large, or why there are none."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QStackedWidget

from studio.core.review import ReviewItem
from studio.core.settings import Task
from studio.ui.review.empty import EmptyState
from studio.ui.review.flicker import Flicker
from studio.ui.review.gallery_pictures import GalleryPictures
from studio.ui.review.grid import ReviewGrid
from studio.ui.review.model import ReviewModel
from studio.ui.review.preview import Preview
from studio.ui.review.region_hover import RegionHover
from studio.ui.review.tile_painter import TilePainter
from studio.ui.review.tiles import TileKey
from studio.ui.session import Session


class ItemStack(QStackedWidget):
    """The current item is the grid's, also while it shows large."""

    tile_width_chosen = Signal(int)
    large_left = Signal()
    """Somebody went from the large item back to the grid."""

    def __init__(self, session: Session, model: ReviewModel) -> None:
        super().__init__()
        self._session = session
        self._model = model
        task = session.settings.task
        self.pictures = GalleryPictures(session, self)
        self.flicker = Flicker(self)
        self._painter = TilePainter(task, self.pictures.of_tile, self.font(), self, flicker=self.flicker)
        self.grid = ReviewGrid(self._painter)
        self._count_classes()
        self.grid.setModel(model)
        self.preview = Preview(task, self.flicker)
        self.hover = RegionHover(session, self.grid, self.preview, self) if task is Task.SEGMENTATION else None
        self.nothing = EmptyState("search", "Nothing here", "No item of this run fits these filters.", "Clear filters")
        for widget in (self.grid, self.preview, self.nothing):
            self.addWidget(widget)
        self._connect()

    def _connect(self) -> None:
        self.grid.wanted.connect(self._want_tiles)
        self.grid.opened.connect(lambda _item: self.toggle_preview())
        self.grid.resized.connect(self._fit_tiles)
        self.grid.viewport().installEventFilter(self)
        for shown in (self.grid, self.preview):
            shown.installEventFilter(self)
        self.flicker.changed.connect(self.grid.update_item)
        self.grid.selectionModel().currentChanged.connect(self._go_to_another)
        self.pictures.tiles.ready.connect(self._tile_is_ready)
        self.pictures.large.ready.connect(lambda _key: self.show_current())
        self.preview.closed.connect(self.toggle_preview)
        self.preview.stepped.connect(self._step)
        self.preview.resized.connect(self.show_current)

    @property
    def shows_large(self) -> bool:
        return self.currentWidget() is self.preview

    def current(self) -> ReviewItem | None:
        index = self.grid.currentIndex()
        return self._model.review(index.row()) if index.isValid() else None

    def show_whether_any(self, any_items: bool) -> None:
        """Say that there is nothing, or no longer."""
        if not any_items:
            self.setCurrentWidget(self.nothing)
        elif self.currentWidget() is self.nothing:
            self.setCurrentWidget(self.grid)

    def show_settings(self) -> None:
        """The project's classes changed."""
        self._count_classes()
        self.grid.lay_out_anew()

    def show_current(self) -> None:
        """The item that shows large, if one does, with the pictures that there are of it now."""
        review = self.current()
        if not self.shows_large or review is None:
            return
        row = self.grid.currentIndex().row()
        soon = [self._model.review(r) for r in (row, row + 1) if r < self._model.rowCount()]
        self.pictures.want_large(soon, self.preview.room)
        self.preview.show_review(review, self.pictures.of_large(review))

    @property
    def opacity(self) -> float:
        """Of masks over their pictures, 0 to 1."""
        return self._painter.opacity

    def show_opacity(self, opacity: float) -> None:
        self._painter.opacity = self.preview.canvas.opacity = opacity
        self.grid.viewport().update()
        self.preview.canvas.update()

    def redraw_all(self) -> None:
        self.pictures.redraw()
        self.grid.viewport().update()
        self.show_current()

    def toggle_preview(self) -> None:
        if self.shows_large:
            self.setCurrentWidget(self.grid)
            self.grid.setFocus()
            self.large_left.emit()
        elif self.grid.currentIndex().isValid():
            self.setCurrentWidget(self.preview)
            self.preview.setFocus()
            self.show_current()

    def show_next_pane(self) -> None:
        """The next of label, prediction and difference, large."""
        if not self.shows_large:
            self.toggle_preview()
        else:
            self.preview.show_next_pane()

    def flicker_once(self) -> None:
        """The key went down: put the prediction where the label is, or the other way round; until when, the key says
        as it goes up."""
        item = self.grid.current_item if self.shows_large else self.grid.addressed_item
        if item is not None:
            self.flicker.press(item)

    def take_focus(self) -> None:
        """Let keys reach the items."""
        shown = self.currentWidget()
        if shown is not None:
            shown.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The end of a held key, and Ctrl with the wheel."""
        if event.type() == QEvent.Type.FocusOut or (
            event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat()
        ):
            self.flicker.release()
        if (
            event.type() == QEvent.Type.Wheel
            and isinstance(event, QWheelEvent)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            step = 1.1 if event.angleDelta().y() > 0 else 1 / 1.1
            self.tile_width_chosen.emit(round(self.grid.tile_width * step))
            return True
        return super().eventFilter(watched, event)

    def _count_classes(self) -> None:
        self._painter.set_classes(sum(not c.void for c in self._session.settings.classes))

    def _want_tiles(self, reviews: list[ReviewItem]) -> None:
        self.pictures.want_tiles(reviews, self.grid.pane_size)

    def _fit_tiles(self) -> None:
        self.pictures.fit_tiles(self.grid.pane_size)

    def _tile_is_ready(self, key: TileKey) -> None:
        self.grid.update_item(key[1])

    def _go_to_another(self) -> None:
        self.flicker.forget()
        if self.hover is not None:
            self.hover.go_to_another()
        self.show_current()

    def _step(self, by: int) -> None:
        row = self.grid.currentIndex().row() + by
        if 0 <= row < self._model.rowCount():
            self.grid.select_row(row)
