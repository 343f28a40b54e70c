"""The worker as a process: what it says on its standard output, what it hears on its standard input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.commands import Command, Pause, StartRun, Stop, encode_command
from studio.core.events import CheckpointSaved, Finished, Paused, RunEvent, Scored, Step, decode_event
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Stage
from tests.unit.ml_runs import ALL_BUT_ONE, make_run, recipe

# Python code in the worker's place that prints from Python and from the C level, as libraries do.
NOISY = """
import os, sys
from studio.ml import worker
from studio.ml.callbacks.guard import FiniteGuard
honest = FiniteGuard.after_loss
def noisy(self, learner):
    print("a library prints")
    os.write(1, b"and a C library too\\n")
    return honest(self, learner)
FiniteGuard.after_loss = noisy
sys.exit(worker.main())
"""

LONG = Stage(epochs=200, height=32, width=32, batch_size=4)


class Worker:
    def __init__(self, code: str = "import sys; from studio.ml.worker import main; sys.exit(main())") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def say(self, command: Command) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode_command(command))
        self.process.stdin.flush()

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def events(self) -> Iterator[RunEvent]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield decode_event(line)

    def end(self) -> tuple[int, str]:
        """Exit code and standard error, of which the worker may have written much."""
        _, noise = self.process.communicate(timeout=120)
        return self.process.returncode, noise.decode()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def start() -> Iterator[list[Worker]]:
    workers: list[Worker] = []
    yield workers
    for worker in workers:
        worker.kill()


def test_it_pauses_stops_and_scores_on_command_and_says_events_whatever_else_is_printed(
    tmp_path: Path, start: list[Worker]
) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[LONG]), train=4, valid=2)
    worker = Worker(NOISY)
    start.append(worker)
    worker.say(StartRun(str(folder), reserve_cores=ALL_BUT_ONE, device="cpu"))
    events: list[RunEvent] = []
    for event in worker.events():
        events.append(event)
        if isinstance(event, Step) and event.step == 1:
            worker.say(Pause())
        if isinstance(event, Paused):
            worker.say(Stop())
    code, noise = worker.end()
    assert code == 0
    assert any(isinstance(event, Scored) for event in events)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.outcome is OutcomeKind.STOPPED
    assert [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()] == events
    assert "a library prints" in noise
    assert "and a C library too" in noise


def test_when_the_window_dies_it_writes_a_checkpoint_and_leaves(tmp_path: Path, start: list[Worker]) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[LONG]), train=4, valid=2)
    worker = Worker()
    start.append(worker)
    worker.say(StartRun(str(folder), reserve_cores=ALL_BUT_ONE, device="cpu"))
    assert worker.process.stdout is not None
    while not isinstance(decode_event(worker.process.stdout.readline()), Step):
        pass
    worker.process.stdout.close()
    worker.hang_up()
    assert worker.process.wait(120) == 0
    events = [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert [event for event in events if isinstance(event, CheckpointSaved)]
    assert isinstance(events[-1], Finished)
    assert not [event for event in events if isinstance(event, Scored)]
    assert (folder / "state.pt").is_file()


def test_bad_input_is_exit_code_2_and_an_unused_worker_ends_with_its_input(tmp_path: Path, start: list[Worker]) -> None:
    unused, wrong = Worker(), Worker()
    start += [unused, wrong]
    wrong.say(StartRun(str(tmp_path), device="cpu"))
    unused.hang_up()
    assert unused.process.stdout is not None
    assert unused.process.stdout.read() == b""
    assert unused.process.wait(120) == 0
    assert wrong.process.wait(120) == 2
