"""Locks: what painting leaves alone, by a click on the lock, by keys and by the options bar."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.core.classes import UNLABELLED
from studio.ui.label import LabelPage
from studio.ui.session import Session

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL = Qt.KeyboardModifier.ControlModifier


def click_lock(desk, row):
    view = desk.page.classes.list
    box = view.visualRect(desk.page.classes.model.index(row))
    QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(box.right() - 10, box.center().y()))


def paint(desk, class_id, *points, size=20, button=LEFT):
    desk.page.choices.choose_class(class_id)
    desk.page.choices.set_brush_size(size)
    desk.drag(*points, button=button)


def hint(desk):
    return desk.page.status.hint.text()


def test_a_class_that_is_locked_by_a_click_stays_whatever_is_painted(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50))
    before = desk.mask() == 1
    click_lock(desk, 1)
    assert desk.page.choices.class_id == 1  # the click locks and does nothing else
    paint(desk, 2, (80, 20), (80, 80))
    assert np.array_equal(desk.mask() == 1, before)
    assert (desk.mask() == 2).any()
    paint(desk, 2, (40, 50), (120, 50), button=RIGHT)
    assert np.array_equal(desk.mask() == 1, before)
    click_lock(desk, 1)
    paint(desk, 2, (80, 20), (80, 80))
    assert desk.mask()[50, 80] == 2


def test_painting_onto_nothing_but_locked_pixels_says_why_nothing_happens(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50), size=30)
    desk.key(Qt.Key.Key_L, CTRL)
    paint(desk, 2, (60, 50), (100, 50), size=5)
    assert "road is locked" in hint(desk)
    assert not (desk.mask() == 2).any()
    assert desk.canvas.document.undo_text == "brush stroke"


def test_over_unlabelled_only_spares_every_label_but_lets_it_be_erased(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50))
    before = desk.mask() == 1
    desk.key(Qt.Key.Key_U, CTRL)
    options = next(group for group in desk.page.options.groups if type(group).__name__ == "PaintOverOptions")
    assert options.box.currentText() == "Unlabelled only"
    paint(desk, 2, (80, 20), (80, 80))
    assert np.array_equal(desk.mask() == 1, before)
    assert desk.mask()[25, 80] == 2
    paint(desk, 2, (60, 50), (100, 50), size=4)
    assert "only unlabelled" in hint(desk)
    paint(desk, 2, (60, 50), (100, 50), size=4, button=RIGHT)
    assert desk.mask()[50, 80] == UNLABELLED
    options.box.setCurrentIndex(0)
    paint(desk, 2, (80, 20), (80, 80))
    assert desk.mask()[45, 80] == 2


def test_fill_and_polygon_and_a_whole_prediction_honour_locks(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50))
    road = desk.mask() == 1
    desk.page.choices.locks.toggle(1)
    desk.trigger("tool_polygon")
    desk.page.choices.choose_class(0)
    for corner in ((10, 10), (150, 10), (150, 90), (10, 90), (10, 10)):
        desk.click(*corner)
    assert np.array_equal(desk.mask() == 1, road)
    desk.trigger("tool_fill")
    desk.click(80, 50)
    assert "road is locked" in hint(desk)
    desk.canvas.document.replace(np.zeros((100, 160), np.uint8), "accepting the prediction")
    assert np.array_equal(desk.mask() == 1, road)


def test_locks_belong_to_the_project_and_outlive_the_page(make_desk, qtbot):
    desk = make_desk()
    desk.page.choices.locks.toggle(2)
    desk.page.choices.locks.set_only_unlabelled(True)
    again = LabelPage(Session(desk.store))
    qtbot.addWidget(again)
    assert again.choices.locks.is_locked(2)
    assert again.choices.locks.only_unlabelled
    assert again.classes.note == "1 locked"
    again.shut_down()


def test_undo_takes_a_stroke_back_though_its_class_was_locked_since(make_desk):
    desk = make_desk()
    paint(desk, 1, (40, 50), (120, 50))
    desk.page.choices.locks.toggle(1)
    desk.trigger("undo")
    assert (desk.mask() == UNLABELLED).all()
