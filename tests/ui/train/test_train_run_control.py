"""Runs without the Train page: proposals, runs that were interrupted, and what may not be loaded on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from studio.core.commands import LowerRate, Stop, decode_command
from studio.core.errors import BadInput, StudioError
from studio.core.events import Finished, RunEvent, encode_event
from studio.core.kept_state import STATE_FILE
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.core.recipe import RunSpec, Stage
from studio.core.run_commands import COMMANDS_FILE
from studio.core.run_lock import LOCK_FILE, holding_run
from studio.core.settings import Task
from studio.engine import FakeEngine
from studio.engine.fake import FakeRun
from studio.store import RunRecord, Store
from studio.ui import interrupted_runs
from studio.ui.run_control import RunControl
from studio.ui.session import Session
from studio.ui.train import TrainPage
from studio.ui.widgets.work_queue import WorkQueue

from .conftest import Desk, open_desk, stage, started, step, training

SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=2, height=32, width=64),))


def make_run(project: Path, *, said: int = 3, checkpoint: bool = True, quiet: bool = True) -> RunRecord:
    """A run as a program leaves it that went down in the middle."""
    with Store.open(project) as store:
        record = store.create_run(SPEC)
    events = [started(), stage(), *[step(n + 1) for n in range(said)]]
    path = record.folder / "events.jsonl"
    path.write_bytes(b"".join(encode_event(event) for event in events))
    if checkpoint:
        (record.folder / STATE_FILE).write_bytes(b"state")
    if quiet:
        for file in (path, record.folder / "snapshot.json"):
            os.utime(file, (1_000_000_000, 1_000_000_000))
    return record


def test_a_run_whose_program_went_down_is_offered_to_be_resumed(project: Path, qtbot: QtBot) -> None:
    make_run(project)
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        bar = desk.page.view.outcome
        desk.wait(bar.isVisible)
        assert bar.sentence.text() == (
            "Run 0001: The program ended while run 0001 was going. Resume goes on from its last checkpoint."
        )
        assert bar.remedy.text() == "Resume"
        bar.remedy.click()
        run = desk.wait_for_run()
        assert run.start.resume
        assert desk.control.history.steps.tolist() == [1, 2, 3]


def test_without_a_checkpoint_nothing_is_offered(project: Path, qtbot: QtBot) -> None:
    make_run(project, checkpoint=False)
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        desk.wait(desk.page.view.outcome.isVisible)
        assert not desk.page.view.outcome.remedy.isVisible()
        outcome = desk.store.run("0001").outcome
        assert outcome is not None
        assert (outcome.kind, outcome.remedy) == (OutcomeKind.CRASHED, Remedy.NONE)


def test_a_run_that_finished_after_its_window_was_gone_is_finished(project: Path, qtbot: QtBot) -> None:
    record = make_run(project, quiet=False)
    with (record.folder / "events.jsonl").open("ab") as file:
        file.write(encode_event(Finished(outcome=OutcomeKind.FINISHED, seconds=10.0)))
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        desk.wait(lambda: desk.store.run("0001").outcome is not None)  # noqa: B023
        outcome = desk.store.run("0001").outcome
        assert outcome is not None
        assert outcome.kind is OutcomeKind.FINISHED


def test_a_run_that_spoke_a_moment_ago_is_left_to_the_program_that_watches_it(project: Path, qtbot: QtBot) -> None:
    make_run(project, quiet=False)
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        qtbot.wait(400)
        assert desk.store.run("0001").outcome is None
        assert not desk.page.view.outcome.isVisible()


def test_a_run_that_finishes_while_it_is_looked_at_is_finished(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make_run(project)
    looked: list[Path] = []

    def leaves_just_now(folder: Path) -> bool:
        if not looked:
            say(record, Finished(outcome=OutcomeKind.FINISHED, seconds=10.0))
        looked.append(folder)
        return False

    monkeypatch.setattr(interrupted_runs, "is_held", leaves_just_now)
    ((closed, outcome),) = interrupted_runs.close_interrupted_runs(project).runs
    assert closed.id == record.id
    assert outcome.kind is OutcomeKind.FINISHED


def say(record: RunRecord, *events: RunEvent) -> None:
    with (record.folder / "events.jsonl").open("ab") as file:
        file.writelines(encode_event(event) for event in events)


def test_a_run_that_goes_on_elsewhere_is_shown_from_its_first_step_and_followed_to_its_end(
    project: Path, qtbot: QtBot
) -> None:
    record = make_run(project)
    with holding_run(record.folder):
        desks = open_desk(project, qtbot, FakeEngine(hold=True))
        desk = next(desks)
        plot = desk.page.view.curves.batch_loss
        desk.wait(lambda: plot.keys != [] and plot.data("0001 raw")[0].tolist() == [1, 2, 3])
        assert desk.page.view.header.title.text() == "Run 0001: Training epoch 1 of 2"
        say(record, step(4))
        desk.wait(lambda: plot.data("0001 raw")[0].tolist() == [1, 2, 3, 4])
        desk.page.view.header.findChild(QToolButton, "lower_rate_run").click()
        desk.page.view.header.findChild(QToolButton, "stop_run").click()
        told = (record.folder / COMMANDS_FILE).read_bytes().splitlines()
        assert [decode_command(line) for line in told] == [LowerRate(), Stop()]
        assert not desk.control.ends_with_the_window
        say(record, Finished(outcome=OutcomeKind.STOPPED, seconds=3.0))
    desk.wait_for_idle()
    desk.wait(lambda: (o := desk.store.run("0001").outcome) is not None and o.kind is OutcomeKind.STOPPED)
    next(desks, None)


def test_a_run_that_the_command_line_begins_appears_and_is_followed(desk: Desk) -> None:
    with Store.open(desk.store.root) as store:
        record = store.create_run(SPEC)
    with holding_run(record.folder):
        say(record, started(), stage(), step(1))
        desk.wait(lambda: desk.page.runs.selected == [record.id])
        desk.wait(lambda: desk.control.history.step_count == 1)
        say(record, Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    desk.wait_for_idle()
    desk.wait(lambda: desk.store.run(record.id).outcome is not None)


def test_a_stop_during_the_preparation_is_meant_for_that_run_and_not_for_the_next_one_that_is_followed(
    desk: Desk,
) -> None:
    desk.control.submit(SPEC)
    desk.control.stop()
    desk.wait(lambda: len(desk.engine.runs) == 1)
    desk.wait_for_idle()
    assert desk.engine.runs[0].outcome is not None
    with Store.open(desk.store.root) as store:
        record = store.create_run(SPEC)
    with holding_run(record.folder):
        say(record, started(), stage(), step(1))
        desk.wait(lambda: desk.control.record is not None and desk.control.record.id == record.id)
        desk.wait(lambda: desk.control.history.step_count == 1)
        assert desk.control.state == "running"
        assert not (record.folder / COMMANDS_FILE).exists()
        say(record, Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    desk.wait_for_idle()


def test_a_stop_during_a_preparation_that_comes_to_nothing_is_forgotten(desk: Desk) -> None:
    desk.store.set_left_out(desk.store.item_ids(), True)
    desk.control.submit(SPEC)
    desk.control.stop()
    desk.wait_for_idle()
    desk.store.set_left_out(desk.store.item_ids(), False)
    with Store.open(desk.store.root) as store:
        record = store.create_run(SPEC)
    with holding_run(record.folder):
        desk.wait(lambda: desk.control.record is not None)
        assert desk.control.state == "running"
        say(record, Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    desk.wait_for_idle()


def test_runs_of_other_programs_that_began_while_this_window_was_busy_are_seen_to_afterwards(desk: Desk) -> None:
    desk.control.submit(SPEC)
    own = desk.wait_for_run()
    gone = make_run(desk.store.root)
    with Store.open(desk.store.root) as store:
        going = store.create_run(SPEC)
    with holding_run(going.folder):
        say(going, started(), stage(), step(1))
        desk.qtbot.wait(500)  # the change of the folder is heard of, and this window is busy
        own.stop()
        desk.wait(lambda: desk.control.record is not None and desk.control.record.id == going.id)
        desk.wait(lambda: desk.control.history.step_count == 1)
        crashed = desk.store.run(gone.id).outcome
        assert crashed is not None
        assert crashed.kind is OutcomeKind.CRASHED
        say(going, Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    desk.wait_for_idle()
    desk.wait(lambda: desk.store.run(going.id).outcome is not None)


def test_a_run_that_a_process_holds_cannot_be_resumed_here_however_long_it_is_silent(
    project: Path, qtbot: QtBot
) -> None:
    record = make_run(project)
    with holding_run(record.folder):
        for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
            desk.wait(lambda: desk.control.is_busy)  # noqa: B023
            desk.control.submit(SPEC, "0001")
            assert desk.engine.runs == []
            assert desk.store.run("0001").outcome is None


def test_a_run_whose_process_let_go_a_moment_ago_is_interrupted_at_once(project: Path, qtbot: QtBot) -> None:
    record = make_run(project, quiet=False)
    with holding_run(record.folder):
        pass
    os.utime(record.folder / LOCK_FILE, (1_000_000_000, 1_000_000_000))
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        desk.wait(desk.page.view.outcome.isVisible)


def test_a_proposed_run_starts_before_the_train_page_is_built_and_the_page_then_shows_it(
    project: Path, qtbot: QtBot
) -> None:
    store, engine = Store.open(project), FakeEngine(hold=True)
    session = Session(store)
    control = RunControl(session, engine)
    session.propose_run(SPEC)
    qtbot.waitUntil(lambda: len(engine.runs) == 1 and control.record is not None)
    engine.runs[0].say(*training(1))
    qtbot.waitUntil(lambda: control.history.step_count == 5)
    page = TrainPage(session, control)
    qtbot.addWidget(page)
    page.show()
    assert page.draft.spec == SPEC
    assert page.runs.selected == ["0001"]
    assert page.view.header.title.text() == "Run 0001: Training epoch 1 of 1"
    qtbot.waitUntil(lambda: page.display.redraw.is_idle)
    assert page.view.curves.batch_loss.data("0001 raw")[0].tolist() == [1, 2, 3, 4, 5]
    page.shut_down()
    control.close()
    engine.close()
    store.close()


def test_nothing_to_train_on_is_a_sentence_and_leaves_no_run(project: Path, qtbot: QtBot) -> None:
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        desk.store.set_left_out(desk.store.item_ids(), True)
        said: list[str] = []
        desk.control.failed.connect(said.append)
        desk.control.submit(SPEC)
        desk.wait(lambda said=said: said != [])
        assert said == ["No labelled item is in the train split; label some or move some into it."]
        assert not desk.control.is_busy
        assert desk.store.runs() == []
        assert desk.engine.runs == []


class _NoProcess(FakeEngine):
    def submit(self, *args: object, **options: object) -> FakeRun:
        raise StudioError("The worker cannot be started (no more processes); close other programs and try again.")


def test_a_run_that_cannot_start_keeps_the_reason(project: Path, qtbot: QtBot) -> None:
    for desk in open_desk(project, qtbot, _NoProcess()):
        said: list[str] = []
        desk.control.failed.connect(said.append)
        desk.control.submit(SPEC)
        desk.wait(lambda said=said: said != [])
        (record,) = desk.store.runs()
        assert record.outcome is not None
        assert record.outcome.sentence == said[0]


def test_the_way_to_the_first_picture_loads_neither_plots_nor_torch() -> None:
    code = (
        "import sys, studio.ui.run_control; "
        "print([m for m in ('pyqtgraph', 'torch', 'studio.ui.train.page') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_queued_work_is_done_in_order_off_this_thread_and_reported_on_it(qtbot: QtBot) -> None:
    queue = WorkQueue("test")
    done: list[tuple[int, bool, bool]] = []
    here = threading.get_ident()
    for number in range(5):
        queue.do(
            lambda number=number: (number, threading.get_ident() != here),
            lambda result: done.append((*result, threading.get_ident() == here)),
            pytest.fail,
        )
    qtbot.waitUntil(lambda: len(done) == 5)
    assert done == [(number, True, True) for number in range(5)]
    queue.close()


def test_an_error_of_queued_work_is_a_sentence(qtbot: QtBot) -> None:
    queue = WorkQueue("test")
    said: list[str] = []

    def work() -> None:
        raise BadInput("This file is no project.")

    queue.do(work, pytest.fail, said.append)
    qtbot.waitUntil(lambda: said != [])
    assert said == ["This file is no project."]
    queue.close()


def test_a_mistake_in_queued_work_is_raised_where_it_is_seen(qtbot: QtBot) -> None:
    queue = WorkQueue("test")
    said: list[str] = []
    with qtbot.captureExceptions() as raised:
        queue.do(lambda: 1 / 0, pytest.fail, said.append)
        qtbot.waitUntil(lambda: said != [] and raised != [])
    assert raised[0][0] is ZeroDivisionError
    queue.close()


def test_an_outcome_is_written_down_even_when_the_window_closes_right_after(project: Path, qtbot: QtBot) -> None:
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        desk.page.start_training()
        run = desk.wait_for_run()
        ended: list[RunOutcome] = []
        desk.control.ended.connect(lambda _record, outcome, ended=ended: ended.append(outcome))
        run.say(*training(1))
        run.stop()
        desk.wait(lambda ended=ended: ended != [])
    with Store.open(project) as store:
        outcome = store.run("0001").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.STOPPED
