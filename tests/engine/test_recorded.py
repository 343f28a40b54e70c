"""A run as its folder tells it: whole, torn, newer, or still being written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.events import Failed, Finished, RunEvent, Warned, encode_event
from studio.core.outcome import OutcomeKind
from studio.engine import follow, replay
from studio.engine.lines import EventLines

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=2.0)
STOPPED = Finished(outcome=OutcomeKind.STOPPED, seconds=2.0)
FAILED = Failed(outcome=OutcomeKind.DIVERGED, sentence="The loss became NaN.")


def record(folder: Path, *events: RunEvent, torn: bytes = b"") -> None:
    with (folder / "events.jsonl").open("ab") as file:
        file.writelines(encode_event(event) for event in events)
        file.write(torn)


def test_a_run_that_has_said_nothing_has_no_events(tmp_path: Path) -> None:
    assert list(replay(tmp_path)) == []


def test_a_record_is_replayed_in_order(tmp_path: Path, some_events: list[RunEvent]) -> None:
    record(tmp_path, *some_events, FINISHED)
    assert list(replay(tmp_path)) == [*some_events, FINISHED]


@pytest.mark.parametrize("length", [1, 9, 12, 30, 60])
def test_a_torn_last_line_is_left_out(tmp_path: Path, some_events: list[RunEvent], length: int) -> None:
    record(tmp_path, *some_events, torn=encode_event(some_events[-1])[:length])
    assert list(replay(tmp_path)) == some_events


def test_a_run_resumed_after_a_torn_line_is_replayed(tmp_path: Path, some_events: list[RunEvent]) -> None:
    record(tmp_path, *some_events, torn=b'{"event":"step","step":4,"ep')
    record(tmp_path, *some_events, FINISHED)
    assert list(replay(tmp_path)) == [*some_events, *some_events, FINISHED]


def test_a_newer_kind_of_event_is_a_warning_once(tmp_path: Path, some_events: list[RunEvent]) -> None:
    record(tmp_path, torn=b'{"event":"hologram","depth":3}\n' * 3)
    record(tmp_path, *some_events)
    warning, *rest = replay(tmp_path)
    assert isinstance(warning, Warned)
    assert "hologram" in warning.sentence
    assert rest == some_events


def test_a_newer_field_of_a_known_event_is_ignored(tmp_path: Path) -> None:
    known = json.loads(encode_event(FINISHED))
    record(tmp_path, torn=json.dumps(known | {"energy": 12.5}, separators=(",", ":")).encode() + b"\n")
    assert list(replay(tmp_path)) == [FINISHED]


def test_a_number_that_is_none_is_a_warning_and_not_the_end(tmp_path: Path, some_events: list[RunEvent]) -> None:
    broken = encode_event(some_events[1]).replace(b'"loss":1.0', b'"loss":null')
    assert b"null" in broken
    record(tmp_path, torn=broken)
    record(tmp_path, FINISHED)
    warning, last = replay(tmp_path)
    assert isinstance(warning, Warned)
    assert last == FINISHED


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_line_can_stop_the_reader(line: bytes) -> None:
    lines = EventLines()
    for broken in (line, b'{"event":"' + line):
        lines.read(broken)
    assert lines.read(encode_event(FINISHED)) == FINISHED


@settings(deadline=None)
@given(prefix=st.binary(max_size=50).filter(lambda garbage: b"\n" not in garbage))
def test_an_event_behind_garbage_is_found(prefix: bytes) -> None:
    assert EventLines().read(prefix + encode_event(FINISHED)) == FINISHED


def test_following_ends_with_the_run(tmp_path: Path, some_events: list[RunEvent]) -> None:
    record(tmp_path, *some_events, FAILED)
    assert list(follow(tmp_path, stop=threading.Event(), every=0.01)) == [*some_events, FAILED]


def test_following_goes_on_past_the_end_of_an_earlier_part(tmp_path: Path, some_events: list[RunEvent]) -> None:
    record(tmp_path, *some_events, STOPPED, *some_events, FINISHED)
    followed = list(follow(tmp_path, stop=threading.Event(), every=0.01))
    assert followed == [*some_events, STOPPED, *some_events, FINISHED]


def test_what_is_written_meanwhile_is_followed_line_by_line(tmp_path: Path, some_events: list[RunEvent]) -> None:
    """The record does not exist at first, and a line is seen only when its end is written."""
    written: Iterator[None] = write_piecemeal(tmp_path, [*some_events, FINISHED])
    stop = PollingClock(written)
    assert list(follow(tmp_path, stop=stop, every=60)) == [*some_events, FINISHED]
    assert stop.polls > len(some_events)


def test_following_stops_when_asked(tmp_path: Path, some_events: list[RunEvent]) -> None:
    stop = threading.Event()
    record(tmp_path, *some_events)
    events = follow(tmp_path, stop=stop, every=60)
    assert [next(events) for _ in some_events] == some_events
    stop.set()
    assert list(events) == []


class PollingClock(threading.Event):
    """Each wait lets the writer take one more step instead of letting time pass."""

    def __init__(self, writer: Iterator[None]) -> None:
        super().__init__()
        self._writer = writer
        self.polls = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.polls += 1
        next(self._writer, None)
        return False


def write_piecemeal(folder: Path, events: list[RunEvent]) -> Iterator[None]:
    yield
    for event in events:
        line = encode_event(event)
        record(folder, torn=line[:15])
        yield
        record(folder, torn=line[15:])
        yield
