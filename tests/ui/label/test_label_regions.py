"""Regions as a whole: growing, shrinking, smoothing, holes, specks and another class, by keys and by clicks."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from scipy import ndimage

from studio.core.classes import UNLABELLED
from studio.core.region_wishes import RegionOperation
from studio.ui.label import region_editing

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
RIGHT = Qt.MouseButton.RightButton


def hold_cursor_at(desk, monkeypatch, pixel):
    monkeypatch.setattr(desk.canvas, "pixel_under_cursor", lambda: pixel)


def paint_two_roads(desk):
    """Two pieces of class 1 on nothing, painted by hand; returns the mask."""
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(14)
    desk.drag((30, 30), (60, 40))
    desk.drag((110, 60), (130, 70))
    return desk.mask()


def piece(mask, x, y):
    numbers, _ = ndimage.label(mask == mask[y, x])
    return numbers == numbers[y, x]


def near(region, amount):
    return ndimage.distance_transform_edt(~region) <= amount


@pytest.mark.parametrize("at_once", [True, False])
def test_keys_grow_and_shrink_the_region_under_the_cursor(make_desk, monkeypatch, at_once):
    if not at_once:
        monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    desk = make_desk()
    before = paint_two_roads(desk)
    hold_cursor_at(desk, monkeypatch, (40, 33))
    desk.key(Qt.Key.Key_Up, ALT)
    document = desk.canvas.document
    desk.qtbot.waitUntil(lambda: document.undo_text == "growing", timeout=3000)
    grown = near(piece(before, 40, 33), 1)
    assert np.array_equal(desk.mask(), np.where(grown, 1, before))
    desk.key(Qt.Key.Key_Down, ALT)
    desk.qtbot.waitUntil(lambda: document.undo_text == "shrinking", timeout=3000)
    rim = grown & near(~grown, 1)
    assert np.array_equal(desk.mask(), np.where(rim, UNLABELLED, np.where(grown, 1, before)))
    desk.trigger("undo")
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)


def test_shift_takes_the_whole_class_and_so_does_the_keyboard_alone(make_desk, monkeypatch):
    desk = make_desk()
    before = paint_two_roads(desk)
    hold_cursor_at(desk, monkeypatch, (40, 33))
    desk.key(Qt.Key.Key_Up, ALT | SHIFT)
    once = np.where(near(before == 1, 1), 1, before)
    assert np.array_equal(desk.mask(), once)
    hold_cursor_at(desk, monkeypatch, None)
    desk.key(Qt.Key.Key_Up, ALT)
    assert np.array_equal(desk.mask(), np.where(near(once == 1, 1), 1, once))


def test_the_tool_grows_by_a_click_and_shrinks_by_a_right_click(make_desk):
    desk = make_desk()
    before = paint_two_roads(desk)
    desk.key(Qt.Key.Key_M)
    desk.page.choices.region.set_amount(RegionOperation.GROW, 4)
    desk.click(40.5, 33.5)
    grown = near(piece(before, 40, 33), 4)
    assert np.array_equal(desk.mask(), np.where(grown, 1, before))
    desk.click(40.5, 33.5, RIGHT)
    assert np.array_equal(desk.mask() == 1, (before == 1) & ~piece(before, 40, 33) | (grown & ~near(~grown, 4)))
    desk.click(40.5, 33.5, keys=SHIFT)
    assert desk.mask()[65, 138] == 1  # the other piece has grown too


def test_the_options_say_what_a_click_does(make_desk):
    desk = make_desk()
    desk.key(Qt.Key.Key_M)
    options = next(group for group in desk.page.options.groups if type(group).__name__ == "RegionOptions")
    assert options.isVisible()
    assert options.amount.isVisible()
    options.operation.setCurrentText("Fill holes")
    assert not options.amount.isVisible()
    assert desk.page.choices.region.operation is RegionOperation.FILL_HOLES


def test_holes_are_filled_and_specks_go(make_desk, monkeypatch):
    desk = make_desk()
    desk.page.choices.choose_class(0)
    desk.page.choices.set_brush_size(6)
    ring = [(40 + 20 * np.cos(a), 50 + 20 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 60)]
    desk.drag(*ring)
    desk.click(40, 50)  # a speck of the same class within
    desk.page.choices.choose_class(2)
    desk.click(120, 50)
    mask = desk.mask()
    hold_cursor_at(desk, monkeypatch, (60, 50))
    desk.key(Qt.Key.Key_B, ALT)
    outer = piece(mask, 60, 50)
    filled = np.where(ndimage.binary_fill_holes(outer), 0, mask)
    assert np.array_equal(desk.mask(), filled)
    hold_cursor_at(desk, monkeypatch, (120, 50))
    desk.key(Qt.Key.Key_K, ALT)
    assert np.array_equal(desk.mask(), np.where(filled == 2, UNLABELLED, filled))


def test_a_region_takes_the_current_class_and_locked_pixels_stay(make_desk, monkeypatch):
    desk = make_desk()
    before = paint_two_roads(desk)
    desk.page.choices.choose_class(2)
    hold_cursor_at(desk, monkeypatch, (40, 33))
    desk.key(Qt.Key.Key_G, ALT)
    part = np.where(piece(before, 40, 33), 2, before)
    assert np.array_equal(desk.mask(), part)
    desk.page.choices.locks.toggle(2)
    hold_cursor_at(desk, monkeypatch, (120, 65))
    desk.key(Qt.Key.Key_G, ALT | SHIFT)
    assert (desk.mask()[before == 1] == 2).all()
    desk.page.choices.choose_class(0)
    desk.key(Qt.Key.Key_G, ALT)
    assert (desk.mask()[before == 1] == 2).all()
    assert "car is locked" in desk.page.status.hint.text()


def test_smoothing_takes_away_a_thin_spike(make_desk, monkeypatch):
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(30)
    desk.drag((50, 50), (70, 50))
    desk.page.choices.set_brush_size(1)
    desk.drag((70.5, 50.5), (110.5, 50.5))
    assert desk.mask()[50, 105] == 1
    hold_cursor_at(desk, monkeypatch, (60, 50))
    desk.key(Qt.Key.Key_S, ALT)
    assert desk.mask()[50, 105] == UNLABELLED
    assert desk.mask()[50, 60] == 1


def test_where_there_is_nothing_to_do_a_sentence_says_so(make_desk, monkeypatch):
    desk = make_desk()
    hold_cursor_at(desk, monkeypatch, (10, 10))
    desk.key(Qt.Key.Key_Up, ALT)
    assert "no label under the cursor" in desk.page.status.hint.text()
    paint_two_roads(desk)
    hold_cursor_at(desk, monkeypatch, (40, 33))
    desk.key(Qt.Key.Key_B, ALT)
    assert "no hole" in desk.page.status.hint.text()
