"""The pages of one open project. The Label page is built at once, the others when they are first shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.engine import LocalEngine
from studio.store import Store
from studio.ui.label import LabelPage
from studio.ui.options import WindowOptions
from studio.ui.run_control import RunControl
from studio.ui.session import Page, Session

if TYPE_CHECKING:
    from studio.ui.review import ReviewPage

_WARM_AFTER_MS: Final = 2500


class Workspace(QWidget):
    """Owns the project's store, its session and its engine; `close_project` gives all of them back."""

    page_changed = Signal(str)

    def __init__(self, project: Path, parent: QWidget | None = None) -> None:
        """Raises StudioError when the project cannot be opened."""
        super().__init__(parent)
        self.store = Store.open(project)
        self.session = Session(self.store, self)
        self.engine = LocalEngine()
        self.run_control = RunControl(self.session, self.engine)
        self._stack = QStackedWidget(self)
        self._pages: dict[Page, QWidget] = {}
        self._shut_downs: list[Callable[[], None]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.session.page_requested.connect(lambda page: self.show_page(Page(page)))
        self.session.run_proposed.connect(lambda _spec: self.page(Page.TRAIN))
        self.label_page = LabelPage(self.session)
        self.label_page.proposing.use_engine(self.engine)
        self._add(Page.LABEL, self.label_page)
        self._warm = QTimer(self, singleShot=True, interval=_WARM_AFTER_MS)
        self._warm.timeout.connect(self.engine.warm)

    def start(self, options: WindowOptions) -> None:
        """Show what the command line asked for, else the first item. Raises UnknownItem for an unknown name."""
        item = self.store.item_named(options.item).id if options.item else None
        self.label_page.apply_window_args(
            tool=options.tool, brush_size=options.brush_size, class_name=options.label_class, item_id=item
        )
        self.show_page(Page(options.page) if options.page else Page.LABEL)
        self._warm.start()

    @property
    def current_page(self) -> Page:
        shown = self._stack.currentWidget()
        return next(page for page, widget in self._pages.items() if widget is shown)

    def page(self, page: Page) -> QWidget:
        """The page's widget, built now if it was not there yet."""
        if page not in self._pages:
            self._add(page, self._build(page))
        return self._pages[page]

    def show_page(self, page: Page) -> None:
        widget = self.page(page)
        self._stack.setCurrentWidget(widget)
        widget.setFocus()
        self.page_changed.emit(page)

    def close_project(self, *, wait: bool = True) -> None:
        """Writes what is pending and leaves a running run at a checkpoint; without `wait`, that goes on beside."""
        self._warm.stop()
        for shut_down in self._shut_downs:
            shut_down()
        self.label_page.shut_down()
        self.run_control.leave()
        if wait:
            self._end_runs()
        else:
            threading.Thread(target=self._end_runs, name="closing engine").start()
        self.store.close()

    def _end_runs(self) -> None:
        """What is being prepared is first handed to the engine, which then ends it like all others."""
        self.run_control.wait_until_done()
        self.engine.close()

    def _add(self, page: Page, widget: QWidget) -> None:
        self._pages[page] = widget
        self._stack.addWidget(widget)

    def _build(self, page: Page) -> QWidget:
        if page is Page.TRAIN:
            from studio.ui.train import TrainPage  # noqa: PLC0415 - plots are not loaded before they are shown

            train = TrainPage(self.session, self.run_control)
            self._shut_downs.append(train.shut_down)
            return train
        if page is Page.CARDS:
            return self._build_cards()
        from studio.ui.review import ReviewPage  # noqa: PLC0415 - not on the way to the first picture

        review = ReviewPage(self.session)
        self._shut_downs.append(review.shut_down)
        return review

    @property
    def review_page(self) -> ReviewPage:
        """Built now if it was not there yet."""
        from studio.ui.review import ReviewPage  # noqa: PLC0415 - not on the way to the first picture

        page = self.page(Page.REVIEW)
        assert isinstance(page, ReviewPage)
        return page

    def _build_cards(self) -> QWidget:
        """Cards change the recipe that the Train page shows, and know what its run was dealt."""
        from studio.ui.cards.page import CardsPage  # noqa: PLC0415 - not on the way to the first picture
        from studio.ui.train import TrainPage  # noqa: PLC0415

        train = self.page(Page.TRAIN)
        assert isinstance(train, TrainPage)
        cards = CardsPage(train.cards)
        self._shut_downs.append(cards.shut_down)
        return cards
