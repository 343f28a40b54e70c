"""An engine without processes: runs say what a test or a demonstration tells them to, and obey like real ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from studio.core.commands import StartProposals, StartRun
from studio.core.events import (
    EpochAdded,
    Failed,
    Finished,
    Paused,
    RateLowered,
    Resumed,
    RunEvent,
    StageStarted,
    Started,
    Step,
    encode_event,
)
from studio.core.kept_state import can_go_on
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.engine.inbox import Inbox
from studio.engine.local_run import work_of
from studio.engine.outcomes import Asked, Ending, outcome_of
from studio.engine.recorded import EVENTS_FILE

_KILLED = -9


class FakeRun:
    """A run whose events come from `say` and whose end comes from `end`, or from the person's `stop` and `kill`.

    Like a worker it records what it says in the folder's `events.jsonl`, when there is such a folder.
    """

    def __init__(self, start: StartRun | StartProposals, *, obedient: bool = True) -> None:
        """`obedient` runs stop when they are asked to; the others go on until they are killed."""
        self.start = start
        self._obedient = obedient
        self._inbox = Inbox()
        self._final: Finished | Failed | None = None
        self._outcome: RunOutcome | None = None
        self._ended = threading.Event()
        self._lock = threading.RLock()
        self.is_let_go = False
        self._begun: Started | None = None
        self._stage: StageStarted | None = None
        self._step = 0
        self._rate_divisor = 1.0
        self._epochs_added = 0

    @property
    def folder(self) -> Path:
        return Path(self.start.folder)

    @property
    def outcome(self) -> RunOutcome | None:
        return self._outcome

    def say(self, *events: RunEvent) -> None:
        """The run says these events now; after its end nothing is said any more."""
        with self._lock:
            if self._ended.is_set():
                return
            for event in events:
                self._remember(event)
                self._inbox.put(event)
            if self.folder.is_dir():
                with (self.folder / EVENTS_FILE).open("ab") as file:
                    file.writelines(encode_event(event) for event in events)

    def _remember(self, event: RunEvent) -> None:
        if isinstance(event, Finished | Failed):
            self._final = event
        elif isinstance(event, Started):
            self._begun = event
        elif isinstance(event, StageStarted):
            self._stage = event
        elif isinstance(event, Step):
            self._step = event.step

    def end(self, exit_code: int = 0, *, log: str = "", asked: Asked = Asked.NOTHING) -> None:
        """The process ends: with an exit code, or by the signal whose number `exit_code` is minus of, having written
        `log` to its standard error. The outcome is what a real run would make of it."""
        with self._lock:
            if self._ended.is_set():
                return
            has_checkpoint = can_go_on(self.folder)
            self._outcome = outcome_of(
                Ending(
                    exit_code=exit_code,
                    final=self._final,
                    log=log,
                    has_checkpoint=has_checkpoint,
                    asked=asked,
                    work=work_of(self.start),
                )
            )
            self._ended.set()
            self._inbox.close()

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        return self._inbox.take(timeout)

    def events(self) -> Iterator[RunEvent]:
        while (batch := self._inbox.take()) is not None:
            yield from batch

    def stop(self) -> None:
        if self._obedient:
            self.say(Finished(time=time.time(), outcome=OutcomeKind.STOPPED, seconds=0.0))
            self.end()

    def pause(self) -> None:
        self.say(Paused(time=time.time()))

    def resume(self) -> None:
        self.say(Resumed(time=time.time()))

    def lower_rate(self, divisor: float = 3.0) -> None:
        with self._lock:
            self._rate_divisor *= divisor
            self.say(RateLowered(time=time.time(), step=self._step, divisor=divisor, rate_divisor=self._rate_divisor))

    def add_epoch(self) -> None:
        with self._lock:
            self._epochs_added += 1
            begun, epochs = self._begun, (self._stage.epochs if self._stage else 1) + self._epochs_added
            total = (begun.epochs if begun else 1) + self._epochs_added
            steps = begun.steps * total // begun.epochs if begun else total
            number = self._stage.stage if self._stage else 0
            self.say(
                EpochAdded(
                    time=time.time(),
                    step=self._step,
                    stage=number,
                    epochs=epochs,
                    total_epochs=total,
                    total_steps=steps,
                )
            )

    def let_go(self) -> None:
        self.is_let_go = True

    def kill(self) -> None:
        self.end(_KILLED, asked=Asked.KILL)

    def wait(self, timeout: float | None = None) -> RunOutcome | None:
        self._ended.wait(timeout)
        return self._outcome


class FakeEngine:
    """Every run says the events of `script` at once and ends; with `hold` it then waits for what happens next.

    `runs` are all that were submitted, oldest first, for a test to say more and to end them.
    """

    def __init__(self, script: Iterable[RunEvent] = (), *, hold: bool = False, obedient: bool = True) -> None:
        self.runs: list[FakeRun] = []
        self.is_warm = False
        self._script = tuple(script)
        self._hold = hold
        self._obedient = obedient
        self._closed = False

    def submit(self, folder: Path, *, resume: bool = False, reserve_cores: int = 0, device: str = "auto") -> FakeRun:
        folder = folder.absolute()
        return self._begin(StartRun(folder=str(folder), resume=resume, reserve_cores=reserve_cores, device=device))

    def propose(self, folder: Path, *, reserve_cores: int = 0, device: str = "auto") -> FakeRun:
        return self._begin(StartProposals(folder=str(folder.absolute()), reserve_cores=reserve_cores, device=device))

    def _begin(self, start: StartRun | StartProposals) -> FakeRun:
        if self._closed:
            raise RuntimeError("this engine is closed")
        run = FakeRun(start, obedient=self._obedient)
        self.runs.append(run)
        run.say(*self._script)
        if not self._hold:
            run.end()
        return run

    def warm(self) -> None:
        self.is_warm = True

    def close(self) -> None:
        self._closed = True
        for run in self.runs:
            if run.is_let_go:
                continue
            run.stop()
            run.end(asked=Asked.LEAVE)
