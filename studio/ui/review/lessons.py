"""What a pressed Fine-tune button is to learn, read beside the window: of many corrections that takes a second."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from studio.ui.review.decisions import Decisions
from studio.ui.review.fine_tune import FineTuneBar
from studio.ui.review.loading import read_lessons
from studio.ui.session import Session, Tone
from studio.ui.widgets.work_queue import WorkQueue


class Lessons(QObject):
    def __init__(
        self, session: Session, work: WorkQueue, decisions: Decisions, bar: FineTuneBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._work = work
        self._decisions = decisions
        self._bar = bar
        bar.wanted.connect(self._read)

    def _read(self, run: str) -> None:
        """What is decided by now belongs to it."""
        self._decisions.finish()
        work = partial(read_lessons, self._session.store.root, run)
        self._work.do(work, partial(self._bar.propose, run), self._fail)

    def _fail(self, sentence: str) -> None:
        self._bar.give_up()
        self._session.say(sentence, Tone.ERROR)
