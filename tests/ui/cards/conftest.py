"""The Train page on an engine that says what a test tells it to, and the Cards page on the same cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from studio.engine import FakeEngine
from studio.ui.cards.page import CardsPage
from tests.ui.train.conftest import Desk, make_project, open_desk


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    yield from open_desk(make_project(tmp_path / "project", tmp_path / "pictures"), qtbot, FakeEngine(hold=True))


@pytest.fixture
def cards(desk: Desk, qtbot: QtBot) -> Iterator[CardsPage]:
    page = CardsPage(desk.page.cards)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    with qtbot.waitActive(page, timeout=5000):
        page.show()
        page.activateWindow()
    yield page
