"""What holds for every engine, whatever carries out its runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from studio.core.events import EpochAdded, Finished, RateLowered, RunEvent
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.engine import Engine, FakeEngine, LocalEngine, Run, replay

pytestmark = pytest.mark.timeout(30)

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=2.0)
LONG = 20.0
"""Seconds that a test waits for what should come at once, before it gives up."""


class Submit(Protocol):
    """Starts a run that says `events` and then ends, or obeys, or ignores what it is asked."""

    def __call__(self, *events: RunEvent, then: str = "end") -> tuple[Engine, Run]: ...


@pytest.fixture(params=["fake", "local", "local and warm"])
def submit(
    request: pytest.FixtureRequest,
    worker_command: list[str],
    make_folder: Callable[..., Path],
    say: Callable[..., tuple[str, Any]],
) -> Iterator[Submit]:
    engines: list[Engine] = []

    def start(*events: RunEvent, then: str = "end") -> tuple[Engine, Run]:
        if request.param == "fake":
            folder = make_folder()
            engine: Engine = FakeEngine(events, hold=then != "end", obedient=then != "ignore")
        else:
            folder = make_folder(say(*events), *([(then, None)] if then != "end" else []))
            engine = LocalEngine(worker_command)
        engines.append(engine)
        if request.param == "local and warm":
            engine.warm()
        return engine, engine.submit(folder)

    yield start
    for engine in engines:
        engine.close() if isinstance(engine, FakeEngine) else engine.close(grace=0.5)  # type: ignore[attr-defined]


def read_until(run: Run, count: int) -> list[RunEvent]:
    events: list[RunEvent] = []
    while len(events) < count:
        batch = run.take(LONG)
        assert batch, f"only {len(events)} of {count} events came"
        events += batch
    return events


def ended(run: Run) -> RunOutcome:
    outcome = run.wait(LONG)
    assert outcome is not None
    return outcome


def test_events_come_in_the_order_they_were_said_and_then_end(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, FINISHED)
    assert list(run.events()) == [*some_events, FINISHED]


def test_the_outcome_is_final_when_the_events_end(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, FINISHED)
    for _ in run.events():
        pass
    assert run.outcome is not None
    assert run.outcome.kind is OutcomeKind.FINISHED
    assert run.outcome.sentence == "Finished in 2 s."
    assert run.wait(0) is run.outcome


def test_a_run_that_goes_on_has_no_outcome(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, then="obey")
    assert read_until(run, len(some_events)) == some_events
    assert run.outcome is None
    assert run.wait(0.01) is None


def test_taking_waits_for_no_longer_than_asked_and_tells_nothing_from_the_end(submit: Submit) -> None:
    _, run = submit(then="obey")
    assert run.take(0.01) == []
    run.stop()
    ended(run)
    assert run.take(0.01) is not None
    assert run.take(0.01) is None


def test_stop_keeps_what_was_learnt(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, then="obey")
    run.stop()
    events = list(run.events())
    assert events[: len(some_events)] == some_events
    assert isinstance(events[-1], Finished)
    assert ended(run).kind is OutcomeKind.STOPPED
    assert ended(run).learnt_something


def test_a_run_is_stopped_from_another_thread_than_the_one_that_reads(
    submit: Submit, some_events: list[RunEvent]
) -> None:
    _, run = submit(*some_events, then="obey")
    read: list[RunEvent] = []
    reader = threading.Thread(target=lambda: read.extend(run.events()))
    reader.start()
    run.pause()
    run.resume()
    run.stop()
    reader.join(LONG)
    assert not reader.is_alive()
    kinds = [type(event).__name__ for event in read[len(some_events) :]]
    assert kinds == ["Paused", "Resumed", "Finished"]


def test_what_is_asked_of_a_run_that_goes_on_is_among_its_events(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, then="obey")
    run.lower_rate()
    run.add_epoch()
    lowered, added = read_until(run, len(some_events) + 2)[-2:]
    assert isinstance(lowered, RateLowered)
    assert (lowered.divisor, lowered.rate_divisor) == (3, 3)
    assert isinstance(added, EpochAdded)
    assert [event for event in replay(run.folder) if isinstance(event, RateLowered | EpochAdded)] == [lowered, added]


def test_a_run_that_ignores_stop_goes_on_until_it_is_killed(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, then="ignore")
    read_until(run, len(some_events))
    run.stop()
    assert run.wait(0.2) is None
    run.kill()
    outcome = ended(run)
    assert outcome.kind is OutcomeKind.CRASHED
    assert outcome.sentence == "The training process was ended at once, as you asked."
    assert not outcome.learnt_something


def test_requests_to_a_run_that_has_ended_do_nothing(submit: Submit) -> None:
    _, run = submit(FINISHED)
    before = ended(run)
    run.stop()
    run.pause()
    run.resume()
    run.lower_rate()
    run.add_epoch()
    run.kill()
    assert list(run.events()) == [FINISHED]
    assert run.outcome == before


def test_a_run_that_ends_without_a_word_has_crashed(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events)
    assert list(run.events()) == some_events
    assert ended(run).kind is OutcomeKind.CRASHED
    assert ended(run).sentence == "The training process ended without saying why."


def test_the_folder_keeps_what_was_said(submit: Submit, some_events: list[RunEvent]) -> None:
    _, run = submit(*some_events, FINISHED)
    said = list(run.events())
    assert list(replay(run.folder)) == said


def test_closing_the_engine_ends_its_runs_and_takes_no_more(submit: Submit, some_events: list[RunEvent]) -> None:
    engine, run = submit(*some_events, then="obey")
    engine.close()
    assert run.outcome is not None
    assert list(run.events())[: len(some_events)] == some_events
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(run.folder)


def test_closing_twice_is_closing_once(submit: Submit) -> None:
    engine, run = submit(FINISHED)
    ended(run)
    engine.close()
    engine.close()
    assert ended(run).kind is OutcomeKind.FINISHED
