"""Closing the window while a run goes on: it goes on alone, or stops and is kept, or the window stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from studio.core.recipe import RunSpec, Stage
from studio.core.settings import Task
from studio.engine import FakeEngine, FakeRun
from studio.ui import workspace
from studio.ui.closing import ClosingQuestion
from studio.ui.main_window import MainWindow
from tests.ui.train.conftest import make_project, stage, started, step

SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=2, height=32, width=64),))


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
