"""What the keys of decisions do with the items that are selected, and the way to the Label page and back."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.review import Decision
from studio.ui.review.decisions import Decisions
from studio.ui.review.gallery import Gallery
from studio.ui.session import Overlay, Page, Session, Tone

_NO_REGION: Final = "Point at a place where label and prediction differ: its region is outlined, and accepted."


class Deciding(QObject):
    def __init__(self, session: Session, gallery: Gallery, decisions: Decisions, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._gallery = gallery
        self._decisions = decisions
        self._at_label: tuple[int, int] | None = None
        """The item that is being edited on the Label page, and the revision that it had."""
        if gallery.hover is not None:
            gallery.hover.wanted.connect(self.accept_region)

    def decide(self, decision: Decision) -> None:
        """Decide so about the selected items, and go on to the next one."""
        items = self._gallery.selected()
        self._decisions.decide(items, decision)
        self._gallery.go_on_after(items)

    def show_next_region(self) -> None:
        review = self._gallery.current()
        if self._gallery.hover is not None and review is not None:
            self._gallery.hover.show_next(review)

    def accept_region(self) -> None:
        """More of the item's regions may follow, so it stays the current one."""
        region = self._gallery.hover.region if self._gallery.hover is not None else None
        if region is None:
            self._session.say(_NO_REGION)
        else:
            self._decisions.act([region.item], region.deed)

    def edit(self) -> None:
        """Open the current item's label at its largest mistake."""
        self._decisions.finish()
        review = self._gallery.current()
        if review is None:
            return
        try:
            focus = self._gallery.focus_of(review)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return
        item = review.score.item
        self._at_label = item, self._session.store.item(item).revision
        self._session.open_item(item, Overlay(run=review.run, item=item, focus=focus, came_from=Page.REVIEW))
        self._session.show_page(Page.LABEL)

    def come_back(self) -> None:
        """From the Label page: to the item that was edited there, and on to the next one once it was."""
        left, self._at_label = self._at_label, None
        if left is None:
            return
        item, revision = left
        self._gallery.reveal([item])
        if self._session.store.item(item).revision != revision:
            self._gallery.go_on_after([item])
