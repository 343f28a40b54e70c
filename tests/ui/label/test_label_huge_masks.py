"""Huge masks are filled, and worked on by regions, on a thread; here every mask counts as huge."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core import flood, masks, regions, tile_edits
from studio.core.classes import UNLABELLED
from studio.ui.label import item_showing, region_editing
from studio.ui.label.choices import ToolName

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def huge(make_desk, monkeypatch):
    monkeypatch.setattr(masks, "HUGE_MASK", 1)
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(6)
    desk.drag((80, -2), (80, 102))
    desk.page.choices.choose_tool(ToolName.FILL)
    desk.page.choices.choose_class(2)
    return desk


def settled(desk):
    desk.qtbot.waitUntil(lambda: not desk.canvas.huge_edits.is_running, timeout=5000)


@pytest.fixture
def held(monkeypatch):
    """The thread waits before it seeks, until this is set."""
    gate = threading.Event()
    seek = flood.Flood

    def slow(*args, stopped, **kwargs):
        gate.wait(5)
        return seek(*args, stopped=stopped, **kwargs)

    monkeypatch.setattr(flood, "Flood", slow)
    yield gate
    gate.set()


def test_a_click_fills_the_region_of_a_huge_mask_as_one_edit(huge):
    before = huge.mask()
    huge.click(20, 50)
    assert "Filling" in huge.page.status.hint.text()
    settled(huge)
    expected = before.copy()
    expected[:, :77] = 2
    assert np.array_equal(huge.mask(), expected)
    assert huge.canvas.document.undo_text == "fill"
    huge.trigger("undo")
    assert np.array_equal(huge.mask(), before)


@pytest.mark.parametrize("by", ["Escape", "undo", "another item"])
def test_a_fill_that_is_not_wanted_any_more_changes_nothing(huge, held, by):
    before, item = huge.mask(), huge.session.current_item
    huge.click(20, 50)
    assert huge.canvas.huge_edits.is_running
    if by == "Escape":
        huge.key(Qt.Key.Key_Escape)
    elif by == "undo":
        huge.trigger("undo")
    else:
        huge.open(huge.ids[1])
    assert not huge.canvas.huge_edits.is_running
    held.set()
    huge.qtbot.wait(50)
    huge.open(item)
    assert np.array_equal(huge.mask(), before)
    assert huge.canvas.document.undo_text == "brush stroke"


def test_what_is_painted_while_the_region_is_sought_is_not_lost(huge, held):
    huge.click(20, 50)
    huge.page.choices.choose_tool(ToolName.BRUSH)
    huge.page.choices.choose_class(0)
    huge.drag((50, -2), (50, 102))
    stroke = huge.mask() == 0
    held.set()
    huge.qtbot.waitUntil(lambda: huge.canvas.document.undo_text == "fill", timeout=5000)
    mask = huge.mask()
    assert (mask[:, :47] == 2).all() and (mask[stroke] == 0).all() and (mask[:, 53:77] == UNLABELLED).all()


def test_a_huge_region_of_a_locked_class_is_not_filled(huge):
    huge.page.choices.locks.toggle(1)
    before = huge.mask()
    huge.click(80, 50)
    settled(huge)
    assert np.array_equal(huge.mask(), before)


def test_a_region_whose_edit_does_not_fit_in_memory_is_refused_in_a_sentence(huge, monkeypatch):
    monkeypatch.setattr(tile_edits, "_MOST_BYTES", 100)
    before = huge.mask()
    huge.click(20, 50)
    settled(huge)
    assert "too large" in huge.page.status.hint.text()
    assert np.array_equal(huge.mask(), before)


def test_a_region_of_a_huge_mask_gets_another_class_by_a_key_and_a_whole_class_too(huge, monkeypatch):
    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(huge.canvas, "pixel_under_cursor", lambda: (80, 50))
    before = huge.mask()
    for key, keys in ((Qt.Key.Key_G, ALT), (Qt.Key.Key_G, ALT | SHIFT)):
        huge.key(key, keys)
        huge.qtbot.waitUntil(lambda: huge.canvas.document.undo_text == "replacing a class", timeout=5000)
        assert np.array_equal(huge.mask(), np.where(before == 1, 2, before))
        huge.trigger("undo")
    assert np.array_equal(huge.mask(), before)


@pytest.mark.parametrize("keys", [ALT, ALT | SHIFT])
def test_a_region_that_spans_too_much_is_refused_in_a_sentence(huge, monkeypatch, keys):
    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(regions, "MOST_PIXELS", 300)
    monkeypatch.setattr(huge.canvas, "pixel_under_cursor", lambda: (80, 50))
    before, sentences = huge.mask(), []
    huge.canvas.failed.connect(sentences.append)
    huge.key(Qt.Key.Key_Up, keys)
    huge.qtbot.waitUntil(lambda: bool(sentences), timeout=5000)
    assert "too large" in sentences[0] and sentences[0].endswith(".")
    assert np.array_equal(huge.mask(), before)


def test_a_region_of_a_huge_mask_grows_as_that_of_any_other(huge, monkeypatch):
    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(huge.canvas, "pixel_under_cursor", lambda: (80, 50))
    before = huge.mask()
    huge.key(Qt.Key.Key_Up, ALT)
    huge.qtbot.waitUntil(lambda: huge.canvas.document.undo_text == "growing", timeout=5000)
    expected = before.copy()
    expected[:, 76] = expected[:, 83] = 1
    assert np.array_equal(huge.mask(), expected)


def test_a_huge_label_is_read_while_the_picture_shows_and_input_rests_until_it_is_there(huge, monkeypatch):
    before, item, gate = huge.mask(), huge.session.current_item, threading.Event()
    read = item_showing.read_label
    monkeypatch.setattr(item_showing, "read_label", lambda path: gate.wait(5) and read(path))
    for other in huge.ids[1:]:
        huge.open(other)
    huge.session._documents.clear()
    gc.collect()
    huge.session.open_item(item)
    huge.qtbot.waitUntil(lambda: huge.canvas.picture is not None and huge.page.showing.document is None, timeout=5000)
    assert huge.canvas.document is None
    huge.page.choices.choose_tool(ToolName.BRUSH)
    huge.drag((20, 20), (40, 40))  # nothing to paint on yet
    gate.set()
    huge.wait_for(item)
    assert np.array_equal(huge.canvas.document.mask, before)
    huge.drag((20, 20), (40, 40))
    assert huge.mask()[30, 30] == 2
    huge.trigger("undo")
    assert np.array_equal(huge.mask(), before)
