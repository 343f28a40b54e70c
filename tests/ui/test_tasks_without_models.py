"""Projects whose models are not there yet: every page opens and says so, and nothing can be started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.cli.app import run_command
from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.settings import TRAINABLE, ProjectSettings, Task
from studio.core.tags import Tags
from studio.store import Store
from studio.ui.options import WindowOptions
from studio.ui.review import ReviewPage
from studio.ui.session import Page
from studio.ui.train import TrainPage
from studio.ui.workspace import Workspace
from tests.unit.data_sets import picture


@pytest.fixture(params=sorted(set(Task) - TRAINABLE))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    task = Task(request.param)
    settings = ProjectSettings(name="p", task=task, classes=tuple(make_classes(["a", "b"])))
    with Store.create(tmp_path / "p", settings) as store:
        names = ("1.txt", "2.txt") if task is Task.TEXT else ("1.png", "2.png")
        for name in names:
            if task is Task.TEXT:
                (tmp_path / name).write_text("words", encoding="utf-8")
            else:
                picture(tmp_path / name)
        ids = store.add_items(
            NewItem(name=n, path=tmp_path / n, split=split)
            for n, split in zip(names, (Split.TRAIN, Split.VALID), strict=True)
        )
        store.tags.replace(dict.fromkeys(ids, Tags((0,))), "all")
    return tmp_path / "p"


@pytest.fixture
def workspace(project: Path, qtbot: QtBot) -> Iterator[Workspace]:
    workspace = Workspace(project)
    qtbot.addWidget(workspace)
    workspace.resize(1200, 700)
    workspace.show()
    workspace.start(WindowOptions(project=project))
    yield workspace
    workspace.close_project()


def test_train_says_so_and_cannot_be_pressed(workspace: Workspace) -> None:
    workspace.show_page(Page.TRAIN)
    QApplication.processEvents()
    page = workspace.page(Page.TRAIN)
    assert isinstance(page, TrainPage)
    assert "is not there yet; label now" in page.recipe.problem.text()
    assert not page.recipe.train.isEnabled() and not page.recipe.find_rate.isEnabled()
    assert not page.recipe.form.isEnabled()
    page.start_training()
    page.find_rate()
    assert workspace.store.runs() == []


def test_review_says_so(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.show_page(Page.REVIEW)
    page = workspace.page(Page.REVIEW)
    assert isinstance(page, ReviewPage)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.no_runs)
    assert "is not there yet; label now" in page.no_runs.sentence.text()
    workspace.show_page(Page.LABEL)


def test_the_command_line_says_so_in_one_sentence(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("train", "lr-find"):
        assert run_command([command, str(project)]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and "is not there yet; label now, train when it is." in told


def test_there_is_no_demo_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["demo", str(tmp_path / "demo"), "--task", "text", "--no-window"]) == 2
    assert "no demo for text" in capsys.readouterr().err
