"""The one run that may be going: prepared off the GUI thread, watched, asked to stop, and its end written down."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.events import Paused, Resumed, RunEvent
from studio.core.outcome import RunOutcome
from studio.core.recipe import Purpose, RunSpec
from studio.engine import Engine, FollowedRun, Run
from studio.store import RunRecord
from studio.store.runs import RUNS_FOLDER
from studio.ui.engine_bridge import EngineBridge
from studio.ui.interrupted_runs import Interrupted, close_interrupted_runs
from studio.ui.run_history import RunHistory
from studio.ui.run_sentences import preparing_sentence, progress_text, tone_of
from studio.ui.run_work import PreparedRun, followed_run, prepare_run, write_down_end
from studio.ui.session import Session, Tone
from studio.ui.widgets.folder_watch import FolderWatch
from studio.ui.widgets.work_queue import WorkQueue

EVENTS_A_TURN: Final = 2000
"""How many events are taken up between two looks at the mouse; some 5 ms of work."""

_TURN_MS: Final = 16
_LOOK_AGAIN_MS: Final = 2000

_BUSY: Final = "Run {} is still going; stop it, or wait for its end, before starting another."


class RunState(enum.StrEnum):
    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class RunControl(QObject):
    """Starts runs and reports what they say; knows no widget. Lives on the GUI thread and never makes it wait.

    `history` holds everything that the current run, or the last one, has said; it is up to date when `events` comes.
    """

    preparing = Signal(str)
    """One sentence about what is being done before the run can start."""
    started = Signal(object)
    """The `RunRecord` of a run whose process was just asked for."""
    events = Signal(list)
    """`RunEvent`s in order, a bounded number at a time."""
    ended = Signal(object, object)
    """The `RunRecord` and its `RunOutcome`, after all of its events."""
    failed = Signal(str)
    """Why a run could not be started, in one sentence."""
    interrupted = Signal(object, object)
    """`RunRecord` and `RunOutcome` of a run whose process is gone since the project was last open."""
    state_changed = Signal(str)
    """What the run is doing in a few words; empty when none is going."""

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._engine = engine
        self._work = WorkQueue("runs", self)
        self._bridge = EngineBridge(self)
        self._state = RunState.IDLE
        self._record: RunRecord | None = None
        self._run: Run | None = None
        self._waiting: deque[RunEvent] = deque()
        self._ending: RunOutcome | None = None
        self._stop_when_ready = False
        self._when_begun: Callable[[], object] | None = None
        self._purpose = Purpose.TRAIN
        self._said = ""
        self.history = RunHistory()
        self.last_ending: tuple[RunRecord, RunOutcome] | None = None
        """The run that ended, or was found interrupted, most recently."""
        self._turns = QTimer(self, interval=_TURN_MS)
        self._turns.timeout.connect(self._take_turn)
        self._look_again = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self._look_for_interrupted_runs)
        self._news = QTimer(self, singleShot=True, interval=0)  # a turn of its own, for many listen
        self._news.timeout.connect(session.runs_changed)
        self._bridge.events.connect(self._receive)
        self._bridge.ended.connect(self._receive_end)
        session.run_proposed.connect(self.submit)
        self._runs_folder = FolderWatch(session.store.root / RUNS_FOLDER, self)
        self._runs_folder.changed.connect(self._runs_were_added)
        self._look_for_interrupted_runs()

    # ------------------------------------------------------------------------------------------------ state
    @property
    def state(self) -> RunState:
        return self._state

    @property
    def engine(self) -> Engine:
        """What carries out runs, and may carry out short work beside them."""
        return self._engine

    @property
    def record(self) -> RunRecord | None:
        """The run that is going, or the one that went last."""
        return self._record

    @property
    def purpose(self) -> Purpose:
        """What the run is for that is going or being prepared, or the one that went last."""
        return self._purpose

    @property
    def is_busy(self) -> bool:
        return self._state is not RunState.IDLE

    @property
    def can_steer(self) -> bool:
        """Whether there are batches to come whose rate or number could be changed."""
        going = self._state in (RunState.RUNNING, RunState.PAUSED)
        return going and self._record is not None and self._record.spec.purpose is Purpose.TRAIN and self.history.trains

    @property
    def can_pause(self) -> bool:
        """Whether the run would pause, or is paused. What only looks for a rate or a batch goes on to its end."""
        return self._state is RunState.PAUSED or (self._state is RunState.RUNNING and self._purpose is Purpose.TRAIN)

    # ------------------------------------------------------------------------------------------------ requests
    def submit(self, spec: RunSpec, resume: str | None = None, *, lower_rate: bool = False) -> None:
        """Start a run of this recipe, or go on with the run `resume` from its last checkpoint; `lower_rate` divides its
        rates by 3 before its first batch.

        One run at a time: while one is going, `failed` says so.
        """
        if self.is_busy:
            self._refuse(_BUSY.format(self._record.id if self._record else ""))
            return
        self._purpose = spec.purpose
        self._set_state(RunState.PREPARING)
        self.preparing.emit(preparing_sentence(spec, resume))
        work = partial(prepare_run, self._session.store.root, self._engine, spec, resume, lower_rate=lower_rate)
        self._work.do(work, self._begin, self._give_up)

    def stop(self) -> None:
        """Finish the batch and keep what was learnt."""
        if self._state is RunState.PREPARING:
            self._stop_when_ready = True
        if self._run is not None and self.is_busy:
            self._run.stop()
            self._set_state(RunState.STOPPING)

    def pause(self) -> None:
        if self._run is not None and self._state is RunState.RUNNING and self.can_pause:
            self._run.pause()

    def resume_paused(self) -> None:
        if self._run is not None and self._state is RunState.PAUSED:
            self._run.resume()

    def lower_rate(self) -> None:
        """Divide all rates by 3 from the next batch on."""
        if self._run is not None and self.can_steer:
            self._run.lower_rate()

    def add_epoch(self) -> None:
        """Train the stage that is going one epoch longer."""
        if self._run is not None and self.can_steer:
            self._run.add_epoch()

    def kill(self) -> None:
        """End the process at once; what was learnt since the last checkpoint is lost."""
        if self._run is not None and self.is_busy:
            self._run.kill()

    @property
    def ends_with_the_window(self) -> bool:
        """Whether closing the window would end the run that is going or being prepared."""
        if self._state is RunState.PREPARING:
            return True
        return self.is_busy and self._run is not None and not isinstance(self._run, FollowedRun)

    def when_begun(self, then: Callable[[], object]) -> None:
        """Call `then` now, or once the run that is being prepared has begun; never where it could not begin."""
        if self._state is RunState.PREPARING:
            self._when_begun = then
        else:
            then()

    def let_go(self) -> None:
        """The run is to go on when the window is closed; a pause ends, for nobody would be there to end it."""
        if self._run is not None and self.ends_with_the_window:
            self._run.resume()
            self._run.let_go()

    def close(self) -> None:
        """Stop watching, and wait for what is being prepared or written down. The run itself is the engine's to end;
        how it ended is read from its folder next time."""
        self.leave()
        self._work.close()

    def leave(self) -> None:
        """Stop watching, at once; `wait_until_done` then waits on any thread."""
        self._turns.stop()
        self._look_again.stop()
        self._news.stop()
        self._runs_folder.close()
        self._bridge.shutdown()
        self._work.leave()

    def wait_until_done(self) -> None:
        """After `leave`: for what was being prepared or written down."""
        self._work.join()

    # ------------------------------------------------------------------------------------------------ beginning
    def _begin(self, prepared: PreparedRun) -> None:
        self._record, self._run, self.history = prepared.record, prepared.run, prepared.history
        self._purpose = prepared.record.spec.purpose
        self._waiting.clear()
        self._ending = None
        self._bridge.watch(prepared.run)
        self._turns.start()
        self._set_state(RunState.RUNNING)
        self.started.emit(prepared.record)
        self._news.start()
        stops, self._stop_when_ready = self._stop_when_ready, False
        if stops:
            self.stop()
        then, self._when_begun = self._when_begun, None
        if then is not None:
            QTimer.singleShot(0, self, then)

    def _give_up(self, sentence: str) -> None:
        self._stop_when_ready = False
        self._when_begun = None
        self._set_state(RunState.IDLE)
        self._refuse(sentence)
        self._look_for_interrupted_runs()

    def _refuse(self, sentence: str) -> None:
        self.failed.emit(sentence)
        self._session.say(sentence, Tone.WARNING)

    # ------------------------------------------------------------------------------------------------ going on
    def _receive(self, events: list[RunEvent]) -> None:
        self._waiting.extend(events)

    def _receive_end(self, outcome: RunOutcome) -> None:
        self._ending = outcome

    def _take_turn(self) -> None:
        """Pass on what has come, a bounded number of events at a time so that no burst can hold up the window."""
        if self._waiting:
            turn = [self._waiting.popleft() for _ in range(min(EVENTS_A_TURN, len(self._waiting)))]
            self.history.apply(turn)
            self._follow_pauses(turn)
            self._say_state()
            self.events.emit(turn)
        elif self._ending is not None:
            self._end(self._ending)

    def _follow_pauses(self, events: Iterable[RunEvent]) -> None:
        for event in events:
            if isinstance(event, Paused) and self._state is RunState.RUNNING:
                self._set_state(RunState.PAUSED)
            elif isinstance(event, Resumed) and self._state is RunState.PAUSED:
                self._set_state(RunState.RUNNING)

    def _end(self, outcome: RunOutcome) -> None:
        self._turns.stop()
        record, self._run, self._ending = self._record, None, None
        assert record is not None
        self._set_state(RunState.IDLE)
        self.last_ending = (record, outcome)
        self.ended.emit(record, outcome)
        self._session.say(f"Run {record.id}: {outcome.sentence}", tone_of(outcome))
        work = partial(write_down_end, self._session.store.root, record.id, record.folder, outcome)
        self._work.do(work, partial(self._written_down, record.id), self._refuse)

    def _written_down(self, run: str, has_scores: bool) -> None:
        self._session.runs_changed.emit()
        if has_scores:
            self._session.review_changed.emit(run)
        self._look_for_interrupted_runs()

    # ------------------------------------------------------------------------------------------------ interrupted runs
    def _look_for_interrupted_runs(self) -> None:
        """Not while this window is busy; whatever it is busy with ends with another look."""
        if self.is_busy:
            return
        work = partial(close_interrupted_runs, self._session.store.root)
        self._work.do(work, self._found_interrupted, self._refuse)

    def _runs_were_added(self) -> None:
        """By this window or by another program, whose run is then followed."""
        if not self.is_busy:
            self._session.runs_changed.emit()
            self._look_for_interrupted_runs()

    def _found_interrupted(self, found: Interrupted) -> None:
        if found.going and not self.is_busy:
            self._begin(followed_run(found.going[-1]))
            return
        if found.undecided:
            self._look_again.start()
        if not found.runs:
            return
        self._session.runs_changed.emit()
        for record, _outcome in found.runs:
            self._session.review_changed.emit(record.id)  # a run that had gone on may have scored anew
        if self._record is None:
            record, outcome = self.last_ending = found.runs[-1]
            self.interrupted.emit(record, outcome)
            self._session.say(f"Run {record.id}: {outcome.sentence}", tone_of(outcome))

    # ------------------------------------------------------------------------------------------------ words
    def _set_state(self, state: RunState) -> None:
        self._state = state
        self._say_state()

    def _say_state(self) -> None:
        text = self._short_text()
        if text != self._said:
            self._said = text
            self.state_changed.emit(text)

    def _short_text(self) -> str:
        match self._state:
            case RunState.IDLE:
                return ""
            case RunState.PREPARING:
                return "Preparing…"
            case RunState.STOPPING:
                return "Stopping…"
            case RunState.PAUSED:
                return "Paused"
            case RunState.RUNNING:
                return progress_text(self.history)
