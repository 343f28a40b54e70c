"""Closing the window while a run goes on: it goes on alone, or stops and is kept, or the window stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.core.events import Paused, Resumed
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.core.settings import Task
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from studio.ui import workspace
from studio.ui.closing import ClosingQuestion
from studio.ui.main_window import MainWindow
from studio.ui.run_control import RunControl
from tests.ui.train.conftest import make_project, stage, started, step

SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=2, height=32, width=64),))


class SlowToClose(FakeEngine):
    """Its runs take until `may_close` to leave, like one that writes a large checkpoint."""

    def __init__(self) -> None:
        super().__init__(hold=True)
        self.may_close = threading.Event()

    def close(self) -> None:
        self.may_close.wait(10)
        super().close()


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """On a project with a run that trains."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    project = make_project(tmp_path / "project", tmp_path / "pictures")
    monkeypatch.setattr(workspace, "LocalEngine", lambda: FakeEngine(hold=True))
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    window.open_folder(project)
    assert window.workspace is not None
    control = window.workspace.run_control
    control.submit(SPEC)
    qtbot.waitUntil(lambda: control.state == "running")
    run_of(window).say(started(), stage(), step(1))
    qtbot.waitUntil(lambda: control.history.step_count == 1)
    yield window
    window.close_now()


def run_of(window: MainWindow) -> FakeRun:
    assert window.workspace is not None
    engine = window.workspace.engine
    assert isinstance(engine, FakeEngine)
    return engine.runs[-1]


def question(window: MainWindow) -> ClosingQuestion:
    found = window.findChild(ClosingQuestion)
    assert found is not None
    assert found.isVisible()
    return found


def test_a_run_is_let_go_on_and_the_window_closes(window: MainWindow, qtbot: QtBot) -> None:
    run = run_of(window)
    assert not window.close()
    assert question(window).text() == "Run 0001 is still going."
    qtbot.mouseClick(question(window).go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert run.is_let_go
    assert run.outcome is None


def test_a_run_is_stopped_and_kept_and_the_window_closes(window: MainWindow, qtbot: QtBot) -> None:
    run = run_of(window)
    window.close()
    qtbot.mouseClick(question(window).stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not run.is_let_go
    assert run.outcome is not None


def test_the_window_and_the_run_stay_when_closing_is_cancelled(window: MainWindow, qtbot: QtBot) -> None:
    window.close()
    qtbot.mouseClick(question(window).cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is None)
    assert window.isVisible()
    assert run_of(window).outcome is None
    assert not window.close(), "it asks again"


def test_without_a_run_the_window_closes_at_once(window: MainWindow, qtbot: QtBot) -> None:
    run_of(window).stop()
    assert window.workspace is not None
    control = window.workspace.run_control
    qtbot.waitUntil(lambda: not control.is_busy)
    assert window.close()


def control_of(window: MainWindow) -> RunControl:
    assert window.workspace is not None
    return window.workspace.run_control


def other_project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "other", tmp_path / "other pictures")


def test_another_project_is_opened_only_after_the_question_and_the_run_goes_on(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    run, other = run_of(window), other_project(tmp_path)
    window.open_folder(other)
    assert window.workspace is not None
    assert window.workspace.store.root != other
    assert run.outcome is None
    qtbot.mouseClick(question(window).go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace is not None and window.workspace.store.root == other)
    assert run.is_let_go


def test_the_project_and_its_run_stay_when_opening_another_one_is_cancelled(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    run, other = run_of(window), other_project(tmp_path)
    window.open_folder(other)
    qtbot.mouseClick(question(window).cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is None)
    assert window.workspace is not None
    assert window.workspace.store.root != other
    assert control_of(window).state == "running"
    assert run.outcome is None


def test_the_other_project_does_not_wait_for_the_run_that_leaves(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = SlowToClose(), other_project(tmp_path)
    assert window.workspace is not None
    monkeypatch.setattr(window.workspace, "engine", engine)
    window.open_folder(other)
    qtbot.mouseClick(question(window).stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace is not None and window.workspace.store.root == other)
    assert not engine.may_close.is_set()
    engine.may_close.set()


def test_a_run_that_is_being_prepared_is_asked_about_and_let_go_once_it_has_begun(
    window: MainWindow, qtbot: QtBot
) -> None:
    run_of(window).stop()
    control = control_of(window)
    qtbot.waitUntil(lambda: not control.is_busy)
    control.submit(SPEC)
    assert control.state == "preparing"
    assert not window.close()
    assert question(window).text() == "A run is being prepared."
    engine = window.workspace.engine if window.workspace is not None else None
    assert isinstance(engine, FakeEngine)
    question(window).go_on.click()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert len(engine.runs) == 2
    assert engine.runs[1].is_let_go


def test_a_paused_run_that_is_let_go_works_again(window: MainWindow, qtbot: QtBot) -> None:
    run, control = run_of(window), control_of(window)
    control.pause()
    qtbot.waitUntil(lambda: control.state == "paused")
    window.close()
    assert question(window).text() == "Run 0001 is paused."
    assert question(window).informativeText().startswith("Let go on, it works again, by itself: ")
    qtbot.mouseClick(question(window).go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert run.is_let_go
    with Store.open(control.record.folder.parent.parent if control.record else Path()) as store:
        said = [type(event) for event in store.run_events("0001")]
    assert said.index(Resumed) > said.index(Paused)


@pytest.mark.parametrize("purpose", [Purpose.LR_FIND, Purpose.PROBE, Purpose.LOOK])
def test_nobody_is_promised_that_a_search_can_be_resumed(window: MainWindow, qtbot: QtBot, purpose: Purpose) -> None:
    assert "can be resumed" in asked(window, qtbot)
    run_of(window).stop()
    control = control_of(window)
    qtbot.waitUntil(lambda: not control.is_busy)
    control.submit(replace(SPEC, purpose=purpose))
    qtbot.waitUntil(lambda: control.state == "running")
    assert "Stopped, it cannot be resumed" in asked(window, qtbot)


def asked(window: MainWindow, qtbot: QtBot) -> str:
    """What the question says beside its first line; it is cancelled."""
    window.close()
    text = question(window).informativeText()
    question(window).cancel.click()
    qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is None)
    return text


def test_a_window_that_a_signal_could_not_close_asks_the_next_time(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise StudioError("The disk is full.")

    assert window.workspace is not None
    with monkeypatch.context() as patch:
        patch.setattr(window.workspace.session, "save_all", full)
        window.close_now()
    assert window.isVisible()
    assert not window.close()
    assert question(window).isVisible()
    question(window).cancel.click()
