"""Taking over what a model says, on the Label page: a run's prediction in review, or a proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from studio.core.arrays import Mask
from studio.core.classes import LabelClass
from studio.core.document import MaskDocument, PointsDocument, TagsDocument
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.proposals import Proposal
from studio.core.tags import Tags
from studio.core.taking_over import acceptance, acceptance_at
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.huge_edits import HugeEdit, Work
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.prediction import Prediction, accept_point, accept_points, nearest_point
from studio.ui.label.proposing.discarding import DISCARDED, Discarding
from studio.ui.label.tagging.tagging import Tagging
from studio.ui.session import Session

_DOING: Final = "Accepting"
_ALL: Final = "accepting the prediction"
_CLASS: Final = "accepting a class"
_LOCKED: Final = "What would change is locked."


class Accepting:
    """Each acceptance is one edit of the document. A proposal fills only what is not labelled, unless the person has
    chosen that it may replace; a prediction in review always replaces."""

    def __init__(
        self,
        session: Session,
        choices: Choices,
        canvas: Canvas,
        showing: ItemShowing,
        tagging: Tagging | None,
    ) -> None:
        """`tagging` where classes of whole items are proposed."""
        self._session = session
        self._tagging = tagging
        self._choices = choices
        self._canvas = canvas
        self._showing = showing
        self.discarding = Discarding(session, canvas, showing)
        self._offered: tuple[int, bool] | None = None
        """The item that was shown last, and whether its proposal was open."""
        session.proposals_changed.connect(lambda _ids: self._note_offer())

    def here(self) -> None:
        """The region, or the keypoint, under the cursor."""
        prediction, document, pixel = self._showing.prediction, self._showing.seen, self._canvas.pixel_under_cursor()
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
            mask, at = prediction.mask, pixel
            classes, replace, protection = self._classes, self._replaces(prediction), document.protection

            def work(now: Mask, stopped: Callable[[], bool]) -> MaskEdit | None:
                return acceptance_at(now, mask, at, classes, protection, _ALL, replace=replace, stopped=stopped)

            nothing = _nothing_here(prediction)
            self._take_over(document, work, lambda edit: self._say_if_none(document, edit, nothing), pixel=pixel)

    def of_class(self) -> None:
        """Everything of the chosen class."""
        prediction, document, class_id = self._showing.prediction, self._showing.seen, self._choices.class_id
        if prediction is None or prediction.mask is None or not isinstance(document, MaskDocument):
            return
        name = next((c.name for c in self._classes if c.id == class_id), "this class")
        self._take_over(
            document,
            self._whole(document, prediction.mask, class_id, replace=self._replaces(prediction)),
            lambda edit: self._say_if_none(document, edit, f"Nothing more is proposed as {name}."),
        )

    def all(self) -> None:
        """Everything; a proposal is then done with, until that edit is undone."""
        prediction, document = self._showing.prediction, self._showing.seen
        if prediction is None:
            return
        proposal = self._session.store.proposals.of(prediction.item) if prediction.is_proposal else None
        if isinstance(document, MaskDocument) and prediction.mask is not None:
            self._take_over(
                document,
                self._whole(document, prediction.mask, None, replace=self._replaces(prediction)),
                lambda edit: self._taken_over(proposal, document.head, edit),
            )
        elif isinstance(document, TagsDocument) and prediction.tags is not None:
            self._accept_tags(document, prediction.tags.tags, proposal)
        elif isinstance(document, PointsDocument) and prediction.points is not None:
            points, replace = prediction.points, self._replaces(prediction)

            def accept() -> None:
                changed = accept_points(document, points, replace=replace)
                self._close(proposal, document.head if changed else None)

            self._try(accept)

    def discard(self) -> None:
        """Put the proposal away; the label stays as it is."""
        prediction = self._showing.prediction
        if prediction is not None and prediction.is_proposal and self._showing.seen is not None:
            proposal = self._session.store.proposals.of(prediction.item)
            self._try(lambda: self._close(proposal, None) or self._canvas.hint(DISCARDED))

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

    def _accept_tags(self, document: TagsDocument, tags: Tags, proposal: Proposal | None) -> None:
        """A label as a whole settles its proposal by itself; one that is there already does not come anew."""
        assert self._tagging is not None
        if document.tags == tags:
            self._try(lambda: self._close(proposal, None))
        self._tagging.accept(tags, _ALL)

    # -- masks --------------------------------------------------------------------------------------------------------

    def _whole(self, document: MaskDocument, mask: Mask, class_id: int | None, *, replace: bool) -> Work:
        classes, protection = self._classes, document.protection
        what = _ALL if class_id is None else _CLASS
        return lambda now, stopped: acceptance(
            now, mask, classes, protection, what, replace=replace, class_id=class_id, stopped=stopped
        )

    def _take_over(
        self,
        document: MaskDocument,
        work: Work,
        done: Callable[[MaskEdit | None], object],
        *,
        pixel: tuple[int, int] | None = None,
    ) -> None:
        """At once on a small mask, else on a thread, in its turn. `done` hears of the edit, None for nothing to do."""

        def made(edit: MaskEdit | None) -> None:
            if edit is not None:
                self._canvas.hint_about(document, "Accepted." if edit.patches else _LOCKED)
            self._try(lambda: done(edit))

        self._canvas.huge_edits.make(
            HugeEdit(
                document=document, doing=_DOING, pixel=pixel, work=work, done=made, failed=self._canvas.failed.emit
            )
        )

    def _say_if_none(self, document: MaskDocument, edit: MaskEdit | None, sentence: str) -> None:
        if edit is None:
            self._canvas.hint_about(document, sentence)

    def _taken_over(self, proposal: Proposal | None, head: int, edit: MaskEdit | None) -> None:
        if edit is None:
            self._close(proposal, None)
        elif edit.patches:
            self._close(proposal, head)

    # -- proposals ----------------------------------------------------------------------------------------------------

    def _close(self, proposal: Proposal | None, accepted: int | None) -> None:
        """It was taken over by the edit `accepted`, or put away; unless another one lies there by now."""
        proposals = self._session.store.proposals
        if proposal is None or proposals.of(proposal.item) != proposal:
            return
        if accepted is None:
            self.discarding.put_away(proposal)
        else:
            proposals.accept(proposal.item, accepted)
            self._session.proposals_changed.emit([proposal.item])

    @property
    def _classes(self) -> tuple[LabelClass, ...]:
        return self._session.settings.classes

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
