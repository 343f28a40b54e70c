"""Decisions about review items: kept at once, each undoable, and told to everyone whom they concern."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.deciding import AcceptRegion, Decide, Deed, StepState
from studio.core.errors import StudioError
from studio.core.images import image_size
from studio.core.review import Decision
from studio.core.settings import Task
from studio.store import Acceptance, Store
from studio.ui.session import Overlay, Session, Tone
from studio.ui.widgets.work_queue import WorkQueue

_SLICE_SECONDS: Final = 0.02
"""How long many decisions may hold the window before it may paint again."""

_AT_ONCE_PIXELS: Final = 1_000_000
"""Accepting the prediction of a larger picture is worked out on a thread."""


_FEWEST_STEPS: Final = 8
"""As many steps are carried out or taken back at once, whatever they cost."""


_RIGHT_ALREADY: Final = "The label was changed here, so it counts as right already and stays a correction."


@dataclass(eq=False)
class _Batch:
    """What was asked for with one key; it has a number once the first of it is carried out. `left` wishes wait still,
    `called_right` is what became of the labels of which it says that they are right."""

    left: int
    number: int = 0
    called_right: set[Decision] = field(default_factory=set)

    @property
    def says_nothing_new(self) -> bool:
        """Whether all that was called right had been changed here, so that it stays a correction."""
        return not self.left and self.called_right == {Decision.EDITED}


@dataclass(frozen=True, eq=False)
class _Wish:
    item: int
    deed: Deed
    batch: _Batch


@dataclass(eq=False)
class _Leap:
    """Steps to take back (those done) or to do again (those undone) as one; how many is known when it begins."""

    state: StepState
    threshold: float | None = None
    left: int = -1
    items: list[int] = field(default_factory=list)


class Decisions(QObject):
    """Carries out what a person decides about items of `run`.

    It is carried out in its order, in slices between which the window goes on living; each slice reaches the disk as
    one before anybody is told. Accepting a prediction of a large picture is worked out on a thread first. Undo takes
    back as many as were decided with one key.
    """

    decided = Signal(list)
    """Ids of items whose decision or note changed."""
    stepped = Signal(list)
    """Ids of the items about which undo or redo was, once it is over."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: str | None = None
        self._threshold: float | None = None
        self._waiting: deque[_Wish | _Leap] = deque()
        self._work = WorkQueue("decisions", self)
        self._sought: _Wish | None = None
        """The first of those that wait, while it is being worked out."""
        self._found: tuple[_Wish, Acceptance | None] | None = None
        self._deciding = False
        self._watched: tuple[Overlay, int, int] | None = None
        """What is being looked at, the revision of its label, and the edit that it shows."""
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)
        session.overlay_changed.connect(self._watch)
        session.items_changed.connect(self._note_edits)

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    @property
    def is_telling(self) -> bool:
        """Whether the news that goes round is about decisions made here."""
        return self._deciding

    def set_run(self, run: str | None) -> None:
        """The run that further decisions are about; what is still waiting for the former is carried out first."""
        if run != self._run:
            self.finish()
            self._run, self._threshold = run, None

    def set_threshold(self, threshold: float | None) -> None:
        """From which probability on tags show as predicted by the run; further acceptances take over these, whatever
        another threshold, which is being stored, makes of them meanwhile."""
        self._threshold = threshold

    def decide(self, items: Sequence[int], decision: Decision) -> None:
        """Of the items as wholes; those about which it was decided so already are passed over. What it means that a
        label is right is up to whether it was changed here."""
        if self._run is None:
            return
        known = self._session.store.review.decisions_of(self._run, items)
        for wish in self._waiting:
            if isinstance(wish, _Wish) and isinstance(wish.deed, Decide):
                known[wish.item] = wish.deed.decision
        is_up_to_label = decision is Decision.LABEL_RIGHT
        wanted = [i for i in items if is_up_to_label or known.get(i, Decision.UNDECIDED) is not decision]
        self.act(wanted, Decide(decision, self._threshold if decision is Decision.ACCEPTED else None))

    def act(self, items: Sequence[int], deed: Deed) -> None:
        """Do something to each of the items, as one step for undo."""
        if self._run is None or not items:
            return
        batch = _Batch(left=len(items))
        self._waiting.extend(_Wish(item, deed, batch) for item in items)
        self._begin(len(self._waiting) == len(items))

    def undo(self) -> None:
        """Take back what was decided last with one key; `stepped` says when it is done."""
        self._leap(StepState.DONE)

    def redo(self) -> None:
        self._leap(StepState.UNDONE)

    def _leap(self, state: StepState) -> None:
        if self._run is not None:
            if len(self._waiting) <= _FEWEST_STEPS:
                self.finish()
            self._waiting.append(_Leap(state, self._threshold))
            self._begin(len(self._waiting) == 1)

    def _begin(self, is_first: bool) -> None:
        if is_first:
            self._timer.start()
            self._go_on()

    # -- carrying out -------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Carry out what is still waiting, at once."""
        while self._waiting:
            self._go_on(at_once=True)

    def close(self) -> None:
        """Carry out what is still waiting and end the thread."""
        self.finish()
        self._work.close()

    def _go_on(self, *, at_once: bool = False) -> None:
        """Carry out one slice; `at_once` waits for no thread."""
        assert self._run is not None
        first = self._waiting[0] if self._waiting else None
        if not at_once and isinstance(first, _Wish) and self._must_wait(first):
            return
        done: list[int] = []
        over: list[_Leap | _Batch] = []
        self._deciding = True
        try:
            with self._session.store.review.in_one_go():
                self._carry_out_slice(done, over, at_once=at_once)
        except StudioError as error:
            self._give_up(error)
            done.clear()
        finally:
            self._deciding = False
        if not self._waiting:
            self._timer.stop()
        self._tell(list(dict.fromkeys(done)))
        for ended in over:
            self._report(ended)

    def _carry_out_slice(self, done: list[int], over: list[_Leap | _Batch], *, at_once: bool) -> None:
        """Add to `done` the items that something was done to, and to `over` the undos, redos and keys that ended."""
        until, is_first = time.monotonic() + _SLICE_SECONDS, True
        try:
            while self._waiting and (is_first or time.monotonic() < until):
                wish, is_first = self._waiting[0], False
                if isinstance(wish, _Leap):
                    if self._step(wish, done, until):
                        over.append(wish)
                        self._waiting.popleft()
                    continue
                if not at_once and self._must_wait(wish):
                    break
                self._waiting.popleft()
                if self._carry_out(wish):
                    done.append(wish.item)
                if not wish.batch.left:
                    over.append(wish.batch)
        except StudioError as error:
            self._give_up(error)

    def _carry_out(self, wish: _Wish) -> bool:
        """Says whether there was anything to do."""
        assert self._run is not None
        review, batch = self._session.store.review, wish.batch
        known = self._found[1] if self._found is not None and self._found[0] is wish else None
        self._found = None
        batch.number = batch.number or review.new_batch()
        did = review.act(self._run, wish.item, wish.deed, known, batch=batch.number)
        batch.left -= 1
        if isinstance(wish.deed, Decide) and wish.deed.decision is Decision.LABEL_RIGHT:
            batch.called_right.update(review.decisions_of(self._run, [wish.item]).values())
        return did

    def _step(self, leap: _Leap, done: list[int], until: float) -> bool:
        """Go on with an undo or a redo; says whether it is over."""
        assert self._run is not None
        review = self._session.store.review
        step = review.undo if leap.state is StepState.DONE else partial(review.redo, threshold=leap.threshold)
        if leap.left < 0:
            leap.left = review.together(self._run, leap.state)
        here = 0
        while leap.left > 0 and (here < _FEWEST_STEPS or time.monotonic() < until):
            item = step(self._run)
            leap.left = leap.left - 1 if item is not None else 0
            here += 1
            if item is not None:
                leap.items.append(item)
                done.append(item)
        return leap.left == 0

    def _report(self, ended: _Leap | _Batch) -> None:
        if isinstance(ended, _Batch):
            if ended.says_nothing_new:
                self._session.say(_RIGHT_ALREADY)
            return
        if not ended.items:
            takes_back = ended.state is StepState.DONE
            self._session.say(f"There is no decision to {'take back' if takes_back else 'bring back'}.")
        self.stepped.emit(ended.items)

    def _give_up(self, error: StudioError) -> None:
        """What is still waiting would most likely fail as well."""
        self._waiting.clear()
        self._session.say(error.sentence, Tone.ERROR)

    def _must_wait(self, wish: _Wish) -> bool:
        """Whether it is being worked out on a thread: again where the label changed since."""
        if self._run is None or not self._is_worked_out(wish):
            return False
        if self._found is not None and self._found[0] is wish:
            known = self._found[1]
            if known is None or known.head == self._session.store.journal.head(wish.item):
                return False
        self._timer.stop()
        if self._sought is not wish:
            self._sought = wish
            self._work.do(
                partial(_work_out, self._session.store.root, self._run, wish.item, wish.deed),
                partial(self._take_acceptance, wish),
                lambda _sentence: self._take_acceptance(wish, None),  # what is wrong is said when it is carried out
            )
        return True

    def _is_worked_out(self, wish: _Wish) -> bool:
        """Whether the deed goes through a large mask."""
        match wish.deed:
            case AcceptRegion() | Decide(Decision.ACCEPTED):
                return self._is_large(wish.item)
            case _:
                return False

    def _take_acceptance(self, wish: _Wish, found: Acceptance | None) -> None:
        if self._sought is wish:
            self._sought = None
        if self._waiting and self._waiting[0] is wish:
            self._found = wish, found
            self._timer.start()
            self._go_on()

    def _is_large(self, item: int) -> bool:
        if self._session.settings.task is not Task.SEGMENTATION:
            return False
        try:
            width, height = image_size(self._session.store.item(item).path)
        except StudioError:  # its label may be there all the same
            return False
        return width * height > _AT_ONCE_PIXELS

    def _tell(self, items: list[int]) -> None:
        if not items:
            return
        assert self._run is not None
        self._deciding = True
        try:
            self._session.items_changed.emit(items)
            self._session.review_changed.emit(self._run)
        finally:
            self._deciding = False
        if self._watched is not None and self._watched[0].item in items:
            self._watch(self._session.overlay)
        self.decided.emit(items)

    # -- items that are edited on the Label page ----------------------------------------------------------------------

    def _watch(self, overlay: Overlay | None) -> None:
        """Remember the label of the item whose prediction is being looked at, so as to see that it is edited."""
        self._watched = None
        if overlay is not None:
            store = self._session.store
            self._watched = overlay, store.item(overlay.item).revision, store.journal.head(overlay.item)

    def _note_edits(self, items: list[int]) -> None:
        if self._deciding or self._watched is None:
            return
        overlay, revision, head = self._watched
        run, item, store = overlay.run, overlay.item, self._session.store
        if items and item not in items:
            return
        if store.item(item).revision == revision:
            return
        self._watch(overlay)
        if not store.review.items(run, [item]):
            return
        self._deciding = True
        try:
            store.review.note_edited(run, item, head)
            self._session.review_changed.emit(run)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        self.decided.emit([item])


def _work_out(root: Path, run: str, item: int, deed: Deed) -> Acceptance | None:
    with Store.open(root) as store:
        return store.review.acceptance(run, item, deed)
