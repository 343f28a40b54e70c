"""A run as the window hears it: everything, in order, not too often, and to the end."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread, QTimer
from pytestqt.qtbot import QtBot

from studio.core.commands import StartRun
from studio.core.events import Finished, Paused, RunEvent, Warned
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.engine import FakeEngine, FakeRun, LocalEngine, Run
from studio.ui import engine_bridge
from studio.ui.engine_bridge import BATCHES_PER_SECOND, EngineBridge

LONG_MS = 20_000
FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=2.0)
STAND_IN = Path(__file__).parents[1] / "engine" / "stand_in.py"


class RunThatTells(FakeRun):
    """Tells when everything it said was read."""

    def __init__(self, start: StartRun) -> None:
        super().__init__(start)
        self.was_read = threading.Event()

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        batch = super().take(timeout)
        if batch is None:
            self.was_read.set()
        return batch


class Listener:
    """Keeps what a bridge emits, and on which thread."""

    def __init__(self, bridge: EngineBridge) -> None:
        self.batches: list[list[RunEvent]] = []
        self.outcomes: list[RunOutcome] = []
        self.threads: set[int] = set()
        bridge.events.connect(lambda batch: self._hear(self.batches, batch))
        bridge.ended.connect(lambda outcome: self._hear(self.outcomes, outcome))

    @property
    def events(self) -> list[RunEvent]:
        return [event for batch in self.batches for event in batch]

    def _hear(self, kept: list[Any], news: object) -> None:
        self.threads.add(threading.get_ident())
        kept.append(news)


@pytest.fixture
def bridge(qapp: QObject) -> Iterator[EngineBridge]:
    bridge = EngineBridge()
    yield bridge
    bridge.shutdown()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(hold=True)
    yield engine
    engine.close()


@pytest.fixture
def local_engine() -> Iterator[LocalEngine]:
    with LocalEngine([sys.executable, "-I", "-S", str(STAND_IN)]) as engine:
        yield engine


def warnings(count: int) -> list[RunEvent]:
    return [Warned(sentence=str(number)) for number in range(count)]


def run_folder(tmp_path: Path, *acts: tuple[str, object]) -> Path:
    (tmp_path / "script.json").write_text(json.dumps(acts))
    return tmp_path


def watch_to_the_end(qtbot: QtBot, bridge: EngineBridge, run: Run) -> Listener:
    listener = Listener(bridge)
    with qtbot.waitSignal(bridge.ended, timeout=LONG_MS):
        bridge.watch(run)
    return listener


def test_ten_thousand_events_of_a_process_arrive_complete_and_in_order(
    qtbot: QtBot, bridge: EngineBridge, local_engine: LocalEngine, tmp_path: Path
) -> None:
    said = [{"event": "warning", "sentence": str(number)} for number in range(10_000)]
    end = {"event": "finished", "outcome": "finished", "seconds": 2.0}
    run = local_engine.submit(run_folder(tmp_path, ("say_many", said), ("say", end)))
    listener = watch_to_the_end(qtbot, bridge, run)
    assert listener.events == [*warnings(10_000), FINISHED]
    assert all(listener.batches)
    assert [outcome.kind for outcome in listener.outcomes] == [OutcomeKind.FINISHED]


def test_events_said_meanwhile_arrive_complete_and_in_order(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    run = engine.submit(tmp_path)
    said = warnings(10_000)

    def talk() -> None:
        for event in said:
            run.say(event)
        run.end()

    talker = threading.Thread(target=talk)
    talker.start()
    listener = watch_to_the_end(qtbot, bridge, run)
    talker.join()
    assert listener.events == said


def test_signals_come_on_the_gui_thread_to_any_callable(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    run = engine.submit(tmp_path)
    run.say(Paused())
    run.end()
    listener = watch_to_the_end(qtbot, bridge, run)
    assert listener.events == [Paused()]
    assert listener.threads == {threading.get_ident()}


def test_the_first_event_comes_without_a_pause_and_each_batch_is_followed_by_one(
    qapp: QObject, engine: FakeEngine, tmp_path: Path
) -> None:
    """At most 30 batches a second by construction: whatever is said meanwhile waits for the next batch."""
    run = engine.submit(tmp_path)
    told: list[str] = []

    def pause(seconds: float) -> None:
        told.append(f"pause {seconds * BATCHES_PER_SECOND:.0f}/{BATCHES_PER_SECOND} s")
        if len(told) < 6:
            run.say(*warnings(100))
        else:
            run.end()

    reader = engine_bridge._Reader(run, pause=pause)
    reader.batch.connect(lambda _run, batch: told.append(f"{len(batch)} events"))
    reader.over.connect(lambda _run, outcome: told.append(outcome.kind))
    run.say(Paused())
    reader.read()
    one_pause = "pause 1/30 s"
    assert told == ["1 events", one_pause, "100 events", one_pause, "100 events", one_pause, OutcomeKind.CRASHED]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in dies by a POSIX signal")
def test_kill_9_of_the_worker_is_reported(
    qtbot: QtBot, bridge: EngineBridge, local_engine: LocalEngine, tmp_path: Path
) -> None:
    (tmp_path / "state.pt").touch()
    run = local_engine.submit(run_folder(tmp_path, ("say", {"event": "paused"}), ("hang", None)))
    listener = Listener(bridge)
    with qtbot.waitSignal(bridge.events, timeout=LONG_MS):
        bridge.watch(run)
    with qtbot.waitSignal(bridge.ended, timeout=LONG_MS):
        os.kill(run.process_id, signal.SIGKILL)  # type: ignore[attr-defined]
    (outcome,) = listener.outcomes
    assert outcome.signal == "SIGKILL"
    assert outcome.sentence == (
        "The training process was killed by the system, most often because memory ran out (SIGKILL). "
        "Resume goes on from the last checkpoint."
    )


def test_the_gui_thread_goes_on_while_a_run_is_silent(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    run = engine.submit(tmp_path)
    bridge.watch(run)
    turns: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: turns.append(1))
    timer.start(0)
    qtbot.waitUntil(lambda: len(turns) > 100, timeout=LONG_MS)
    timer.stop()
    assert bridge.run is run


def test_shutdown_leaves_the_run_alone_and_no_thread(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    run = engine.submit(tmp_path)
    listener = Listener(bridge)
    bridge.watch(run)
    bridge.shutdown()
    run.say(*warnings(3))
    qtbot.wait(50)
    assert listener.batches == []
    assert run.outcome is None
    assert bridge.run is None
    assert bridge.findChildren(QThread) == []


def test_what_was_under_way_at_shutdown_is_not_emitted_later(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    run = engine.submit(tmp_path)
    listener = Listener(bridge)
    run.say(*warnings(3))
    run.end()
    bridge.watch(run)
    qtbot.wait(0)
    bridge.shutdown()
    heard = len(listener.batches), len(listener.outcomes)
    qtbot.wait(100)
    assert (len(listener.batches), len(listener.outcomes)) == heard


def test_what_a_run_said_before_it_was_let_go_is_not_taken_for_the_next_ones(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    first, second = RunThatTells(StartRun(folder=str(tmp_path))), engine.submit(tmp_path / "0002")
    first.say(*warnings(3))
    first.end()
    bridge.watch(first)
    assert first.was_read.wait(LONG_MS / 1000), "nobody turns the event loop meanwhile"
    bridge.shutdown()
    second.say(Paused())
    second.end()
    assert watch_to_the_end(qtbot, bridge, second).events == [Paused()]


def test_a_bridge_serves_one_run_after_the_other_but_never_two(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    first, second = engine.submit(tmp_path / "0001"), engine.submit(tmp_path / "0002")
    bridge.watch(first)
    with pytest.raises(RuntimeError, match="another run"):
        bridge.watch(second)
    with qtbot.waitSignal(bridge.ended, timeout=LONG_MS):
        first.end()
    second.say(Paused())
    second.end()
    assert watch_to_the_end(qtbot, bridge, second).events == [Paused()]


def test_the_next_run_may_be_watched_as_soon_as_one_has_ended(
    qtbot: QtBot, bridge: EngineBridge, engine: FakeEngine, tmp_path: Path
) -> None:
    first, second = engine.submit(tmp_path / "0001"), engine.submit(tmp_path / "0002")
    waiting = [second]
    listener = Listener(bridge)
    bridge.ended.connect(lambda _outcome: bridge.watch(waiting.pop()) if waiting else None)
    bridge.watch(first)
    first.end()
    second.say(Paused())
    second.end()
    qtbot.waitUntil(lambda: len(listener.outcomes) == 2, timeout=LONG_MS)
    assert listener.events == [Paused()]
