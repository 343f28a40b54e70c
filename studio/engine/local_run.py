"""A run in a process on this computer."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from studio.core.commands import (
    AddEpoch,
    Command,
    Continue,
    LetGo,
    LowerRate,
    Pause,
    StartProposals,
    StartRun,
    Stop,
    encode_command,
)
from studio.core.events import Failed, Finished, RunEvent, Warned
from studio.core.kept_state import can_go_on
from studio.core.outcome import RunOutcome
from studio.engine.inbox import Inbox
from studio.engine.launch import kill_group, wait_for_exit
from studio.engine.lines import EventLines
from studio.engine.outcomes import Asked, Ending, Work, outcome_of
from studio.engine.worker_log import WorkerLog

_LONGEST_LINE: Final = 4 * 1024 * 1024
_CTRL_C_SECONDS: Final = 0.5
"""Windows lets no Ctrl+C into a wait without an end."""

_DRAIN_SECONDS: Final = 1.0
"""How long the pipes of a process that has ended are still read; only a stranger can hold them open by then."""


class LocalRun:
    """A `Run` whose worker is a child of this process.

    Three threads of its own: one reads what the worker says, one keeps its log, one waits for its end. Neither the
    worker nor a slow reader of the events can make another thread wait.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        start: StartRun | StartProposals,
        on_end: Callable[[LocalRun], None],
    ) -> None:
        self._process = process
        self._folder = Path(start.folder)
        self._work = work_of(start)
        self._on_end = on_end
        self._inbox = Inbox()
        self._log = WorkerLog(self._folder)
        self._asked = Asked.NOTHING
        self.is_let_go = False
        """Whether the run goes on without this program."""
        self._final: Finished | Failed | None = None
        self._outcome: RunOutcome | None = None
        self._ended = threading.Event()
        self._input = threading.Lock()
        self._send(start)
        self._listeners = (
            self._begin_thread(self._read_events, "events"),
            self._begin_thread(self._keep_log, "log"),
        )
        self._watcher = self._begin_thread(self._watch, "watch")

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def outcome(self) -> RunOutcome | None:
        return self._outcome

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        return self._inbox.take(timeout)

    def events(self) -> Iterator[RunEvent]:
        while (batch := self._inbox.take(_CTRL_C_SECONDS)) is not None:
            yield from batch

    def stop(self) -> None:
        self._send(Stop())

    def pause(self) -> None:
        self._send(Pause())

    def resume(self) -> None:
        self._send(Continue())

    def lower_rate(self, divisor: float = 3.0) -> None:
        self._send(LowerRate(divisor))

    def add_epoch(self) -> None:
        self._send(AddEpoch())

    def let_go(self) -> None:
        self.is_let_go = True
        self._send(LetGo())

    def kill(self) -> None:
        if not self._ended.is_set():
            self._asked = Asked.KILL
            kill_group(self._process)

    def wait(self, timeout: float | None = None) -> RunOutcome | None:
        self._ended.wait(timeout)
        return self._outcome

    def leave(self) -> None:
        """Close the worker's input: it writes a checkpoint and leaves."""
        if self._asked is Asked.NOTHING:
            self._asked = Asked.LEAVE
        self._close_input()

    def terminate(self) -> None:
        """Ask the system to end the worker, which may still clean up where the system knows such a request."""
        self._process.terminate()

    def end_now(self) -> None:
        """End the worker without another chance, on behalf of the program."""
        kill_group(self._process)

    def join(self) -> None:
        """Wait until nothing of this run is left: no process, no thread, no pipe."""
        self._watcher.join()

    def _begin_thread(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"run-{self._folder.name}-{name}", daemon=True)
        thread.start()
        return thread

    def _send(self, command: Command) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with self._input, contextlib.suppress(OSError, ValueError):  # the worker is gone: its end says why
            pipe.write(encode_command(command))
            pipe.flush()

    def _close_input(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with self._input, contextlib.suppress(OSError):  # what was not yet written has no reader any more
            pipe.close()

    def _read_events(self) -> None:
        lines = EventLines()
        with cast(BufferedReader, self._process.stdout) as pipe:
            for line in iter(partial(pipe.readline, _LONGEST_LINE), b""):
                event = lines.read(line)
                if event is None:
                    continue
                if isinstance(event, Finished | Failed):
                    self._final = event
                self._inbox.put(event)

    def _keep_log(self) -> None:
        problem = self._log.keep(cast(BufferedReader, self._process.stderr))
        if problem is not None:
            sentence = f"The worker's log in {self._folder} cannot be written ({problem.strerror}); the run goes on."
            self._inbox.put(Warned(time=time.time(), sentence=sentence))

    def _watch(self) -> None:
        exit_code = wait_for_exit(self._process)
        for listener in self._listeners:
            listener.join(_DRAIN_SECONDS)
        self._close_input()
        self._outcome = outcome_of(
            Ending(
                exit_code=exit_code,
                final=self._final,
                log=self._log.tail,
                has_checkpoint=can_go_on(self._folder),
                asked=self._asked,
                work=self._work,
            )
        )
        self._ended.set()
        self._inbox.close()
        self._on_end(self)


def work_of(start: StartRun | StartProposals) -> Work:
    return Work.PROPOSING if isinstance(start, StartProposals) else Work.TRAINING


class UnstartedRun:
    """A `Run` whose process the system refused to start; it has ended before it began."""

    def __init__(self, folder: Path, outcome: RunOutcome) -> None:
        self._folder = folder
        self._outcome = outcome

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def outcome(self) -> RunOutcome:
        return self._outcome

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        return None

    def events(self) -> Iterator[RunEvent]:
        return iter(())

    def stop(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def lower_rate(self, divisor: float = 3.0) -> None: ...

    def add_epoch(self) -> None: ...

    def let_go(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> RunOutcome:
        return self._outcome
