"""The open project as the pages see it: one store, one current item, and news that travels by signals."""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.document import Document
from studio.core.raster import Rect
from studio.core.recipe import RunSpec
from studio.core.settings import ProjectSettings
from studio.store import ReadLabel, Store

_OPEN_DOCUMENTS: Final = 4


class Page(enum.StrEnum):
    LABEL = "label"
    TRAIN = "train"
    REVIEW = "review"
    CARDS = "cards"


class Tone(enum.StrEnum):
    """How a sentence in the window's message line is meant."""

    INFO = "info"
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A run's prediction to be shown over the label of `item`; `focus` is where to look first, in image pixels, and
    `came_from` the page that Esc leads back to."""

    run: str
    item: int
    focus: Rect | None = None
    came_from: Page | None = None


class Session(QObject):
    """Pages call methods and listen to signals; they never hold each other.

    Lives on the GUI thread, and so does `store`: every call made here is a short one.
    """

    item_opened = Signal(int)
    """The item that the Label page shows now."""
    items_changed = Signal(list)
    """Ids of items whose label, state or split changed; empty when all may have."""
    overlay_changed = Signal(object)
    """The `Overlay` that the canvas shows over the current item, or None."""
    runs_changed = Signal()
    review_changed = Signal(str)
    """Scores or decisions of the run with this id changed."""
    proposals_changed = Signal(list)
    """Ids of items that have a new proposal, or whose proposal was accepted or discarded."""
    queue_changed = Signal()
    """Other items are to be labelled next."""
    settings_changed = Signal()
    page_requested = Signal(str)
    production_asked = Signal()
    """The person wants to go on with a model's production errors."""
    run_proposed = Signal(object)
    """A `RunSpec` that another page prepared, for the Train page to show and start."""
    run_review_asked = Signal(str)
    """The run with this id is to be shown on the Review page."""
    message = Signal(str, str)
    """One sentence for the person and its `Tone`."""
    taken_back = Signal(str)
    """A sentence that was said and holds no longer."""

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.current_item: int | None = None
        self.overlay: Overlay | None = None
        self._documents: OrderedDict[int, Document] = OrderedDict()

    @property
    def settings(self) -> ProjectSettings:
        return self.store.settings

    def save_settings(self, settings: ProjectSettings) -> None:
        self.store.save_settings(settings)
        self.settings_changed.emit()

    def document(self, item_id: int, read: ReadLabel | None = None) -> Document:
        """The item's document, the same object for as long as it is among the last few that were open. `read` is
        its label file, where that was read before.

        Raises StudioError when its picture or its label file cannot be used.
        """
        document = self.store.open_document(item_id, read)
        if self._documents.get(item_id) is not document:
            document.history_changed.connect(lambda: self.items_changed.emit([item_id]))
            self._documents[item_id] = document
            self._let_go()
        self._documents.move_to_end(item_id)
        return document

    @property
    def has_unsaved(self) -> bool:
        """Whether some document holds an edit that its journal does not have yet."""
        return any(document.is_editing for document in self._documents.values())

    def save_all(self) -> None:
        """Bring every open edit into the journal. Raises StudioError when one cannot be written."""
        for document in list(self._documents.values()):
            document.commit()

    def _let_go(self) -> None:
        """Keep the last few documents, and every one whose edit could not be written yet."""
        saved = [item for item, document in self._documents.items() if not document.is_editing]
        for item in saved[: max(0, len(self._documents) - _OPEN_DOCUMENTS)]:
            del self._documents[item]

    def open_item(self, item_id: int, overlay: Overlay | None = None) -> None:
        self.current_item = item_id
        self.overlay = overlay
        self.item_opened.emit(item_id)
        self.overlay_changed.emit(overlay)

    def show_overlay(self, overlay: Overlay | None) -> None:
        self.overlay = overlay
        self.overlay_changed.emit(overlay)

    def show_page(self, page: Page) -> None:
        self.page_requested.emit(page)

    def propose_run(self, spec: RunSpec) -> None:
        self.run_proposed.emit(spec)
        self.show_page(Page.TRAIN)

    def say(self, sentence: str, tone: Tone = Tone.INFO) -> None:
        self.message.emit(sentence, tone)

    def take_back(self, sentence: str) -> None:
        """What was said is mended: it goes, where it still shows."""
        self.taken_back.emit(sentence)
