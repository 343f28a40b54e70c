"""The page's right side: sections that fold and stay as they were left."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.ui.label.side_panel import SidePanel


def make_panel(qtbot: QtBot) -> SidePanel:
    panel = SidePanel()
    panel.add("one", "One", QPushButton("first"), weight=3)
    panel.add("two", "Two", QWidget(), open_at_first=False)
    panel.add("three", "Three", QWidget())
    qtbot.addWidget(panel)
    panel.resize(220, 600)
    panel.show()
    return panel


def test_a_folded_section_leaves_its_room_to_the_others(qtbot: QtBot) -> None:
    panel = make_panel(qtbot)
    one, two, three = panel.sections.values()
    assert not two.is_open and two.height() < 40
    assert one.height() > 2 * three.height() > 200
    QTest.mouseClick(one.title, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: one.height() < 40 and three.height() > 500)
    QTest.keyClick(three.title, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: three.height() < 40)
    qtbot.waitUntil(lambda: two.geometry().top() - one.geometry().bottom() < 4)  # titles stay together at the top
    QTest.mouseClick(two.title, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: two.height() > 500)


def test_what_is_open_is_remembered(qtbot: QtBot) -> None:
    first = make_panel(qtbot)
    QTest.mouseClick(first.sections["one"].title, Qt.MouseButton.LeftButton)
    QTest.mouseClick(first.sections["two"].title, Qt.MouseButton.LeftButton)
    second = make_panel(qtbot)
    assert [section.is_open for section in second.sections.values()] == [False, True, True]


def test_the_classes_are_a_section_with_the_button_that_adds_one(make_desk) -> None:
    desk = make_desk()
    section = desk.page.findChild(SidePanel).sections["classes"]
    assert desk.page.classes.add_button.isVisible()
    QTest.mouseClick(section.title, Qt.MouseButton.LeftButton)
    assert not desk.page.classes.isVisible()
    assert desk.page.classes.add_button.isVisible()
