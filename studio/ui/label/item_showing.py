"""Bringing an item onto the canvas: its document, its picture when that is decoded, and a run's prediction for it."""

from __future__ import annotations

import contextlib
from typing import Final, cast

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from studio.core.document import Document, MaskDocument, TagsDocument
from studio.core.errors import StudioError, UnreadableImage
from studio.core.items import Item
from studio.store import ReadLabel, read_label
from studio.ui.label.canvas import Canvas
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.picture import Picture
from studio.ui.label.picture_loader import PictureLoader
from studio.ui.label.prediction import Prediction, find_prediction, read_prediction, read_proposal
from studio.ui.label.tiling import Tiling, pyramid_folder
from studio.ui.session import Overlay, Session
from studio.ui.widgets.background import Background

_AHEAD_MS: Final = 150
_AHEAD_PIXELS: Final = 4_000_000
"""Labels of larger pictures take too long to read for doing it on the GUI thread before they are asked for."""

_PATIENCE_MS: Final = 250
"""How long the picture before stays on the canvas while the next one is decoded."""


class ItemShowing(QObject):
    """Follows the session's current item. The picture before stays until the next one is there, so that nothing
    flickers; nothing can be painted meanwhile."""

    document_changed = Signal()
    """`document` is another one, or its history changed."""
    prediction_changed = Signal()
    problem = Signal(str)
    """A sentence about the item that is shown; empty when there is none."""
    prediction_problem = Signal(str)
    """A sentence about the prediction that was to be shown; empty when another one, or none, is."""
    settled = Signal()
    """The item's whole picture shows, or cannot; there is time for other work."""

    def __init__(self, session: Session, canvas: Canvas, items: ItemsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._items = items
        self._loader = PictureLoader(Tiling(pyramid_folder(session.store.root), parent=self), self)
        self._reader = Background("predictions", parent=self)
        self._labels = Background("huge labels", parent=self)
        self._reading = False
        """Whether the current item's label is still being read."""
        self._item: Item | None = None
        self.document: Document | None = None
        self.prediction: Prediction | None = None
        self._expected: object = None
        """Names the prediction that is being read."""
        self._head = 0
        self._awaiting = False
        """Whether the current item's picture has not been there yet."""
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(lambda: canvas.show_sentence("Loading…"))
        self._ahead = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self._read_ahead)
        self.settled.connect(self._ahead.start)
        self._loader.arrived.connect(self._picture_arrived)
        self._loader.refined.connect(lambda _item_id: canvas.refresh_picture())
        self._loader.finished.connect(lambda _item_id: self.settled.emit())
        self._loader.broke.connect(self._picture_broke)
        self._labels.done.connect(self._label_arrived)
        self._labels.failed.connect(self._label_arrived)
        self._reader.done.connect(self._prediction_arrived)
        self._reader.failed.connect(self._prediction_broke)
        session.item_opened.connect(self.show)
        session.overlay_changed.connect(self._show_overlay)
        session.proposals_changed.connect(self._proposals_changed)

    @property
    def item(self) -> Item | None:
        return self._item

    @property
    def seen(self) -> Document | None:
        """`document` where its label shows: pixels and points not while their picture is awaited, nor over one of
        another size."""
        return self.document if isinstance(self.document, TagsDocument) else self._canvas.document

    @property
    def _is_visible(self) -> bool:
        """Whether the person sees the item here."""
        return self._canvas.isVisible()

    def show(self, item_id: int) -> None:
        """Open the item; what cannot be used is said and shown as far as it can be."""
        self.problem.emit("")
        self._canvas.put_away()
        self._leave_document()
        self._item = None
        try:
            self._item = self._session.store.item(item_id)
        except StudioError as error:
            self._give_up(error.sentence)
            return
        picture = self._ask_for_picture(self._item)
        label = self._session.store.huge_label(item_id)
        self._labels.keep_only(())
        self._reading = label is not None
        if label is not None:
            self._labels.ask(item_id, lambda: read_label(label))
        elif not self._open_document(self._item):
            return
        self.document_changed.emit()
        if picture is not None:
            self._present(picture)
            self.settled.emit()
        else:
            self._awaiting = True
            self._patience.start()

    def _open_document(self, item: Item, read: ReadLabel | None = None) -> bool:
        """Take the item's document; says whether its picture can be shown at all."""
        try:
            self._take_document(self._session.document(item.id, read))
        except UnreadableImage as error:
            self._give_up(error.sentence)
            return False
        except StudioError as error:
            self.problem.emit(error.sentence)
        return True

    def _label_arrived(self, item_id: object, read: object) -> None:
        """A huge label was read, or could not be, which opening the document says; until now input rested."""
        if self._item is None or item_id != self._item.id or not self._reading:
            return
        self._reading = False
        if self._open_document(self._item, read if isinstance(read, ReadLabel) else None):
            self.document_changed.emit()
            picture = self._canvas.picture
            if picture is not None and not self._awaiting:
                self._present(picture)

    def close(self) -> None:
        """End the threads."""
        self._labels.close()
        self._patience.stop()
        self._ahead.stop()
        self._leave_document()
        self._loader.close()
        self._reader.close()

    def _read_ahead(self) -> None:
        """Open the next item's document while nothing else goes on; what is wrong with it is said when it is shown."""
        picture, near = self._canvas.picture, self._items.near(self._item.id) if self._item is not None else []
        if picture is None or not near or picture.size.width() * picture.size.height() > _AHEAD_PIXELS:
            return
        if self._canvas.is_working:
            self._ahead.start()
            return
        with contextlib.suppress(StudioError):
            self._session.document(near[0][0])

    def _ask_for_picture(self, item: Item) -> Picture | None:
        """Have the picture decoded, while this thread goes on to read the label."""
        ratio = self._canvas.pixel_ratio
        view = QSize(round(self._canvas.width() * ratio), round(self._canvas.height() * ratio))
        return self._loader.show(item.id, item.path, view, self._items.near(item.id))

    def _picture_arrived(self, item_id: int, picture: object) -> None:
        if self._item is None or item_id != self._item.id:
            return
        if self._awaiting:
            self._present(cast(Picture, picture))
        else:
            self._canvas.set_picture(cast(Picture, picture))
        if not cast(Picture, picture).is_preview:
            self.settled.emit()

    def _present(self, picture: Picture) -> None:
        self._patience.stop()
        self._awaiting = False
        size = (picture.size.width(), picture.size.height())
        document = self.document
        if document is not None and not isinstance(document, TagsDocument) and document.size != size:
            self.problem.emit(
                f"The label is {document.size[0]}×{document.size[1]} pixels and its picture {size[0]}×{size[1]}; "
                "put the picture back that was labelled."
            )
            document = None
        self._canvas.show_item(document, picture)
        self._apply_prediction()

    def _picture_broke(self, item_id: int, sentence: str) -> None:
        if self._item is not None and item_id == self._item.id:
            if not isinstance(self.document, TagsDocument):  # tags need no pixels
                self._leave_document()
            self._give_up(sentence)

    def _give_up(self, sentence: str) -> None:
        self._reading = False
        self._patience.stop()
        self._awaiting = False
        self.settled.emit()
        self._canvas.show_sentence(sentence)
        self.document_changed.emit()

    # -- the document -------------------------------------------------------------------------------------------------

    def _take_document(self, document: Document) -> None:
        self.document = document
        self._head = document.head
        document.history_changed.connect(self._history_changed)

    def _leave_document(self) -> None:
        if self.document is not None:
            self.document.history_changed.disconnect(self._history_changed)
        self.document = None

    def _history_changed(self) -> None:
        """A label that is changed here while a run's prediction lies over it counts as corrected because of that run;
        what is decided on the Review page, with this page hidden, is not an edit, nor is what happens to many items at
        once, such as the removal of a class."""
        document, overlay = self.document, self._session.overlay
        if document is not None and document.head != self._head:
            before, self._head = self._head, document.head
            here = self._is_visible and not (isinstance(document, MaskDocument) and document.is_adopting)
            if overlay is not None and overlay.item == document.item.id and here:
                self._note_edited(overlay, before)
        self.document_changed.emit()

    def _note_edited(self, overlay: Overlay, before: int) -> None:
        try:
            if self._session.store.review.items(overlay.run, [overlay.item]):
                self._session.store.review.note_edited(overlay.run, overlay.item, before)
                self._session.review_changed.emit(overlay.run)
        except StudioError as error:  # the label itself is in the journal already
            self.problem.emit(error.sentence)

    # -- the prediction -----------------------------------------------------------------------------------------------

    def _show_overlay(self, overlay: Overlay | None) -> None:
        self.prediction_problem.emit("")
        self.prediction = None
        self._apply_prediction()
        self._reader.keep_only(())
        self._expected = overlay
        if overlay is None:
            self._show_proposal()
        if overlay is None or self._item is None or overlay.item != self._item.id:
            return
        try:
            found = find_prediction(self._session.store, overlay.run, overlay.item)
            folder = self._session.store.run(overlay.run).folder
        except StudioError as error:
            self.prediction_problem.emit(error.sentence)
            return
        if found is None:
            self.prediction_problem.emit(f"Run {overlay.run} has no prediction for this item.")
            return
        self._reader.ask(overlay, lambda: read_prediction(folder, overlay.run, found))

    def _show_proposal(self) -> None:
        proposal = self._session.store.proposals.of(self._item.id) if self._item is not None else None
        if proposal is not None and proposal.is_open:
            folder = self._session.store.proposals.folder
            self._expected = (proposal.item, proposal.time)
            self._reader.ask(self._expected, lambda: read_proposal(folder, proposal))

    def _proposals_changed(self, ids: list[int]) -> None:
        if self._item is not None and self._item.id in ids and self._session.overlay is None:
            self._show_overlay(None)

    def _prediction_arrived(self, key: object, result: object) -> None:
        if key == self._expected:
            self.prediction = cast(Prediction, result)
            self._apply_prediction()

    def _prediction_broke(self, key: object, error: object) -> None:
        if key == self._expected:
            sentence = error.sentence if isinstance(error, StudioError) else f"The prediction cannot be read ({error})."
            self.prediction_problem.emit(sentence)

    def _apply_prediction(self) -> None:
        """Show the prediction once picture and label are there, and look where the overlay asks to look first."""
        prediction, overlay = self.prediction, self._session.overlay
        document = self._canvas.document
        if prediction is None or document is None or document.item.id != prediction.item:
            self._canvas.show_prediction(None, None)
        elif isinstance(document, MaskDocument) and (
            prediction.mask is None or prediction.mask.shape != document.mask.shape
        ):
            whose = "The proposal" if prediction.is_proposal else f"The prediction of run {prediction.run}"
            self.prediction_problem.emit(f"{whose} has another size than the picture.")
            self.prediction = None  # what cannot be shown is not offered either
        else:
            self._canvas.show_prediction(prediction.mask, prediction.points, proposed=prediction.is_proposal)
            if overlay is not None and overlay.focus is not None:
                self._canvas.look_at(overlay.focus)
        self.prediction_changed.emit()
