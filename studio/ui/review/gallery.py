"""The worst items of one run: filters, the grid or one item large, and what was taken for what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from studio.core.items import Split
from studio.core.last_order import read_order, write_order
from studio.core.raster import Rect
from studio.core.review import Decision, ReviewItem
from studio.core.review_order import SortBy
from studio.core.settings import Task
from studio.core.tags import TAG_THRESHOLD
from studio.store import Arrangement
from studio.ui.review.differences import MASK_OPACITY
from studio.ui.review.empty import EmptyState
from studio.ui.review.filters import FilterBar, review_filter
from studio.ui.review.flicker import Flicker
from studio.ui.review.grid import ReviewGrid
from studio.ui.review.group_heads import heads_of
from studio.ui.review.loading import RunFigures
from studio.ui.review.mistakes import Mistakes
from studio.ui.review.model import ReviewModel
from studio.ui.review.order_bar import OrderBar
from studio.ui.review.pictures import Look, Pictures, focus_of
from studio.ui.review.preview import Preview
from studio.ui.review.region_hover import RegionHover
from studio.ui.review.tile_painter import TilePainter
from studio.ui.review.tiles import TileKey, TileRenderer, key_of
from studio.ui.session import Session
from studio.ui.theme import theme

_LOOK_STEP: Final = 48
"""Tiles are drawn at sizes in steps of so many pixels, so that not every pixel of a resize draws all of them anew."""

RUNS_FOLDER: Final = "runs"
_USUAL_ASPECT: Final = 4 / 3
_PREVIEW_CACHE: Final = 128 * 2**20
_LARGEST_PREVIEW: Final = 3840


class Gallery(QWidget):
    """Shows one run. Decisions are made elsewhere; what they change comes in by `refresh`."""

    selection_changed = Signal()
    shown_changed = Signal()
    """Other items show than before."""
    tile_width_chosen = Signal(int)
    right_wanted = Signal(str)
    """Of this run, how much of each class is right, for `show_right`."""
    threshold_chosen = Signal(float)
    """From which probability on tags are to be predicted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._task = session.settings.task
        self._figures: RunFigures | None = None
        self.model = ReviewModel(self._task, self)
        self.tiles = TileRenderer(session.store.root, parent=self)
        self._large = TileRenderer(session.store.root, threads=1, cache_bytes=_PREVIEW_CACHE, parent=self)
        self.flicker = Flicker(self)
        self._painter = TilePainter(self._task, self._find, self.font(), self, flicker=self.flicker)
        self.grid = ReviewGrid(self._painter)
        self._count_classes()
        self.grid.setModel(self.model)
        self.preview = Preview(self._task, self.flicker)
        self.hover = RegionHover(session, self.grid, self.preview, self) if self._task is Task.SEGMENTATION else None
        self._opacity = MASK_OPACITY
        self.order = OrderBar(session.settings, read_order(session.store.root))
        self.filters = FilterBar(self._task, self.order)
        self.filters.show_settings(session.settings)
        self.mistakes = Mistakes(session, lambda: self.filters.filters.split, self)
        self.panel = self.mistakes.panel
        self.nothing = EmptyState("search", "Nothing here", "No item of this run fits these filters.", "Clear filters")
        self.stack = QStackedWidget()
        for widget in (self.grid, self.preview, self.nothing):
            self.stack.addWidget(widget)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        bar = QFrame()
        bar_layout = QHBoxLayout(bar)
        bar_layout.setContentsMargins(12, 8, 12, 6)
        bar_layout.addWidget(self.filters)
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(0)
        left_layout.addWidget(bar)
        left_layout.addWidget(self.stack, 1)
        self.panel.setMinimumWidth(220)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(self.panel)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        splitter.setSizes([1000, 320])
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        self.grid.wanted.connect(self._want)
        self.grid.selection_changed.connect(self.selection_changed)
        self.grid.opened.connect(lambda _item: self.toggle_preview())
        self.grid.resized.connect(self._renew_look)
        self.grid.viewport().installEventFilter(self)
        for shown in (self.grid, self.preview):
            shown.installEventFilter(self)
        self.flicker.changed.connect(self.grid.update_item)
        self.grid.selectionModel().currentChanged.connect(self._go_to_another)
        self.tiles.ready.connect(self._tile_is_ready)
        self._large.ready.connect(lambda _key: self._show_preview())
        self.preview.closed.connect(self.toggle_preview)
        self.preview.stepped.connect(self._step)
        self.preview.resized.connect(self._show_preview)
        self.filters.changed.connect(self.query)
        self.order.changed.connect(self._reorder)
        self.order.left.connect(self.take_focus)
        self.mistakes.changed.connect(self.query)
        self.mistakes.right_wanted.connect(self.right_wanted)
        self.mistakes.threshold_chosen.connect(self.threshold_chosen)
        self.nothing.pressed.connect(self.clear_filters)
        theme().changed.connect(self._redraw_all)

    # -- what it shows ------------------------------------------------------------------------------------------------

    @property
    def run(self) -> str | None:
        return self._figures.run if self._figures else None

    @property
    def _threshold(self) -> float:
        return self._figures.threshold if self._figures else TAG_THRESHOLD

    @property
    def suspected(self) -> int | None:
        """How many labels the run holds for wrong; None where it judged none."""
        return self._figures.suspected if self._figures else None

    def show_run(self, figures: RunFigures | None) -> None:
        """Show this run's items, or none. The filters stay, but for a chosen mistake that this run may not have."""
        other = figures is None or figures.run != self.run
        says_otherwise = figures is not None and not other and figures.threshold != self._threshold
        self._figures = figures
        if other:
            self.mistakes.forget()
            self.grid.set_aspect(_USUAL_ASPECT if figures is None or figures.aspect is None else figures.aspect)
            self.tiles.forget_all()
            self._large.forget_all()
        self.mistakes.show_figures(figures)
        if other:
            suspects = figures is not None and figures.suspected is not None
            self.order.begin_by(SortBy.SUSPICION if suspects else None)
        if figures is not None:
            self.order.show_known(figures.sortable)
        self.query()
        if says_otherwise:
            self._redraw_all()

    def query(self, *, from_the_top: bool = False) -> None:
        """Ask the project for the items that the filters let through; the current one stays so if it is among them,
        unless they are to be looked at from the top."""
        self.mistakes.show_tags()
        keep = None if from_the_top else self.grid.current_item
        run = self.run
        review, order = self._session.store.review, self.order.order
        read = partial(review.items, run) if run is not None else None
        wanted = review_filter(self.filters.filters, cell=self.mistakes.cell, error_range=self.mistakes.range)
        arranged = review.arranged(run, wanted, order) if run is not None else Arrangement(ids=[])
        ids = arranged.ids
        self.model.show(ids, read, heads_of(arranged.groups, order.group, self._session.settings))
        if ids:
            self.grid.select_row(self.model.row_of(keep) or 0 if keep is not None else 0)
        if not ids:
            self.stack.setCurrentWidget(self.nothing)
        elif self.stack.currentWidget() is self.nothing:
            self.stack.setCurrentWidget(self.grid)
        self.shown_changed.emit()
        self.selection_changed.emit()

    def _reorder(self) -> None:
        write_order(self._session.store.root, self.order.order)
        self.query(from_the_top=True)

    def clear_filters(self) -> None:
        self.mistakes.clear()
        self.filters.clear()

    def selected(self) -> list[int]:
        return self.grid.selected_items()

    @property
    def has_selection(self) -> bool:
        return self.grid.selectionModel().hasSelection()

    def current(self) -> ReviewItem | None:
        index = self.grid.currentIndex()
        return self.model.review(index.row()) if index.isValid() else None

    def focus_of(self, review: ReviewItem) -> Rect | None:
        """Where the item's largest mistake lies. Raises StudioError where label or prediction cannot be read."""
        known = self.tiles.fresh_pictures(key_of(review))
        if known is not None and not known.trouble:
            return known.focus
        return focus_of(self._session.store, self._session.store.run(review.run).folder, review.score)

    # -- what happens -------------------------------------------------------------------------------------------------

    def refresh(self, items: Sequence[int]) -> None:
        """Labels or decisions of these items changed; empty: of any."""
        if not items:
            self.model.refresh_all()
            self._redraw_all()
            return
        self.tiles.forget(items)
        self._large.forget(items)
        self.model.refresh(items)
        self._show_preview()

    def _count_classes(self) -> None:
        self._painter.set_classes(sum(not c.void for c in self._session.settings.classes))

    def refresh_settings(self) -> None:
        self._count_classes()
        self.grid.lay_out_anew()
        self.filters.show_settings(self._session.settings)
        self.order.show_settings(self._session.settings)
        self.mistakes.show_anew()
        self._redraw_all()

    def go_on_after(self, items: Iterable[int]) -> None:
        """Select the next undecided item."""
        rows = [row for item in items if (row := self.model.row_of(item)) is not None]
        if rows:
            following = self.model.next_undecided(max(rows), self._decided)
            self.grid.select_row(max(rows) if following is None else following)

    def _decided(self, items: Sequence[int]) -> list[int]:
        """Those of these items about which something is decided."""
        known = self._session.store.review.decisions_of(self.run, items) if self.run is not None else {}
        return [item for item, decision in known.items() if decision is not Decision.UNDECIDED]

    def reveal(self, items: Sequence[int]) -> None:
        """Select these items, as far as the filters show them."""
        rows = [row for item in items if (row := self.model.row_of(item)) is not None]
        if rows:
            self.grid.select_rows(rows)

    def toggle_preview(self) -> None:
        if self.stack.currentWidget() is self.preview:
            self.stack.setCurrentWidget(self.grid)
            self.grid.setFocus()
        elif self.grid.currentIndex().isValid():
            self.stack.setCurrentWidget(self.preview)
            self.preview.setFocus()
            self._show_preview()

    def show_next_pane(self) -> None:
        """The next of label, prediction and difference, large."""
        if self.stack.currentWidget() is not self.preview:
            self.toggle_preview()
        else:
            self.preview.show_next_pane()

    def flicker_once(self) -> None:
        """The key went down: put the prediction where the label is, or the other way round; until when, the key says
        as it goes up."""
        large = self.stack.currentWidget() is self.preview
        item = self.grid.current_item if large else self.grid.addressed_item
        if item is not None:
            self.flicker.press(item)

    @property
    def opacity(self) -> float:
        """Of masks over their pictures, 0 to 1."""
        return self._opacity

    def set_opacity(self, opacity: float) -> None:
        if opacity != self._opacity:
            self._opacity = opacity
            self._redraw_all()

    def take_focus(self) -> None:
        """Let keys reach the items."""
        shown = self.stack.currentWidget()
        if shown is not None:
            shown.setFocus()

    def show_right(self, run: str, right: npt.NDArray[np.int64] | None) -> None:
        """(n,) int64: what the run has right of each class; None where nobody knows."""
        self.mistakes.show_right(run, right)

    @property
    def only_split(self) -> Split | None:
        """The split of all items of the run, if they have but one."""
        return self._figures.only_split if self._figures else None

    def shut_down(self) -> None:
        """End the threads, and ask the project nothing more."""
        self._figures = None
        self.model.show([], None)
        self.tiles.close()
        self._large.close()
        self.mistakes.close()

    # -- pictures -----------------------------------------------------------------------------------------------------

    def _find(self, review: ReviewItem) -> Pictures | None:
        return self.tiles.pictures(key_of(review))

    def _want(self, reviews: list[ReviewItem]) -> None:
        self._renew_look()
        self.tiles.want(reviews, self._runs_folder)

    @property
    def _runs_folder(self) -> Path:
        return self._session.store.root / RUNS_FOLDER

    def _renew_look(self) -> None:
        """Draw at another size when the tiles' size has changed by a step."""
        ratio = self.devicePixelRatioF()
        pane = self.grid.pane_size
        step = 1 if self._task is Task.TEXT else _LOOK_STEP  # letters must not be scaled
        width = -(-round(pane.width() * ratio) // step) * step
        look = self.tiles.look
        if look is None or look.width != width:
            height = max(8, round(width * pane.height() / max(1, pane.width())))
            self.tiles.set_look(self._look(QSize(width, height)))

    def _look(self, size: QSize) -> Look:
        return Look.of(
            self._session.settings,
            width=size.width(),
            height=size.height(),
            difference=theme().color("danger"),
            opacity=self._opacity,
            threshold=self._threshold if self._task is Task.MULTI_LABEL else None,
            ratio=self.devicePixelRatioF(),
        )

    def _redraw_all(self) -> None:
        for renderer in (self.tiles, self._large):
            if renderer.look is not None:
                renderer.set_look(self._look(QSize(renderer.look.width, renderer.look.height)))
        self.grid.viewport().update()
        self._show_preview()

    def _tile_is_ready(self, key: TileKey) -> None:
        self.grid.update_item(key[1])

    def _show_preview(self) -> None:
        review = self.current()
        if self.stack.currentWidget() is not self.preview or review is None:
            return
        room = (self.preview.room * self.devicePixelRatioF()).boundedTo(QSize(_LARGEST_PREVIEW, _LARGEST_PREVIEW))
        look = self._large.look
        if look is None or (look.width, look.height) != (max(8, room.width()), max(8, room.height())):
            self._large.set_look(self._look(room))
        row = self.grid.currentIndex().row()
        soon = [self.model.review(r) for r in (row, row + 1) if r < self.model.rowCount()]
        self._large.want(soon, self._runs_folder)
        self.preview.show_review(review, self._large.pictures(key_of(review)) or self._find(review))

    def _go_to_another(self) -> None:
        self.flicker.forget()
        if self.hover is not None:
            self.hover.go_to_another()
        self._show_preview()

    def _step(self, by: int) -> None:
        row = self.grid.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.grid.select_row(row)

    # -- Ctrl and the wheel, and the end of a held key ----------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
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
