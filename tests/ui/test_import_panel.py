"""Leaving the import while a folder is still being looked at."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from studio.core.errors import UnknownLayout
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.importing import ImportPanel
from studio.ui.main_window import MainWindow
from tests.unit.data_sets import picture
from tests.unit.test_formats_one_file import names_in, two_coco_files


def test_cancel_does_not_wait_for_a_folder_that_is_still_being_looked_at(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, enough, threads = threading.Event(), threading.Event(), list[threading.Thread]()

    def look(folder: Path) -> None:
        threads.append(threading.current_thread())
        looking.set()
        enough.wait(60)
        raise UnknownLayout(folder, "none")

    monkeypatch.setattr("studio.ui.importing.panel.recognise", look)
    panel = ImportPanel(tmp_path)
    qtbot.addWidget(panel)
    panel.show()
    assert looking.wait(10)
    cancel = next(button for button in panel.findChildren(QPushButton) if button.text() == "Cancel")
    with qtbot.waitSignal(panel.cancelled):
        qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert threads[0].is_alive(), "it was left to end by itself"
    enough.set()
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_the_panel_imports_exactly_the_file_that_it_was_given(tmp_path: Path, qtbot: QtBot) -> None:
    file = two_coco_files(tmp_path / "in")
    panel = ImportPanel(file)
    qtbot.addWidget(panel)
    panel.show()
    go = panel.findChild(QPushButton, "import_go")
    found = panel.findChild(QLabel, "import_found")
    assert go is not None and found is not None
    qtbot.waitUntil(go.isEnabled)
    assert "instances_val.json" in found.text() and "instances_train" not in found.text()
    with qtbot.waitSignal(panel.imported) as signal:
        qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert names_in(Path(signal.args[0])) == ["c.png", "d.png"]


def test_a_damaged_file_is_told_and_the_pictures_can_come_in_without_it(tmp_path: Path, qtbot: QtBot) -> None:
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "instances.json").write_text('{"images": [')
    panel = ImportPanel(tmp_path / "in")
    qtbot.addWidget(panel)
    panel.show()
    go = panel.findChild(QPushButton, "import_go")
    assert go is not None
    qtbot.waitUntil(go.isEnabled)
    told = panel.findChild(QPlainTextEdit)
    assert told is not None and told.isVisible()
    assert "instances.json: it is cut off" in told.toPlainText()
    target = panel.findChild(QLineEdit, "import_target")
    assert target is not None
    qtbot.keyClicks(target, "2")
    assert told.isVisible(), "another target mends nothing in the source"
    with qtbot.waitSignal(panel.imported) as signal:
        qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert names_in(Path(signal.args[0])) == ["a.png"]


def test_pictures_that_were_not_looked_at_are_told_once_the_project_is_open(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.ui.importing.panel._LOOKED_AT", 1)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    for name in "abc":
        picture(tmp_path / "in" / f"{name}.png")
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    window.open_folder(tmp_path / "in")
    go = window.findChild(QPushButton, "import_go")
    assert go is not None
    qtbot.waitUntil(go.isEnabled)
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace is not None)
    assert window.messages.text().startswith("2 pictures have not been looked at for damage")
    window.close()


def test_a_class_that_is_named_twice_is_told_until_it_is_not(tmp_path: Path, qtbot: QtBot) -> None:
    picture(tmp_path / "in" / "a.png")
    panel = ImportPanel(tmp_path / "in")
    qtbot.addWidget(panel)
    panel.show()
    go = panel.findChild(QPushButton, "import_go")
    assert go is not None
    qtbot.waitUntil(go.isEnabled)
    names = panel.findChild(QLineEdit, "question_classes")
    assert names is not None
    names.selectAll()
    qtbot.keyClicks(names, "cat,dog,cat")
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    told = panel.findChild(QPlainTextEdit)
    assert told is not None
    qtbot.waitUntil(lambda: "The classes have cat more than once" in told.toPlainText())
    assert not (tmp_path / "in" / "project").exists()
    names.selectAll()
    qtbot.keyClicks(names, "cat,dog")
    qtbot.waitUntil(go.isEnabled)
    with qtbot.waitSignal(panel.imported) as signal:
        qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    with Store.open(Path(signal.args[0])) as store:
        assert [c.name for c in store.settings.classes] == ["cat", "dog"]


def test_an_import_with_problems_ends_in_a_report_without_the_questions(tmp_path: Path, qtbot: QtBot) -> None:
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_text("no picture")
    panel = ImportPanel(tmp_path / "in")
    qtbot.addWidget(panel)
    panel.show()
    go, target = panel.findChild(QPushButton, "import_go"), panel.findChild(QLineEdit, "import_target")
    assert go is not None and target is not None
    qtbot.waitUntil(go.isEnabled)
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: go.text() == "Open the project")
    told = panel.findChild(QPlainTextEdit)
    assert told is not None and told.isVisible() and "b.png" in told.toPlainText()
    assert not target.isVisible()
    cancel = panel.findChild(QPushButton, "import_cancel")
    assert cancel is not None and cancel.text() == "Close"


def test_a_folder_of_pictures_is_added_to_the_open_project_by_one_tick(tmp_path: Path, qtbot: QtBot) -> None:
    project = tmp_path / "faces"
    names = (KeypointName(name="nose", color="#ff0000"),)
    Store.create(project, ProjectSettings(name="faces", task=Task.KEYPOINTS, keypoints=names)).close()
    picture(tmp_path / "in" / "new.png")
    panel = ImportPanel(tmp_path / "in", project)
    qtbot.addWidget(panel)
    panel.show()
    tick = panel.findChild(QCheckBox, "import_into_open")
    target = panel.findChild(QLineEdit, "import_target")
    qtbot.waitUntil(tick.isVisible, timeout=5000)
    offered = target.text()
    qtbot.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert target.text() == str(project)
    assert not target.isEnabled()
    qtbot.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert target.text() == offered
    qtbot.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    with qtbot.waitSignal(panel.imported, timeout=5000) as heard:
        qtbot.mouseClick(panel.findChild(QPushButton, "import_go"), Qt.MouseButton.LeftButton)
    assert heard.args[0] == str(project)
    with Store.open(project) as store:
        assert [item.name for item in store.items(store.item_ids())] == ["new.png"]
        assert store.settings.task is Task.KEYPOINTS


def test_without_an_open_project_none_is_offered(tmp_path: Path, qtbot: QtBot) -> None:
    picture(tmp_path / "in" / "new.png")
    panel = ImportPanel(tmp_path / "in")
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(panel.findChild(QLineEdit, "import_target").isVisible, timeout=5000)
    assert panel.findChild(QCheckBox, "import_into_open") is None
