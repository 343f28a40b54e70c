"""Importing in the window: what is found, what is asked, and what a check would say before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from studio.formats import plan
from studio.store import Store
from studio.ui.importing import ImportPanel
from tests.unit import data_sets


def panel_for(qtbot: QtBot, source: Path) -> ImportPanel:
    panel = ImportPanel(source)
    qtbot.addWidget(panel)
    panel.resize(1000, 800)
    panel.show()
    qtbot.waitUntil(lambda: button(panel, "import_go").isEnabled())
    return panel


def button(panel: ImportPanel, name: str) -> QPushButton:
    found = panel.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def press(qtbot: QtBot, panel: ImportPanel, name: str) -> None:
    qtbot.mouseClick(button(panel, name), Qt.MouseButton.LeftButton)


def told(panel: ImportPanel) -> QLabel:
    label = panel.findChild(QLabel, "import_preview")
    assert isinstance(label, QLabel)
    return label


def check(qtbot: QtBot, panel: ImportPanel) -> None:
    press(qtbot, panel, "import_check")
    qtbot.waitUntil(lambda: told(panel).isVisible())


def target(panel: ImportPanel) -> QLineEdit:
    field = panel.findChild(QLineEdit, "import_target")
    assert isinstance(field, QLineEdit)
    return field


def test_a_check_says_what_would_come_and_the_import_brings_it(qtbot: QtBot, tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    (source / "labels" / "seqA_001_P.png").write_bytes(b"broken")
    panel = panel_for(qtbot, source)
    check(qtbot, panel)
    assert told(panel).text().startswith("4 new items would come (2 train, 2 valid), 3 labels.")
    table = panel.findChild(QTableWidget)
    assert isinstance(table, QTableWidget)
    cells = [[item.text() if (item := table.item(row, column)) else "" for column in range(3)] for row in range(3)]
    assert [row[0] for row in cells] == list(data_sets.CODES)
    assert cells[1] == ["road", "1,170", "3"]
    problems = panel.findChild(QPlainTextEdit)
    assert isinstance(problems, QPlainTextEdit)
    assert "seqA_001_P.png" in problems.toPlainText()
    project = Path(target(panel).text())
    assert not project.exists()
    press(qtbot, panel, "import_go")
    qtbot.waitUntil(lambda: button(panel, "import_go").text() == "Open the project")
    with Store.open(project) as store:
        assert store.counts().total == 4


def test_other_answers_make_a_check_outdated(qtbot: QtBot, tmp_path: Path) -> None:
    panel = panel_for(qtbot, data_sets.camvid(tmp_path / "set"))
    check(qtbot, panel)
    target(panel).setText(str(tmp_path / "elsewhere"))
    assert not told(panel).isVisible()
    check(qtbot, panel)
    assert not (tmp_path / "elsewhere").exists()


def test_escape_stops_a_check_and_the_panel_stays(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_for(qtbot, data_sets.camvid(tmp_path / "set"))
    left: list[bool] = []
    panel.cancelled.connect(lambda: left.append(True))
    read = plan.ImportPlan.read

    def read_and_wait(self: plan.ImportPlan, index: int) -> plan.Annotation | None:
        if index == 1:
            assert panel._stop.wait(20)
        return read(self, index)

    monkeypatch.setattr(plan.ImportPlan, "read", read_and_wait)
    press(qtbot, panel, "import_check")
    assert not button(panel, "import_go").isEnabled()
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: told(panel).isVisible())
    assert "Stopped before everything was read." in told(panel).text()
    assert not left
    assert button(panel, "import_go").isEnabled()
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert left


def test_a_project_that_does_not_fit_is_told_by_the_check(qtbot: QtBot, tmp_path: Path) -> None:
    first = panel_for(qtbot, data_sets.camvid(tmp_path / "set"))
    with qtbot.waitSignal(first.imported) as made:
        press(qtbot, first, "import_go")
    second = panel_for(qtbot, data_sets.biwi(tmp_path / "biwi"))
    target(second).setText(made.args[0])
    press(qtbot, second, "import_check")
    problems = second.findChild(QPlainTextEdit)
    assert isinstance(problems, QPlainTextEdit)
    qtbot.waitUntil(problems.isVisible)
    assert "choose a new folder" in problems.toPlainText()
