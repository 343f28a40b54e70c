"""Asking models for proposals and for what to label next, one job at a time, without the window ever waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.counting import counted
from studio.core.errors import StudioError
from studio.core.events import Progress, Proposed, Ranked, RunEvent, Warned
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.proposals import FROM_STROKES
from studio.core.settings import Task
from studio.engine import Engine, LocalEngine, Run, scribbler_command
from studio.store.job_making import make_job, make_queue_job, remove_job
from studio.ui.engine_bridge import EngineBridge
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

_RESERVED_CORES: Final = 1


class ProposalControl(QObject):
    """Lives on the GUI thread; a worker process computes, and what it proposes is kept as it comes.

    Without an engine (`use_engine`) only strokes can propose. The worker for strokes is started with the first stroke,
    so that it is ready by the time it is asked.
    """

    state_changed = Signal()
    """`is_busy`, `is_ranking`, `what`, `done` or `total` changed."""
    ended = Signal(str)
    """A sentence about what came of it."""
    failed = Signal(str)
    """Why there is no proposal, in one sentence."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._engine: Engine | None = None
        self._stroke_engine: LocalEngine | None = None
        self._work = WorkQueue("proposals", self)
        self._bridge = EngineBridge(self)
        self._bridge.events.connect(self._receive)
        self._bridge.ended.connect(self._finish)
        self._source = ""
        self._folder: Path | None = None
        self._run: Run | None = None
        self._made = 0
        self._queued = 0
        self._is_cancelled = False
        self._is_warm = False
        self.is_busy = False
        self.is_ranking = False
        """Whether the job under way chooses what to label next."""
        self.what = ""
        """What it is at, in a word."""
        self.done = 0
        self.total = 0

    def use_engine(self, engine: Engine) -> None:
        """Have this engine carry out the jobs of runs."""
        self._engine = engine
        self.state_changed.emit()

    @property
    def is_proposing(self) -> bool:
        """Whether the job under way is about what somebody asked proposals for."""
        return self.is_busy and not self.is_ranking

    @property
    def has_engine(self) -> bool:
        return self._engine is not None

    def propose(self, source: str, items: Sequence[int]) -> None:
        """Have `source` (`FROM_STROKES` or a run's id) propose for these items, in this order."""
        if not self.is_busy and items:
            self.total = len(items)
            self._ask(source, partial(make_job, self._session.store.root, source, list(items)))

    def rank(self, run: str, places: int) -> None:
        """Have the run's model choose at most so many items to label next, and propose for each."""
        if not self.is_busy:
            self.is_ranking, self.total, self._queued = True, 0, 0
            self._ask(run, partial(make_queue_job, self._session.store.root, run, places=places))

    def _ask(self, source: str, make: Callable[[], Path]) -> None:
        self._source, self._made, self._is_cancelled = source, 0, False
        self.is_busy, self.done = True, 0
        self.state_changed.emit()
        try:
            self._session.save_all()  # what is painted is in the journal before the job is made from there
        except StudioError as error:
            self._give_up(error.sentence)
            return
        engine = self._scribbler() if source == FROM_STROKES else self._engine
        if engine is None:
            self._give_up("This window has no engine to run a model with.")
            return
        self._work.do(partial(_start, engine, make), self._begin, self._give_up)

    def cancel(self) -> None:
        """Stop after the item being worked on; what was proposed by then stays."""
        self._is_cancelled = True
        if self._run is not None:
            self._run.stop()

    def note_painted(self) -> None:
        """Somebody paints, and may soon want the rest proposed: get the worker for strokes ready."""
        if self._engine is not None and not self._is_warm and self._session.settings.task is Task.SEGMENTATION:
            self._is_warm = True
            self._work.do(self._scribbler().warm, lambda _none: None, self.failed.emit)

    def close(self) -> None:
        """End the processes and threads."""
        self._bridge.shutdown()
        if self._run is not None:
            self._run.kill()
        self._work.close()
        if self._stroke_engine is not None:
            self._stroke_engine.close(grace=0.2)
        if self._folder is not None:
            remove_job(self._folder)

    def _begin(self, started: tuple[Path, Run]) -> None:
        self._folder, self._run = started
        self._bridge.watch(self._run)
        if self._is_cancelled:
            self._run.stop()

    def _scribbler(self) -> LocalEngine:
        if self._stroke_engine is None:
            self._stroke_engine = LocalEngine(scribbler_command())
        return self._stroke_engine

    def _receive(self, events: list[RunEvent]) -> None:
        made: list[int] = []
        for event in events:
            if isinstance(event, Proposed):
                made += self._keep(event)
            elif isinstance(event, Ranked):
                self._keep_queue(event)
            elif isinstance(event, Progress):
                self.what, self.done, self.total = event.what, event.done, event.total
            elif isinstance(event, Warned):
                self.failed.emit(event.sentence)
        if made:
            self._made += len(made)
            self._session.proposals_changed.emit(made)
        self.state_changed.emit()

    def _keep(self, event: Proposed) -> list[int]:
        """The item that has a proposal now; none where it could not be kept."""
        try:
            self._session.store.proposals.keep(self._source, event)
        except StudioError as error:
            self.failed.emit(error.sentence)
            return []
        return [event.item]

    def _keep_queue(self, event: Ranked) -> None:
        try:
            self._session.store.queue.replace(self._source, event.queue)
        except StudioError as error:
            self.failed.emit(error.sentence)
            return
        self._queued = len(event.queue)
        self._session.queue_changed.emit()

    def _finish(self, outcome: RunOutcome) -> None:
        if outcome.learnt_something or self._is_cancelled:
            ranked = self.is_ranking
            self._end()
            stopped = "Stopped; " if outcome.kind is OutcomeKind.STOPPED else ""
            if ranked:
                self.ended.emit(self._queue_sentence(stopped))
                return
            what = counted(self._made, "item has", "items have")
            keys = "{accept_all} accepts it, {accept_here} the region under the cursor"
            sentence = f"{stopped}{what} a new proposal: {keys}."
            self.ended.emit(sentence if self._made else f"{stopped}no item has a new proposal.".capitalize())
        else:
            self._give_up(outcome.sentence)

    def _queue_sentence(self, stopped: str) -> str:
        if not self._queued:
            return f"{stopped}the queue is as it was.".capitalize()
        return f"{stopped}{counted(self._queued, 'item')} to label next: {{next_queued}} goes from one to the next."

    def _give_up(self, sentence: str) -> None:
        self._end()
        if sentence:
            self.failed.emit(sentence)

    def _end(self) -> None:
        self._run = None
        if self._folder is not None:
            self._work.do(partial(remove_job, self._folder), lambda _none: None, lambda _sentence: None)
            self._folder = None
        self.is_busy = self.is_ranking = False
        self.what = ""
        QTimer.singleShot(0, self, self.state_changed.emit)


def _start(engine: Engine, make: Callable[[], Path]) -> tuple[Path, Run]:
    folder = make()
    return folder, engine.propose(folder, reserve_cores=_RESERVED_CORES)
