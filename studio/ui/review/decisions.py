"""Decisions about review items: kept at once, each undoable, and told to everyone whom they concern."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

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


@dataclass(eq=False)
class _Batch:
    """What was decided with one key, and how much of it is carried out."""

    count: int = 0


@dataclass(frozen=True, eq=False)
class _Wish:
    item: int
    decision: Decision
    batch: _Batch


class Decisions(QObject):
    """Carries out what a person decides about items of `run`.

    They are carried out in their order, in slices between which the window goes on living. Accepting the prediction of
    a large picture is worked out on a thread first. Undo takes back as many as were decided with one key.
    """

    decided = Signal(list)
    """Ids of items whose decision changed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: str | None = None
        self._waiting: deque[_Wish] = deque()
        self._work = WorkQueue("decisions", self)
        self._sought: _Wish | None = None
        """The first of those that wait, while it is being worked out."""
        self._found: tuple[_Wish, Acceptance | None] | None = None
        self._at_once: list[_Batch] = []
        self._undone_at_once: list[int] = []
        self._deciding = False
        self._watched: tuple[str, int, int] | None = None
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
            self._run = run
            self._at_once, self._undone_at_once = [], []

    def decide(self, items: Sequence[int], decision: Decision) -> None:
        if self._run is None:
            return
        planned = {wish.item: wish.decision for wish in self._waiting}
        reviews = self._session.store.review.items(self._run, items)
        known = ((review.score.item, review.decision) for review in reviews)
        items = [item for item, now in known if planned.get(item, now) is not decision]
        if not items:
            return
        batch = _Batch()
        self._at_once.append(batch)
        self._undone_at_once.clear()
        was_busy = self.is_busy
        self._waiting.extend(_Wish(item, decision, batch) for item in items)
        if not was_busy:
            self._timer.start()
            self._go_on()

    def undo(self) -> list[int]:
        """Take back what was decided last; the items it was about, empty when there was nothing."""
        self.finish()
        count = self._at_once.pop().count if self._at_once else 1
        items = self._step(self._session.store.review.undo, count)
        if items:
            self._undone_at_once.append(len(items))
        else:
            self._session.say("There is no decision to take back.")
        return items

    def redo(self) -> list[int]:
        self.finish()
        count = self._undone_at_once.pop() if self._undone_at_once else 1
        items = self._step(self._session.store.review.redo, count)
        if items:
            self._at_once.append(_Batch(len(items)))
        else:
            self._session.say("There is no decision to bring back.")
        return items

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
        until = time.monotonic() + _SLICE_SECONDS
        done: list[int] = []
        self._deciding = True
        try:
            while self._waiting and (not done or time.monotonic() < until):
                wish = self._waiting[0]
                if not at_once and self._must_wait(wish):
                    break
                self._waiting.popleft()
                known = self._found[1] if self._found is not None and self._found[0] is wish else None
                self._found = None
                self._session.store.review.decide(self._run, wish.item, wish.decision, known)
                wish.batch.count += 1
                done.append(wish.item)
        except StudioError as error:
            self._waiting.clear()
            self._at_once = [batch for batch in self._at_once if batch.count]
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        if not self._waiting:
            self._timer.stop()
        self._tell(done)

    def _must_wait(self, wish: _Wish) -> bool:
        """Whether it is being worked out on a thread: again where the label changed since."""
        if wish.decision is not Decision.ACCEPTED or self._run is None or not self._is_large(wish.item):
            return False
        if self._found is not None and self._found[0] is wish:
            known = self._found[1]
            if known is None or known.head == self._session.store.journal.head(wish.item):
                return False
        self._timer.stop()
        if self._sought is not wish:
            self._sought = wish
            self._work.do(
                partial(_work_out, self._session.store.root, self._run, wish.item),
                partial(self._take_acceptance, wish),
                lambda _sentence: self._take_acceptance(wish, None),  # what is wrong is said when it is carried out
            )
        return True

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

    def _step(self, step: Callable[[str], int | None], count: int) -> list[int]:
        if self._run is None:
            return []
        items: list[int] = []
        self._deciding = True
        try:
            for _ in range(count):
                item = step(self._run)
                if item is None:
                    break
                items.append(item)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        self._tell(items)
        return items

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
        if self._watched is not None and self._watched[1] in items:
            self._watch(self._session.overlay)
        self.decided.emit(items)

    # -- items that are edited on the Label page ----------------------------------------------------------------------

    def _watch(self, overlay: Overlay | None) -> None:
        """Remember the label of the item whose prediction is being looked at, so as to see that it is edited."""
        self._watched = None
        if overlay is not None:
            revision = self._session.store.item(overlay.item).revision
            self._watched = overlay.run, overlay.item, revision

    def _note_edits(self, items: list[int]) -> None:
        if self._deciding or self._watched is None:
            return
        run, item, revision = self._watched
        if items and item not in items:
            return
        now = self._session.store.item(item).revision
        if now == revision:
            return
        self._watched = run, item, now
        store = self._session.store
        known = store.review.items(run, [item])
        if not known:
            return
        self._deciding = True
        try:
            store.review.note_edited(run, item)
            if run == self._run and known[0].decision is not Decision.EDITED:
                self._at_once.append(_Batch(1))
                self._undone_at_once.clear()
            self._session.review_changed.emit(run)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        self.decided.emit([item])


def _work_out(root: Path, run: str, item: int) -> Acceptance | None:
    with Store.open(root) as store:
        return store.review.acceptance(run, item)
