"""How the window's commands and buttons are written: as sentences begin, with one capital letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.main_window import MainWindow
from studio.ui.session import Page

_NAMES = {"Relearn", "Studio", "Review", "Train", "Label", "Cards"}
"""The program's and its pages' names, which have their capital letters wherever they stand."""


@pytest.mark.parametrize("task", list(Task))
def test_every_command_and_button_begins_with_its_only_capital_letter(tmp_path: Path, qtbot: QtBot, task: Task) -> None:
    window = _window(tmp_path, qtbot, task)
    assert window.workspace is not None
    texts: set[str] = set()
    for page in Page:
        window.workspace.show_page(page)
        texts |= {action.text() for action in window.findChildren(QAction)}
    texts |= {menu.title() for menu in window.findChildren(QMenu)}
    texts |= {button.text() for button in window.findChildren(QAbstractButton)}
    window.close()
    assert len(texts) > 60
    assert not sorted(text for text in texts if _capital_words(text))


def _capital_words(text: str) -> list[str]:
    """After the first word and before the key, which two blanks part from the words."""
    later = re.findall(r"[^\W\d_]+", text.partition("  ")[0].replace("&", ""))[1:]
    return [word for word in later if re.fullmatch(r"[A-Z][a-z]+", word) and word not in _NAMES]


def _window(folder: Path, qtbot: QtBot, task: Task) -> MainWindow:
    classes = () if task is Task.KEYPOINTS else tuple(make_classes(["sky", "road"]))
    if task is Task.TEXT:
        path = folder / "a.txt"
        path.write_text("A text.")
    else:
        path = folder / "a.png"
        Image.new("RGB", (64, 48), "gray").save(path)
    with Store.create(folder / "project", ProjectSettings(name="desk", task=task, classes=classes)) as store:
        store.add_items([NewItem(name=path.name, path=path)])
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    window.open_folder(folder / "project")
    qtbot.waitUntil(lambda: window.workspace is not None)
    return window
