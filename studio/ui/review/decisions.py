"""Decisions about review items: kept at once, each undoable, and told to everyone whom they concern."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.review import Decision
from studio.ui.session import Overlay, Session, Tone

_SLICE_SECONDS: Final = 0.02
"""How long many decisions may hold the window before it may paint again."""


class Decisions(QObject):
    """Carries out what a person decides about items of `run`.

    Accepting a prediction changes a label, so it takes a moment on a large picture: many decisions are carried out in
    slices between which the window goes on living. Undo takes back as many as were decided with one key.
    """

    decided = Signal(list)
    """Ids of items whose decision changed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: str | None = None
        self._waiting: deque[tuple[int, Decision]] = deque()
        self._at_once: list[int] = []
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
        self.finish()
        reviews = self._session.store.review_items(self._run, items)
        items = [review.score.item for review in reviews if review.decision is not decision]
        if not items:
            return
        self._at_once.append(len(items))
        self._undone_at_once.clear()
        self._waiting.extend((item, decision) for item in items)
        self._go_on()
        if self._waiting:
            self._timer.start()

    def undo(self) -> list[int]:
        """Take back what was decided last; the items it was about, empty when there was nothing."""
        self.finish()
        count = self._at_once.pop() if self._at_once else 1
        items = self._step(self._session.store.undo_decision, count)
        if items:
            self._undone_at_once.append(len(items))
        else:
            self._session.say("There is no decision to take back.")
        return items

    def redo(self) -> list[int]:
        self.finish()
        count = self._undone_at_once.pop() if self._undone_at_once else 1
        items = self._step(self._session.store.redo_decision, count)
        if items:
            self._at_once.append(len(items))
        else:
            self._session.say("There is no decision to bring back.")
        return items

    # -- carrying out -------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Carry out what is still waiting."""
        while self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        """Carry out one slice."""
        assert self._run is not None
        until = time.monotonic() + _SLICE_SECONDS
        done: list[int] = []
        self._deciding = True
        try:
            while self._waiting and (not done or time.monotonic() < until):
                item, decision = self._waiting.popleft()
                self._session.store.decide(self._run, item, decision)
                done.append(item)
        except StudioError as error:
            self._at_once[-1] -= len(self._waiting) + 1
            self._waiting.clear()
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        if not self._waiting:
            self._timer.stop()
        self._tell(done)

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
        known = store.review_items(run, [item])
        if not known:
            return
        self._deciding = True
        try:
            store.note_edited(run, item)
            if run == self._run and known[0].decision is not Decision.EDITED:
                self._at_once.append(1)
                self._undone_at_once.clear()
            self._session.review_changed.emit(run)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
        finally:
            self._deciding = False
        self.decided.emit([item])
