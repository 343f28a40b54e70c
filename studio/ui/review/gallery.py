"""The worst items of one run: filters, the grid or one item large, and what was taken for what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from studio.core.items import Split
from studio.core.last_order import read_order, write_order
from studio.core.raster import Rect
from studio.core.review import Decision, ReviewItem
from studio.core.review_order import SortBy
from studio.core.tags import TAG_THRESHOLD
from studio.store import Arrangement
from studio.ui.review.filters import FilterBar, review_filter
from studio.ui.review.group_heads import heads_of
from studio.ui.review.item_stack import ItemStack
from studio.ui.review.loading import RunFigures
from studio.ui.review.mistakes import Mistakes
from studio.ui.review.model import ReviewModel
from studio.ui.review.order_bar import OrderBar
from studio.ui.session import Session
from studio.ui.theme import theme

_USUAL_ASPECT: Final = 4 / 3


class Gallery(QWidget):
    """Shows one run. Decisions are made elsewhere; what they change comes in by `refresh`."""

    selection_changed = Signal()
    shown_changed = Signal()
    """Other items show than before."""
    tile_width_chosen = Signal(int)
    right_wanted = Signal(str, object)
    """Of this run and this split, None for all, how much of each class is right, for `show_right`."""
    threshold_chosen = Signal(float)
    """From which probability on tags are to be predicted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._task = session.settings.task
        self._figures: RunFigures | None = None
        self.model = ReviewModel(self._task, self)
        self.stack = ItemStack(session, self.model)
        self.grid, self.preview, self.nothing = self.stack.grid, self.stack.preview, self.stack.nothing
        self.hover, self.flicker = self.stack.hover, self.stack.flicker
        self._pictures = self.stack.pictures
        self.tiles = self._pictures.tiles
        self.order = OrderBar(session.settings, read_order(session.store.root))
        self.filters = FilterBar(self._task, self.order)
        self.filters.show_settings(session.settings)
        self.mistakes = Mistakes(session, lambda: self.filters.filters.split, self)
        self.panel = self.mistakes.panel
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
        self.grid.selection_changed.connect(self.selection_changed)
        self.stack.tile_width_chosen.connect(self.tile_width_chosen)
        self.filters.changed.connect(self.query)
        self.filters.left.connect(self.take_focus)
        self.order.changed.connect(self._reorder)
        self.order.left.connect(self.take_focus)
        self.mistakes.changed.connect(self.query)
        self.mistakes.right_wanted.connect(self.right_wanted)
        self.mistakes.threshold_chosen.connect(self.threshold_chosen)
        self.nothing.pressed.connect(self.clear_filters)
        theme().changed.connect(self.stack.redraw_all)

    # -- what it shows ------------------------------------------------------------------------------------------------

    @property
    def run(self) -> str | None:
        return self._figures.run if self._figures else None

    @property
    def _threshold(self) -> float:
        chosen = self._figures.threshold if self._figures is not None else None
        return TAG_THRESHOLD if chosen is None else chosen

    @property
    def suspected(self) -> int | None:
        """How many labels the run holds for wrong; None where it judged none."""
        return self._figures.suspected if self._figures else None

    def show_run(self, figures: RunFigures | None) -> None:
        """Show this run's items, or none. The filters stay, but for a chosen mistake that this run may not have."""
        other = figures is None or figures.run != self.run
        before, self._figures = self._threshold, figures
        says_otherwise = not other and self._threshold != before
        self._pictures.threshold = self._threshold
        if other:
            self.mistakes.forget()
            self.grid.set_aspect(_USUAL_ASPECT if figures is None or figures.aspect is None else figures.aspect)
            self._pictures.forget_all()
        self.mistakes.show_figures(figures)
        if other:
            suspects = figures is not None and figures.suspected is not None
            self.order.begin_by(SortBy.SUSPICION if suspects else None)
        if figures is not None:
            self.order.show_known(figures.sortable)
        self.query()
        if says_otherwise:
            self.stack.redraw_all()

    def query(self, *, from_the_top: bool = False) -> None:
        """Ask the project for the items that the filters let through; the current one stays so if it is among them,
        unless they are to be looked at from the top."""
        self.mistakes.show_split()
        keep = None if from_the_top else self.grid.current_item
        run, threshold = self.run, self._figures.threshold if self._figures is not None else None
        review, order = self._session.store.review, self.order.order
        read = partial(review.items, run, threshold=threshold) if run is not None else None
        wanted = review_filter(self.filters.filters, cell=self.mistakes.cell, error_range=self.mistakes.range)
        arranged = review.arranged(run, wanted, order) if run is not None else Arrangement(ids=[])
        ids = arranged.ids
        self.model.show(ids, read, heads_of(arranged.groups, order.group, self._session.settings))
        if ids:
            self.grid.select_row(self.model.row_of(keep) or 0 if keep is not None else 0)
        self.stack.show_whether_any(bool(ids))
        self.shown_changed.emit()
        self.selection_changed.emit()

    def _reorder(self) -> None:
        write_order(self._session.store.root, self.order.order)
        self.query(from_the_top=True)

    def clear_filters(self) -> None:
        self.mistakes.clear()
        self.filters.clear()

    def leave_production(self) -> None:
        """Few runs have answered production errors; the others would seem to have no items at all."""
        split = self.filters.split
        if split.currentData() == Split.PRODUCTION and not self.model.rowCount():
            split.setCurrentIndex(split.findData(None))

    def selected(self) -> list[int]:
        return self.grid.selected_items()

    @property
    def has_selection(self) -> bool:
        return self.grid.selectionModel().hasSelection()

    def current(self) -> ReviewItem | None:
        return self.stack.current()

    def focus_of(self, review: ReviewItem) -> Rect | None:
        """Where the item's largest mistake lies. Raises StudioError where label or prediction cannot be read."""
        return self._pictures.focus_of(review)

    # -- what happens -------------------------------------------------------------------------------------------------

    def refresh(self, items: Sequence[int]) -> None:
        """Labels or decisions of these items changed; empty: of any."""
        if not items:
            self.model.refresh_all()
            self.stack.redraw_all()
            return
        self._pictures.forget(items)
        self.model.refresh(items)
        self.stack.show_current()

    def refresh_settings(self) -> None:
        self.stack.show_settings()
        self.filters.show_settings(self._session.settings)
        self.order.show_settings(self._session.settings)
        self.mistakes.show_anew()
        self.stack.redraw_all()

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
        self.stack.toggle_preview()

    def show_next_pane(self) -> None:
        self.stack.show_next_pane()

    def flicker_once(self) -> None:
        self.stack.flicker_once()

    @property
    def opacity(self) -> float:
        """Of masks over their pictures, 0 to 1."""
        return self.stack.opacity

    def set_opacity(self, opacity: float) -> None:
        """Tiles and the large picture follow at once; no item is read or drawn anew for it."""
        self.stack.show_opacity(opacity)

    def take_focus(self) -> None:
        """Let keys reach the items."""
        self.stack.take_focus()

    def show_right(self, run: str, split: Split | None, right: npt.NDArray[np.int64] | None) -> None:
        """(n,) int64: what the run has right of each class in the split, None for all; None where nobody knows."""
        self.mistakes.show_right(run, split, right)

    @property
    def only_split(self) -> Split | None:
        """The split of all items of the run, if they have but one."""
        return self._figures.only_split if self._figures else None

    def shut_down(self) -> None:
        """End the threads, and ask the project nothing more."""
        self._figures = None
        self.model.show([], None)
        self._pictures.close()
        self.mistakes.close()
