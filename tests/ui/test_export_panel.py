"""Exporting from the window: the same files as on the command line, and every failure a sentence in the panel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from studio.cli.app import app
from studio.core.classes import make_classes
from studio.core.document import Document
from studio.core.items import NewItem
from studio.core.mask_document import MaskDocument
from studio.core.settings import ProjectSettings, Task
from studio.formats import exporters
from studio.store import Store
from studio.ui.exporting.panel import ExportPanel
from studio.ui.main_window import MainWindow

Part = TypeVar("Part", bound=QWidget)

_CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """Shows a project of three pictures, two of them labelled."""
    settings = ProjectSettings(name="desk", task=Task.SEGMENTATION, classes=tuple(make_classes(["sky", "road"])))
    names = ("a.png", "b.png", "c.png")
    for name in names:
        Image.new("RGB", (64, 48), "gray").save(tmp_path / name)
    with Store.create(tmp_path / "project", settings) as store:
        store.add_items([NewItem(name=name, path=tmp_path / name) for name in names])
        for item_id in store.item_ids()[:2]:
            document = store.open_document(item_id)
            paint(document)
            document.commit()
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    window.open_folder(tmp_path / "project")
    assert window.workspace is not None
    canvas = window.workspace.label_page.canvas
    qtbot.waitUntil(lambda: canvas.document is not None)
    canvas.setFocus()
    yield window
    window.close()


def paint(document: Document) -> None:
    """A stroke that nobody has committed yet."""
    assert isinstance(document, MaskDocument)
    document.begin("brush stroke")
    document.brush((10.0, 10.0), (40.0, 30.0), 9, 1)


def open_panel(window: MainWindow) -> ExportPanel:
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_E, _CONTROL_SHIFT)
    panel = window.findChild(ExportPanel)
    assert panel is not None and panel.isVisible()
    return panel


def part(panel: ExportPanel, kind: type[Part], name: str) -> Part:
    found = panel.findChild(kind, f"export_{name}")
    assert found is not None
    return found


def click(panel: ExportPanel, name: str) -> None:
    QApplication.processEvents()  # the card finds its place
    QTest.mouseClick(part(panel, QPushButton, name), Qt.MouseButton.LeftButton)


def type_folder(panel: ExportPanel, folder: Path) -> None:
    line = part(panel, QLineEdit, "target")
    line.selectAll()
    QTest.keyClicks(line, str(folder))


def wait_for_button(qtbot: QtBot, panel: ExportPanel, text: str) -> None:
    qtbot.waitUntil(
        lambda: part(panel, QPushButton, "go").text() == text and part(panel, QPushButton, "go").isEnabled()
    )


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_keys_alone_export_what_the_command_line_does(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    panel = open_panel(window)
    QTest.keyClick(panel, Qt.Key.Key_Return)
    wait_for_button(qtbot, panel, "Open the folder")
    by_hand = tmp_path / "by hand"
    assert CliRunner().invoke(app, ["export", str(tmp_path / "project"), str(by_hand)]).exit_code == 0
    assert files_of(tmp_path / "project-camvid") == files_of(by_hand)
    QTest.keyClick(window.focusWidget() or panel, Qt.Key.Key_Return)
    assert window.workspace is not None and window.workspace.isVisible(), "Close had the focus"


def test_the_mouse_chooses_format_and_folder_and_leaves_the_pictures_out(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    panel = open_panel(window)
    box = part(panel, QComboBox, "format")
    titles = [each.title for each in exporters() if Task.SEGMENTATION in each.tasks]
    assert [box.itemText(row) for row in range(box.count())] == titles
    box.setCurrentText("COCO annotations")
    assert part(panel, QLineEdit, "target").text() == str(tmp_path / "project-coco")
    click(panel, "choose")
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "project"))
    dialog.close()
    inside = tmp_path / "project" / "project-coco"
    assert part(panel, QLineEdit, "target").text() == str(inside), "a new folder in one that holds something"
    type_folder(panel, tmp_path / "elsewhere")
    QTest.keyClick(part(panel, QCheckBox, "pictures"), Qt.Key.Key_Space)
    click(panel, "go")
    wait_for_button(qtbot, panel, "Open the folder")
    written = files_of(tmp_path / "elsewhere")
    assert written and not any(name.endswith(("a.png", "b.png")) for name in written)
    click(panel, "go")
    assert opened == [str(tmp_path / "elsewhere")]


def test_a_stroke_that_is_just_painted_is_in_the_export(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    assert window.workspace is not None
    item = window.workspace.store.item_named("c.png").id
    paint(window.workspace.session.document(item))
    assert window.workspace.session.has_unsaved
    panel = open_panel(window)
    click(panel, "go")
    wait_for_button(qtbot, panel, "Open the folder")
    assert "3 masks" in panel._said.text()


def test_a_folder_that_holds_something_is_a_sentence_and_the_panel_stays(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    panel = open_panel(window)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    type_folder(panel, taken)
    click(panel, "go")
    problems = part(panel, QPlainTextEdit, "problems")
    qtbot.waitUntil(problems.isVisible)
    assert problems.toPlainText() == f"{taken} is not empty; choose a new folder for the export."
    assert panel.isVisible() and part(panel, QPushButton, "go").isEnabled()
    assert files_of(taken) == {"mine.txt": b"mine"}
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert window.workspace is not None and window.workspace.isVisible()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, list[threading.Thread]]]:
    """The export waits until somebody asks it to stop; the event says that its thread, which is listed, is there."""
    there, threads = threading.Event(), list[threading.Thread]()
    carried_out = ExportPanel._carry_out

    def carry_out(panel: ExportPanel, *given: object) -> object:
        threads.append(threading.current_thread())
        there.set()
        assert panel._stop.wait(60)
        return carried_out(panel, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ExportPanel, "_carry_out", carry_out)
    yield there, threads


def test_stop_ends_the_export_and_leaves_nothing_of_it(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, held: tuple[threading.Event, list[threading.Thread]]
) -> None:
    panel = open_panel(window)
    click(panel, "go")
    assert held[0].wait(10)
    click(panel, "cancel")
    problems = part(panel, QPlainTextEdit, "problems")
    qtbot.waitUntil(problems.isVisible)
    assert f"The export to {tmp_path / 'project-camvid'} was stopped" in problems.toPlainText()
    assert not (tmp_path / "project-camvid").exists()
    assert part(panel, QLineEdit, "target").text() == str(tmp_path / "project-camvid")
    click(panel, "go")
    assert not panel._stop.is_set(), "it can be asked for again"


def test_closing_the_window_while_it_exports_ends_the_thread(
    window: MainWindow, held: tuple[threading.Event, list[threading.Thread]]
) -> None:
    panel = open_panel(window)
    click(panel, "go")
    assert held[0].wait(10)
    window.close()
    assert not held[1][0].is_alive()


def test_no_page_is_shown_as_chosen_while_the_export_is_open(window: MainWindow) -> None:
    pages = [window.findChild(QToolButton, f"page_button_{name}") for name in ("label", "train", "review")]
    assert [page.isChecked() for page in pages] == [True, False, False]
    panel = open_panel(window)
    assert [page.isChecked() for page in pages] == [False, False, False]
    click(panel, "cancel")
    assert [page.isChecked() for page in pages] == [True, False, False]


def test_only_an_open_project_can_be_exported(window: MainWindow) -> None:
    action = window.findChild(QAction, "export")
    assert action is not None and action.isEnabled()
    window.shut_down()
    window._fill_menus()
    assert not action.isEnabled()
