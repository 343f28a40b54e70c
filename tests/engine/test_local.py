"""Runs in processes: how they start, misbehave, die and are put away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.events import CheckpointSaved, Finished, RunEvent, Step, Warned
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.engine import LocalEngine, Run

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in dies by POSIX signals"),
]

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=2.0)
LONG = 20.0

MakeFolder = Callable[..., Path]
Say = Callable[..., tuple[str, Any]]


@pytest.fixture
def engine(worker_command: list[str]) -> Iterator[LocalEngine]:
    with LocalEngine(worker_command) as engine:
        yield engine


def ended(run: Run) -> RunOutcome:
    outcome = run.wait(LONG)
    assert outcome is not None
    return outcome


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


# Starting


def test_submit_does_not_wait_for_the_worker(
    worker_command: list[str], make_folder: MakeFolder, say: Say, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with LocalEngine([*worker_command, "--gate", str(gate)]) as engine:
        run = engine.submit(make_folder(say(FINISHED)))
        assert run.take(0.05) == []
        gate.touch()
        assert list(run.events()) == [FINISHED]


def test_the_worker_is_told_what_to_do(engine: LocalEngine, make_folder: MakeFolder, say: Say) -> None:
    folder = make_folder(say(FINISHED))
    ended(engine.submit(folder, resume=True, reserve_cores=2, device="cpu"))
    assert json.loads((folder / "start.json").read_text()) == {
        "command": "start",
        "folder": str(folder),
        "resume": True,
        "reserve_cores": 2,
        "device": "cpu",
    }


def test_a_relative_folder_is_made_absolute(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(say(FINISHED))
    monkeypatch.chdir(folder.parent)
    run = engine.submit(Path(folder.name))
    assert ended(run).kind is OutcomeKind.FINISHED
    assert run.folder == folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_worker_inherits_three_pipes_a_low_priority_and_no_qt(
    engine: LocalEngine, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    folder = make_folder(("describe", None))
    with (tmp_path / "of the window").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        ended(engine.submit(folder))
    facts = json.loads((folder / "facts.json").read_text())
    assert facts["descriptors"][:3] == [0, 1, 2]
    assert len(facts["descriptors"]) == 4, "three pipes and the listing itself"
    assert facts["niceness"] == 10
    assert facts["leads_group"]
    assert facts["environment"]["PYTHONUNBUFFERED"] == "1"
    assert facts["environment"]["PYTHONSAFEPATH"] == "1"
    assert not [name for name in facts["environment"] if name.startswith("QT_")]


def test_a_process_that_cannot_be_started_is_a_run_that_says_so(make_folder: MakeFolder) -> None:
    with LocalEngine(["/nowhere/at/all"]) as engine:
        engine.warm()
        run = engine.submit(make_folder())
        assert list(run.events()) == []
        assert run.outcome is not None
        assert run.outcome.kind is OutcomeKind.CRASHED
        assert "could not be started (No such file or directory)" in run.outcome.sentence


# What it says


def test_garbage_from_native_code_is_left_out(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, some_events: list[RunEvent]
) -> None:
    folder = make_folder(
        ("raw", "libfoo: warning: something\n\n{\n[1, 2]\n\udcff\udcfe\n"),
        say(*some_events),
        ("raw", "no newline here: "),
        say(FINISHED),
    )
    assert list(engine.submit(folder).events()) == [*some_events, FINISHED]


def test_a_torn_last_line_is_left_out(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, some_events: list[RunEvent]
) -> None:
    folder = make_folder(say(*some_events), ("raw", '{"event":"step","step":4,"epo'), ("signal", "SIGKILL"))
    assert list(engine.submit(folder).events()) == some_events


def test_an_event_of_a_newer_worker_is_a_warning_once(engine: LocalEngine, make_folder: MakeFolder, say: Say) -> None:
    hologram = ("say", {"event": "hologram", "depth": 3})
    run = engine.submit(make_folder(hologram, hologram, say(FINISHED)))
    warning, last = run.events()
    assert isinstance(warning, Warned)
    assert "“hologram”" in warning.sentence
    assert last == FINISHED


def test_a_worker_never_waits_for_its_events_to_be_read(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, make_step: Callable[[int], Step]
) -> None:
    steps = [make_step(number) for number in range(1, 10_001)]
    run = engine.submit(make_folder(say(*steps, FINISHED)))
    ended(run)
    assert list(run.events()) == [*steps, FINISHED]


def test_standard_error_goes_to_the_log_and_its_end_into_the_outcome(
    engine: LocalEngine, make_folder: MakeFolder
) -> None:
    text = "".join(f"line {number}\n" for number in range(20_000))
    folder = make_folder(("log", text), ("exit", 3))
    outcome = ended(engine.submit(folder))
    assert (folder / "worker.log").read_text() == text
    assert outcome.detail.endswith("line 19998\nline 19999")
    assert outcome.detail.count("\n") < 100


def test_the_log_of_a_resumed_run_is_added_to(engine: LocalEngine, make_folder: MakeFolder) -> None:
    folder = make_folder(("log", "once\n"))
    ended(engine.submit(folder))
    ended(engine.submit(folder, resume=True))
    assert (folder / "worker.log").read_text() == "once\nonce\n"


def test_a_log_that_cannot_be_written_is_a_warning_and_the_run_goes_on(
    engine: LocalEngine, make_folder: MakeFolder, say: Say
) -> None:
    folder = make_folder(("log", "x" * 200_000), say(FINISHED))
    (folder / "worker.log").mkdir()
    events = list(engine.submit(folder).events())
    assert FINISHED in events
    assert any(isinstance(event, Warned) and "log" in event.sentence for event in events)


# How it dies


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM"])
def test_a_signal_is_named_and_a_checkpoint_is_offered(engine: LocalEngine, make_folder: MakeFolder, name: str) -> None:
    folder = make_folder(("signal", name))
    (folder / "state.pt").touch()
    outcome = ended(engine.submit(folder))
    assert outcome.kind is OutcomeKind.CRASHED
    assert outcome.signal == name
    assert f"({name})" in outcome.sentence
    assert outcome.remedy is Remedy.RESUME


def test_a_traceback_is_explained(engine: LocalEngine, make_folder: MakeFolder) -> None:
    outcome = ended(engine.submit(make_folder(("fail", "ValueError"))))
    assert outcome.sentence == "The training process ended with an error (ValueError: the rate is negative)."
    assert "Traceback" in outcome.detail


def test_memory_that_ran_out_asks_for_a_smaller_batch(engine: LocalEngine, make_folder: MakeFolder) -> None:
    outcome = ended(engine.submit(make_folder(("fail", "MemoryError"))))
    assert outcome.kind is OutcomeKind.OUT_OF_MEMORY
    assert outcome.remedy is Remedy.HALVE_BATCH


def test_a_worker_killed_from_outside_is_noticed(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, some_events: list[RunEvent]
) -> None:
    run = engine.submit(make_folder(say(*some_events), ("hang", None)))
    assert run.take(LONG)
    os.kill(run.process_id, signal.SIGKILL)  # type: ignore[attr-defined]
    outcome = ended(run)
    assert outcome.sentence.startswith(
        "The training process was killed by the system, most often because memory ran out (SIGKILL)."
    )


def test_a_worker_that_hangs_is_ended_by_kill(engine: LocalEngine, make_folder: MakeFolder, say: Say) -> None:
    run = engine.submit(make_folder(say(FINISHED), ("hang", None)))
    assert run.take(LONG) == [FINISHED]
    run.stop()
    assert run.wait(0.1) is None
    run.kill()
    assert ended(run).kind is OutcomeKind.FINISHED, "what the worker had said stands"


def test_what_a_worker_started_dies_with_it_and_does_not_delay_the_news(
    engine: LocalEngine, make_folder: MakeFolder
) -> None:
    folder = make_folder(("start_helper", None), ("signal", "SIGKILL"))
    assert ended(engine.submit(folder)).signal == "SIGKILL"
    helper = int((folder / "helper.pid").read_text())
    wait_until(lambda: not _is_running(helper))


# The spare


def test_submit_uses_the_spare_and_another_is_started_when_the_run_has_ended(
    worker_command: list[str], make_folder: MakeFolder, say: Say, tmp_path: Path, children: Callable[[], set[int]]
) -> None:
    started = tmp_path / "started"
    with LocalEngine([*worker_command, "--started", str(started)]) as engine:
        engine.warm()
        engine.warm()
        wait_until(lambda: len(_lines(started)) == 1)
        run = engine.submit(make_folder(("obey", None)))
        assert _lines(started) == [str(run.process_id)]  # type: ignore[attr-defined]
        assert run.take(0.05) == []
        assert len(children()) == 1, "no spare beside a run"
        run.stop()
        ended(run)
        wait_until(lambda: len(_lines(started)) == 2)
        assert len(children()) == 1
    assert not children()


def test_there_is_no_spare_unless_one_was_asked_for(
    worker_command: list[str], make_folder: MakeFolder, say: Say, children: Callable[[], set[int]]
) -> None:
    with LocalEngine(worker_command) as cold:
        ended(cold.submit(make_folder(say(FINISHED), name="0001")))
        cold.close()
        assert not children()
    with LocalEngine(worker_command, keep_warm=False) as once:
        once.warm()
        run = once.submit(make_folder(say(FINISHED), name="0002"))
        ended(run)
        run.join()  # type: ignore[attr-defined]
        assert not children()


def test_a_spare_that_died_is_replaced(
    worker_command: list[str], make_folder: MakeFolder, say: Say, tmp_path: Path, children: Callable[[], set[int]]
) -> None:
    started = tmp_path / "started"
    with LocalEngine([*worker_command, "--started", str(started)]) as engine:
        engine.warm()
        wait_until(lambda: len(_lines(started)) == 1)
        os.kill(int(_lines(started)[0]), signal.SIGKILL)
        wait_until(lambda: not children())
        run = engine.submit(make_folder(say(FINISHED)))
        assert list(run.events()) == [FINISHED]
        assert ended(run).kind is OutcomeKind.FINISHED


def test_two_runs_at_once_do_not_mix(
    engine: LocalEngine, make_folder: MakeFolder, say: Say, make_step: Callable[[int], Step]
) -> None:
    engine.warm()
    first = engine.submit(make_folder(say(make_step(1)), ("obey", None), name="0001"))
    second = engine.submit(make_folder(say(make_step(2)), ("obey", None), name="0002"))
    second.stop()
    assert [event for event in second.events() if isinstance(event, Step)] == [make_step(2)]
    assert first.outcome is None
    first.stop()
    assert [event for event in first.events() if isinstance(event, Step)] == [make_step(1)]


# The end of the program


def test_closing_gives_a_run_the_time_to_write_a_checkpoint(engine: LocalEngine, make_folder: MakeFolder) -> None:
    run = engine.submit(make_folder(("obey", None)))
    engine.close(grace=LONG)
    assert [type(event) for event in run.events()] == [CheckpointSaved]
    assert run.outcome is not None
    assert run.outcome.remedy is Remedy.RESUME
    assert run.outcome.sentence == (
        "The training process left because the program was closed. Resume goes on from the last checkpoint."
    )


@pytest.mark.parametrize("deafness", ["end of input", "terminate"])
def test_closing_ends_a_run_that_does_not_listen(engine: LocalEngine, make_folder: MakeFolder, deafness: str) -> None:
    acts: list[tuple[str, None]] = [("ignore_terminate", None)] if deafness == "terminate" else []
    run = engine.submit(make_folder(*acts, ("say", {"event": "paused"}), ("hang", None)))
    assert run.take(LONG)
    engine.close(grace=0.05)
    assert run.outcome is not None
    assert run.outcome.signal == ("SIGKILL" if deafness == "terminate" else "SIGTERM")
    assert "did not leave in time" in run.outcome.sentence


WINDOW = """
import json, sys, time
from pathlib import Path
from studio.engine import LocalEngine
command, folder = json.loads(sys.argv[1])
engine = LocalEngine(command)
run = engine.submit(Path(folder))
assert run.take(20)
engine.warm()
print(run.process_id, engine._spare.pid, flush=True)
time.sleep(60)
"""


def test_workers_leave_with_a_checkpoint_when_the_program_is_killed(
    worker_command: list[str], make_folder: MakeFolder
) -> None:
    folder = make_folder(("say", {"event": "paused"}), ("obey", None))
    arguments = json.dumps([worker_command, str(folder)])
    with subprocess.Popen([sys.executable, "-c", WINDOW, arguments], stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        busy, spare = map(int, window.stdout.readline().split())
        window.kill()
    wait_until(lambda: not _is_running(busy) and not _is_running(spare))
    assert (folder / "state.pt").is_file()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
