"""Taking over what a model says, on the Label page: a run's prediction in review, or a proposal."""

from __future__ import annotations

from collections.abc import Callable

from studio.core.document import MaskDocument, PointsDocument
from studio.core.errors import StudioError
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.prediction import (
    Prediction,
    accept_all,
    accept_class,
    accept_here,
    accept_point,
    nearest_point,
)
from studio.ui.session import Session


class Accepting:
    """Each acceptance is one edit of the document. A proposal fills only what is not labelled, unless the person has
    chosen that it may replace; a prediction in review always replaces."""

    def __init__(self, session: Session, choices: Choices, canvas: Canvas, showing: ItemShowing) -> None:
        self._session = session
        self._choices = choices
        self._canvas = canvas
        self._showing = showing
        self._offered: tuple[int, bool] | None = None
        """The item that was shown last, and whether its proposal was open."""
        session.proposals_changed.connect(lambda _ids: self._note_offer())

    def here(self) -> None:
        """The region, or the keypoint, under the cursor."""
        prediction, document, pixel = self._showing.prediction, self._canvas.document, self._canvas.pixel_under_cursor()
        if prediction is None:
            return
        if isinstance(document, PointsDocument) and prediction.points is not None:
            points, index, instance = prediction.points, self._choices.selected_point, self._choices.points.instance
            if index < 0 and pixel is not None:
                index = nearest_point(points, pixel)
            self._try(
                lambda: accept_point(document, points, index, instance) or self._canvas.hint("Select a point first.")
            )
        elif isinstance(document, MaskDocument) and prediction.mask is not None and pixel is not None:
            mask, classes = prediction.mask, self._session.settings.classes
            self._try(
                lambda: (
                    accept_here(document, mask, pixel, classes, replace=self._replaces(prediction))
                    or self._canvas.hint(_nothing_here(prediction))
                )
            )

    def of_class(self) -> None:
        """Everything of the chosen class."""
        prediction, document = self._showing.prediction, self._canvas.document
        if prediction is None or prediction.mask is None or not isinstance(document, MaskDocument):
            return
        mask, class_id, settings = prediction.mask, self._choices.class_id, self._session.settings
        name = next((c.name for c in settings.classes if c.id == class_id), "this class")
        replace = self._replaces(prediction)
        self._try(
            lambda: (
                accept_class(document, mask, class_id, settings.classes, replace=replace)
                or self._canvas.hint(f"Nothing more is proposed as {name}.")
            )
        )

    def all(self) -> None:
        """Everything; a proposal is then done with, until that edit is undone."""
        prediction, document = self._showing.prediction, self._canvas.document
        if prediction is None or document is None:
            return
        replace = self._replaces(prediction)

        def take_over() -> None:
            changed = accept_all(document, prediction, self._session.settings.classes, replace=replace)
            if prediction.is_proposal:
                self._close(document.item.id, document.head if changed else None)

        self._try(take_over)

    def discard(self) -> None:
        """Put the proposal away; the label stays as it is."""
        prediction, document = self._showing.prediction, self._canvas.document
        if prediction is not None and prediction.is_proposal and document is not None:
            item_id = document.item.id
            self._try(lambda: self._close(item_id, None))

    def follow_history(self) -> None:
        """Offer a proposal again whose acceptance was undone, and no longer once that is redone."""
        before = self._offered
        self._note_offer()
        if before is not None and self._offered == (before[0], not before[1]):
            self._session.proposals_changed.emit([before[0]])

    def _note_offer(self) -> None:
        document = self._showing.document
        if document is not None:
            item_id = document.item.id
            self._offered = (item_id, self._session.store.proposals.is_open(item_id))

    def _close(self, item_id: int, accepted: int | None) -> None:
        """It was taken over by the edit `accepted`, or put away."""
        proposals = self._session.store.proposals
        if accepted is None:
            proposals.discard(item_id)
        else:
            proposals.accept(item_id, accepted)
        self._session.proposals_changed.emit([item_id])

    def _replaces(self, prediction: Prediction) -> bool:
        return not prediction.is_proposal or self._choices.proposals.replaces

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)


def _nothing_here(prediction: Prediction) -> str:
    if prediction.is_proposal:
        return "Nothing is proposed here for what is not labelled."
    return "The prediction says the same as the label here."
