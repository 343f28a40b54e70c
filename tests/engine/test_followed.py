"""A run of another program, seen and steered through its folder."""

from __future__ import annotations

import threading
from pathlib import Path

from studio.core.commands import AddEpoch, Continue, LowerRate, Pause, Stop, decode_command
from studio.core.events import Finished, RunEvent, encode_event
from studio.core.outcome import OutcomeKind, Remedy
from studio.core.run_commands import COMMANDS_FILE
from studio.core.run_lock import holding_run
from studio.engine import FollowedRun

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=2.0)


def say(folder: Path, *events: RunEvent) -> None:
    with (folder / "events.jsonl").open("ab") as file:
        file.writelines(encode_event(event) for event in events)


def test_everything_it_has_said_comes_first_and_then_what_it_says(tmp_path: Path, some_events: list[RunEvent]) -> None:
    with holding_run(tmp_path):
        run = FollowedRun(tmp_path)
        assert run.take(0) == []
        say(tmp_path, *some_events)
        assert run.take(5) == some_events
        assert run.outcome is None
        say(tmp_path, FINISHED)
        assert run.take(5) == [FINISHED]
        assert run.take(0) == [], "its process still writes scores or leaves"
    assert run.take(5) is None
    outcome = run.wait(0)
    assert outcome is not None
    assert outcome.kind is OutcomeKind.FINISHED


def test_the_last_words_of_a_process_that_is_gone_are_read(tmp_path: Path, some_events: list[RunEvent]) -> None:
    with holding_run(tmp_path):
        run = FollowedRun(tmp_path)
        say(tmp_path, *some_events, FINISHED)
    assert list(run.events()) == [*some_events, FINISHED]
    assert run.outcome is not None


def test_one_that_ends_without_a_word_has_crashed_and_may_be_resumed(
    tmp_path: Path, some_events: list[RunEvent]
) -> None:
    (tmp_path / "state.pt").write_bytes(b"state")
    with holding_run(tmp_path):
        run = FollowedRun(tmp_path)
        say(tmp_path, *some_events)
    assert list(run.events()) == some_events
    assert run.outcome is not None
    assert (run.outcome.kind, run.outcome.remedy) == (OutcomeKind.CRASHED, Remedy.RESUME)


def test_what_is_asked_of_it_stands_in_its_folder(tmp_path: Path) -> None:
    run = FollowedRun(tmp_path)
    for ask in (run.pause, run.resume, run.lower_rate, run.add_epoch, run.stop):
        ask()
    lines = (tmp_path / COMMANDS_FILE).read_bytes().splitlines()
    assert [decode_command(line) for line in lines] == [Pause(), Continue(), LowerRate(), AddEpoch(), Stop()]


def test_it_is_read_on_one_thread_and_waited_for_on_another(tmp_path: Path, some_events: list[RunEvent]) -> None:
    with holding_run(tmp_path):
        run = FollowedRun(tmp_path)
        reader = threading.Thread(target=lambda: list(run.events()))
        reader.start()
        assert run.wait(0.05) is None
        say(tmp_path, *some_events, FINISHED)
    assert run.wait(5) is not None
    reader.join(5)
