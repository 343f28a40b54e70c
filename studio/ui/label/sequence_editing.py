"""Labels taken from neighbouring frames: copied from the one before, or filled in between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.regions import Chosen
from studio.core.taking_over import copy_of
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.huge_edits import HugeEdit
from studio.ui.label.mask_sequence import Filled, Frame, Gap, chosen_at, fill, find_gap, frame_before
from studio.ui.session import Session, Tone
from studio.ui.widgets.work_queue import WorkQueue

_COPYING: Final = "copying the frame before"


class SequenceEditing:
    """Reads and works things out on a thread; what is painted is one edit an item, made on this one."""

    def __init__(self, session: Session, choices: Choices, canvas: Canvas) -> None:
        self._session = session
        self._choices = choices
        self._canvas = canvas
        self._queue = WorkQueue("sequence", canvas)

    def copy(self, *, everything: bool = False, one_class: bool = False) -> None:
        """Take over the label of the frame before: onto unlabelled pixels or onto all, all of it or the class that it
        has under the cursor (the current class where the cursor is elsewhere)."""
        document = self._document
        if document is None:
            return
        root, item = self._session.store.root, document.item
        pixel = self._canvas.pixel_under_cursor() if one_class else None

        def arrived(frame: Frame | None) -> None:
            if self._document is document:
                self._copy(document, frame, pixel, one_class=one_class, everything=everything)

        self._queue.do(lambda: frame_before(root, item), arrived, self._canvas.failed.emit)

    def interpolate(self) -> None:
        """Fill the frames between this one and the nearest other one that has the region under the cursor."""
        document = self._document
        if document is None:
            return
        root, item, class_id, pixel = (
            self._session.store.root,
            document.item,
            self._choices.class_id,
            self._canvas.pixel_under_cursor(),
        )
        chosen: Chosen | None = None

        def work(mask: Mask, _stopped: Callable[[], bool]) -> None:
            nonlocal chosen
            chosen = chosen_at(mask, class_id, pixel)

        def found(_edit: MaskEdit | None) -> None:
            self._queue.do(
                lambda: find_gap(root, item, chosen, document.size, is_region=pixel is not None),
                self._gap_found,
                self._canvas.failed.emit,
            )

        self._canvas.huge_edits.make(
            HugeEdit(
                document=document,
                doing="Interpolating",
                pixel=pixel,
                work=work,
                done=found,
                failed=self._canvas.failed.emit,
            )
        )

    def close(self) -> None:
        """End the thread."""
        self._queue.close()

    @property
    def _document(self) -> MaskDocument | None:
        document = self._canvas.document
        return document if isinstance(document, MaskDocument) and not self._canvas.tool.is_busy else None

    def _copy(
        self,
        document: MaskDocument,
        frame: Frame | None,
        pixel: tuple[int, int] | None,
        *,
        one_class: bool,
        everything: bool,
    ) -> None:
        if frame is None:
            self._canvas.hint("There is no frame before this one in its sequence.")
        elif frame.mask is None:
            self._canvas.hint(f"{frame.name} has no label to copy.")
        elif frame.mask.shape != document.mask.shape:
            height, width = frame.mask.shape
            self._canvas.hint(f"{frame.name} is {width}×{height} pixels, another size than this frame.")
        else:
            under = int(frame.mask[pixel[1], pixel[0]]) if pixel is not None else self._choices.class_id
            self._copy_mask(document, frame.name, frame.mask, under if one_class else None, everything=everything)

    def _copy_mask(
        self, document: MaskDocument, name: str, other: Mask, value: int | None, *, everything: bool
    ) -> None:
        protection, is_full = document.protection, False

        def work(mask: Mask, stopped: Callable[[], bool]) -> MaskEdit | None:
            nonlocal is_full
            edit = copy_of(
                mask, other, protection, _COPYING, value=value, only_unlabelled=not everything, stopped=stopped
            )
            is_full = edit is None and not everything and not (mask == UNLABELLED).any()
            return edit

        def done(edit: MaskEdit | None) -> None:
            if edit is not None:
                sentence = f"Copied from {name}." if edit.patches else "What would change is locked."
            elif is_full:
                sentence = "This frame has no unlabelled pixel left; {copy_label_over} copies onto all of them."
            else:
                sentence = f"{name} has nothing that could be copied here."
            self._canvas.hint_about(document, sentence)

        self._canvas.huge_edits.make(
            HugeEdit(
                document=document,
                doing="Copying",
                pixel=None,
                work=work,
                done=done,
                failed=self._canvas.failed.emit,
            )
        )

    def _gap_found(self, gap: Gap | str) -> None:
        if isinstance(gap, str):
            self._canvas.hint(gap)
            return
        name = next((c.name for c in self._session.settings.classes if c.id == gap.value), f"id {gap.value}")
        filling = _Filling(self._session, gap, name)
        root = self._session.store.root
        for item_id, share in gap.items:
            self._queue.do(
                lambda item_id=item_id, share=share: fill(root, gap, item_id, share),
                lambda filled, item_id=item_id: filling.take(item_id, filled),
                filling.fail,
            )
        filling.tell()


class _Filling:
    """One interpolation on its way: what each frame gets, and what the person is told."""

    def __init__(self, session: Session, gap: Gap, name: str) -> None:
        self._session = session
        self._gap = gap
        self._name = name
        self._done = 0
        self._changed = 0

    def take(self, item_id: int, filled: Filled | None) -> None:
        try:
            if filled is not None and self._session.store.carry_out(item_id, filled.edit, filled.head):
                self._changed += 1
                self._session.items_changed.emit([item_id])
        except StudioError as error:
            self.fail(error.sentence)
            return
        self._done += 1
        self.tell()

    def fail(self, sentence: str) -> None:
        self._done += 1
        self._session.say(sentence, Tone.ERROR)

    def tell(self) -> None:
        total = len(self._gap.items)
        if self._done < total:
            self._session.say(f"Interpolating {self._name}: {self._done} of {total} frames…")
            return
        left = total - self._changed
        sentence = f"{self._name} filled in on {self._changed} of {total} frames between {self._gap.first} and "
        alone = "; the others have it already, or no unlabelled pixels there" if left else ""
        self._session.say(f"{sentence}{self._gap.last}{alone}.", Tone.OK if self._changed else Tone.INFO)
