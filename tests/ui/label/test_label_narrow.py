"""In the smallest window nothing of the Label page is cut, whatever tool is in use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QSplitter,
    QToolButton,
    QWidget,
)

from studio.core.settings import Task
from studio.ui.label import LabelPage
from studio.ui.label.choices import TOOLS_OF
from studio.ui.label.side_panel import SidePanel
from studio.ui.session import Overlay
from studio.ui.theme import ThemeMode, theme
from tests.ui.label.test_label_page import run_with
from tests.ui.label.test_label_proposals import finished_run

SMALLEST = (960, 520)
"""What the smallest window leaves to the page."""

SHOWING_TEXT = (QLabel, QPushButton, QToolButton, QCheckBox, QComboBox, QSpinBox)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """Sizes are those of the style sheet that people see."""
    theme().apply(ThemeMode.LIGHT)
    yield
    qapp.setStyleSheet("")


def cut_parts(bar: QWidget) -> list[str]:
    """The visible parts of `bar` that are narrower than they can bear, or that stick out of it."""
    cut: list[str] = []
    for part in (found for kind in SHOWING_TEXT for found in bar.findChildren(kind)):
        right = part.mapTo(bar, part.rect().topRight()).x()
        if part.isVisible() and (part.width() < part.minimumSizeHint().width() or right >= bar.width()):
            cut.append(f"{part.metaObject().className()} {part.accessibleName() or part.objectName()}")
    return cut


@pytest.mark.parametrize("task", list(Task)[:2])
def test_the_options_of_every_tool_fit_into_the_smallest_window(make_desk, task):
    desk = make_desk(task=task, page_size=SMALLEST)
    for tool in TOOLS_OF[task]:
        desk.page.choices.choose_tool(tool)
        QApplication.processEvents()
        assert desk.page.width() == SMALLEST[0]
        assert cut_parts(desk.page.options) == [], tool
        assert cut_parts(desk.page.status) == [], tool


@pytest.mark.parametrize("task", list(Task)[:2])
def test_the_buttons_of_the_proposals_show_their_words(make_desk, task):
    desk = make_desk(task=task, page_size=(1280, 640))
    finished_run(desk)
    QApplication.processEvents()
    assert desk.page.proposals.everywhere_button.isVisible()
    assert cut_parts(desk.page.proposals) == []


def test_the_views_of_a_prediction_fit_beside_the_options_of_every_tool(make_desk):
    desk = make_desk(page_size=(1280, 640))
    desk.drag((20, 20), (40, 20))
    run = run_with(desk, mask=np.ones((100, 160), np.uint8))
    desk.session.open_item(desk.ids[0], Overlay(run=run, item=desk.ids[0]))
    desk.qtbot.waitUntil(lambda: desk.page.showing.prediction is not None, timeout=5000)
    for tool in TOOLS_OF[Task.SEGMENTATION]:
        desk.page.choices.choose_tool(tool)
        QApplication.processEvents()
        assert cut_parts(desk.page.options) == [], tool


def test_what_gave_way_comes_back_with_the_room_for_it(make_desk):
    desk = make_desk(page_size=SMALLEST)
    desk.page.choices.choose_tool("wand")
    assert not desk.page.options.opacity_slider.isVisible()
    desk.page.resize(1600, 700)
    desk.qtbot.waitUntil(desk.page.options.opacity_slider.isVisible)


@pytest.mark.parametrize("task", list(Task)[:2])
def test_open_sections_stay_as_wide_as_the_side_when_they_scroll(make_desk, task):
    desk = make_desk(task=task, page_size=SMALLEST)
    side = desk.page.findChild(SidePanel)
    for section in side.sections.values():
        section.set_open(True)
    QApplication.processEvents()
    for section in side.sections.values():
        assert section.mapTo(side, section.rect().topRight()).x() < side.width(), section.name


def test_a_notice_moves_nothing_and_can_be_put_away(make_desk):
    desk = make_desk(page_size=SMALLEST)
    before = (desk.canvas.geometry(), desk.canvas.viewport.scale)
    desk.page.notice.say("Something went wrong.")
    QApplication.processEvents()
    assert (desk.canvas.geometry(), desk.canvas.viewport.scale) == before
    close = desk.page.notice.close_button
    assert desk.page.childAt(close.mapTo(desk.page, close.rect().center())) is close
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not desk.page.notice.isVisible()


def test_the_sides_stay_as_wide_as_they_were_left(make_desk, qtbot):
    desk = make_desk(page_size=(1400, 700))
    splitter = desk.page.findChild(QSplitter)
    handle = splitter.handle(1)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, handle.rect().center())
    QTest.mouseMove(handle, handle.rect().center() + QPoint(80, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, handle.rect().center())
    widths = splitter.sizes()
    assert widths[0] > 300
    again = LabelPage(desk.session)
    qtbot.addWidget(again)
    again.resize(1400, 700)
    again.show()
    assert again.findChild(QSplitter).sizes() == widths
    again.shut_down()
