"""The whole window on a small project, worked by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QKeySequenceEdit
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.keyboard.key_sheet import KeySheet
from studio.ui.keyboard.key_table import ACTION
from studio.ui.keyboard.palette import Palette
from studio.ui.label.choices import ToolName
from studio.ui.main_window import MainWindow


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(tmp_path: Path, qtbot: QtBot) -> Iterator[Open]:
    """Opens the window on a small project, as often as it is asked for; the last one is closed at the end."""
    Image.new("RGB", (64, 48), "gray").save(tmp_path / "a.png")
    settings = ProjectSettings(name="desk", task=Task.SEGMENTATION, classes=tuple(make_classes(["sky", "road"])))
    with Store.create(tmp_path / "project", settings) as store:
        store.add_items([NewItem(name="a.png", path=tmp_path / "a.png")])
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        for window in windows:
            window.close()
        window = MainWindow()
        qtbot.addWidget(window)
        window.resize(1280, 720)
        window.show()
        window.open_folder(tmp_path / "project")
        qtbot.waitUntil(lambda: canvas_of(window).document is not None)
        canvas_of(window).setFocus()
        windows.append(window)
        return window

    yield make
    windows[-1].close()


def canvas_of(window: MainWindow):
    assert window.workspace is not None
    return window.workspace.label_page.canvas


def tool_of(window: MainWindow) -> ToolName:
    return canvas_of(window).choices.tool


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.focusWidget() or window, key, keys)


def open_palette(window: MainWindow) -> Palette:
    press(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChild(Palette)
    assert palette is not None and palette.isVisible()
    return palette


def open_sheet(window: MainWindow) -> KeySheet:
    QTest.keyClicks(window.focusWidget() or window, "?")
    sheet = window.findChild(KeySheet)
    assert sheet is not None and sheet.isVisible()
    return sheet


def select_row(sheet: KeySheet, action: str) -> None:
    model = sheet.table.model()
    row = next(row for row in range(model.rowCount()) if model.index(row, ACTION).data() == action)
    sheet.table.setFocus()
    sheet.table.setCurrentIndex(model.index(row, ACTION))


def change_key(sheet: KeySheet, action: str, key: Qt.Key) -> None:
    select_row(sheet, action)
    QTest.keyClick(sheet.table, Qt.Key.Key_Return)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QKeySequenceEdit)
    QTest.keyClick(editor, key)
