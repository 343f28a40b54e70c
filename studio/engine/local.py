"""Runs on this computer, each in a process of its own, and a spare one that is ready for the next."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from studio.core.commands import StartProposals, StartRun
from studio.core.run_lock import announce_run
from studio.engine.launch import kill_group, start_worker, wait_for_exit, worker_command, worker_environment
from studio.engine.local_run import LocalRun, UnstartedRun, work_of
from studio.engine.outcomes import could_not_start
from studio.engine.protocol import Run

_TERMINATE_SECONDS: Final = 2.0


class LocalEngine:
    """Starts workers as children of this process.

    After `warm()` there is one spare worker, which has loaded PyTorch and waits for its recipe. `submit` uses it, and
    with `keep_warm` the next spare is started when that run has ended, so that it takes no memory from the run.
    """

    def __init__(self, command: Sequence[str] | None = None, *, keep_warm: bool = True) -> None:
        """`command` is the command line of a worker; by default this program itself."""
        self._command = list(command) if command is not None else worker_command()
        self._keep_warm = keep_warm
        self._warm_wanted = False
        self._closed = False
        self._spare: subprocess.Popen[bytes] | None = None
        self._runs: list[LocalRun] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, folder: Path, *, resume: bool = False, reserve_cores: int = 0, device: str = "auto") -> Run:
        folder = folder.absolute()
        announce_run(folder)
        return self._begin(StartRun(folder=str(folder), resume=resume, reserve_cores=reserve_cores, device=device))

    def propose(self, folder: Path, *, reserve_cores: int = 0, device: str = "auto") -> Run:
        return self._begin(StartProposals(folder=str(folder.absolute()), reserve_cores=reserve_cores, device=device))

    def warm(self) -> None:
        with self._lock:
            self._warm_wanted = True
            self._ensure_spare()

    def close(self, grace: float = 10.0) -> None:
        """End everything but what was let go: a run's worker has `grace` seconds to write a checkpoint after its input
        was closed, then it is asked to terminate, then it is killed. Blocks until no process or thread is left."""
        with self._lock:
            self._closed = True
            runs = [run for run in self._runs if not run.is_let_go]
            if self._spare is not None:
                _discard(self._spare)
                self._spare = None
        for run in runs:
            run.leave()
        _wait_for_all(runs, grace)
        for run in runs:
            if run.outcome is None:
                run.terminate()
        _wait_for_all(runs, _TERMINATE_SECONDS)
        for run in runs:
            if run.outcome is None:
                run.end_now()
            run.join()

    def _begin(self, start: StartRun | StartProposals) -> Run:
        with self._lock:
            if self._closed:
                raise RuntimeError("this engine is closed")
            try:
                process = self._take_spare() or self._start_worker()
            except OSError as error:
                return UnstartedRun(Path(start.folder), could_not_start(error, work_of(start)))
            run = LocalRun(process, start, self._forget)
            self._runs.append(run)
            return run

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return start_worker(self._command, worker_environment())

    def _take_spare(self) -> subprocess.Popen[bytes] | None:
        """The spare worker if it is still alive; there is none afterwards."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.poll() is not None:
            _discard(spare)
            return None
        return spare

    def _ensure_spare(self) -> None:
        spare = self._take_spare()
        if spare is None and not self._closed:
            with contextlib.suppress(OSError):  # a run that is submitted tries again, and says so
                spare = self._start_worker()
        self._spare = spare

    def _forget(self, run: LocalRun) -> None:
        """Called on the run's own thread when it has ended."""
        with self._lock:
            if run in self._runs:
                self._runs.remove(run)
            if self._keep_warm and self._warm_wanted and not self._runs:
                self._ensure_spare()


def _discard(process: subprocess.Popen[bytes]) -> None:
    """End a worker that has nothing to lose, and close its pipes."""
    kill_group(process)
    wait_for_exit(process)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _wait_for_all(runs: Sequence[LocalRun], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for run in runs:
        run.wait(max(deadline - time.monotonic(), 0))
