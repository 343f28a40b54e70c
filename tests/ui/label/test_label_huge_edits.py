"""What takes too long to be done at once is done in its turn, never lost in silence, and Escape gives it up."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.exceptions import capture_exceptions
from scipy import ndimage

from studio.core import masks
from studio.core.classes import UNLABELLED
from studio.core.region_wishes import RegionWish
from studio.ui.label import region_editing
from studio.ui.label.choices import ToolName

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
ROAD = (40, 33)


@pytest.fixture
def gate(monkeypatch):
    """Regions are sought on a thread, which waits until this is set."""
    gate = threading.Event()
    seek = RegionWish.edit

    def slow(self, *args):
        gate.wait(5)
        return seek(self, *args)

    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(RegionWish, "edit", slow)
    yield gate
    gate.set()


@pytest.fixture
def desk(make_desk, monkeypatch):
    """A road is painted, and the cursor rests on it."""
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(14)
    desk.drag((30, 30), (60, 40))
    monkeypatch.setattr(desk.canvas, "pixel_under_cursor", lambda: ROAD)
    return desk


def grow(desk):
    desk.key(Qt.Key.Key_Up, ALT)


def settle(desk):
    desk.qtbot.waitUntil(lambda: not desk.canvas.huge_edits.is_running, timeout=5000)


def grown(mask, by=1, value=1):
    """The mask with the road, or what else is there, larger by so many steps of one pixel."""
    for _ in range(by):
        pieces, _ = ndimage.label(mask == value)
        road = pieces == pieces[ROAD[1], ROAD[0]]
        mask = np.where(ndimage.distance_transform_edt(~road) <= 1, value, mask)
    return mask


def fail_once(monkeypatch, *, on_thread):
    """The first region that is sought on the thread, or not on it, meets an error that nobody foresaw."""
    seek, failed = RegionWish.edit, []

    def seek_or_fail(self, *args):
        if not failed and (threading.current_thread() is not threading.main_thread()) == on_thread:
            failed.append(self)
            raise MemoryError("no room")
        return seek(self, *args)

    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    monkeypatch.setattr(RegionWish, "edit", seek_or_fail)


def hint(desk):
    return desk.page.status.hint.text()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_region_asked_for_in_the_middle_of_a_stroke_follows_the_stroke(desk, monkeypatch, at_once):
    if not at_once:
        monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    desk.press(45, 35)
    desk.move(60, 60)
    grow(desk)
    assert "as soon as this stroke is done" in hint(desk)
    desk.qtbot.wait(120)
    assert desk.canvas.document.undo_text == "brush stroke"
    desk.move(90, 60)
    desk.release(90, 60)
    settle(desk)
    assert desk.canvas.document.undo_text == "growing"
    after = desk.mask()
    desk.trigger("undo")
    stroke = desk.mask()
    assert stroke[60, 90] == 1
    assert np.array_equal(after, grown(stroke))


def test_a_stroke_that_is_begun_while_the_region_is_sought_stays_one_and_comes_first(desk, gate):
    before = desk.mask()
    grow(desk)
    desk.press(100, 80)
    desk.move(110, 80)
    gate.set()
    desk.qtbot.wait(120)
    desk.move(130, 80)
    desk.release(130, 80)
    settle(desk)
    after = desk.mask()
    assert after[80, 130] == 1
    desk.trigger("undo")
    assert np.array_equal(after, grown(desk.mask()))
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)


def test_an_outline_that_waits_keeps_no_region_from_growing(desk, monkeypatch):
    monkeypatch.setattr(region_editing, "AT_ONCE_PIXELS", 0)
    before = desk.mask()
    desk.page.choices.choose_tool(ToolName.POLYGON)
    desk.click(100, 20)
    desk.click(140, 20)
    grow(desk)
    settle(desk)
    assert np.array_equal(desk.mask(), grown(before))
    assert hint(desk) == "Grown."
    desk.click(140, 60)
    desk.key(Qt.Key.Key_Return)
    assert desk.mask()[30, 130] == 1


def test_what_was_being_worked_on_is_said_to_be_done(desk, gate):
    grow(desk)
    assert hint(desk) == "Growing… Esc gives it up."
    gate.set()
    settle(desk)
    assert hint(desk) == "Grown."
    desk.key(Qt.Key.Key_B, ALT)
    settle(desk)
    assert hint(desk) == "There is no hole to fill."


def test_escape_gives_a_region_up(desk, gate):
    before = desk.mask()
    grow(desk)
    desk.key(Qt.Key.Key_Escape)
    assert hint(desk) == "Growing was given up; nothing was changed."
    gate.set()
    desk.qtbot.wait(120)
    assert np.array_equal(desk.mask(), before)


def test_escape_is_the_outline_s_first_and_the_words_say_so(desk, gate):
    before = desk.mask()
    desk.page.choices.choose_tool(ToolName.POLYGON)
    desk.click(100, 20)
    grow(desk)
    assert hint(desk) == "Growing… Esc gives up what you are drawing first, then this."
    desk.key(Qt.Key.Key_Escape)
    assert not desk.canvas.tool.is_busy
    assert desk.canvas.huge_edits.is_running
    desk.key(Qt.Key.Key_Escape)
    assert not desk.canvas.huge_edits.is_running
    gate.set()
    desk.qtbot.wait(120)
    assert np.array_equal(desk.mask(), before)


@pytest.mark.parametrize("place", ["canvas", "items", "classes", "history"])
def test_escape_stops_a_fill_after_the_tool_was_switched_wherever_the_keyboard_is(make_desk, monkeypatch, place):
    monkeypatch.setattr(masks, "HUGE_MASK", 1)
    desk = make_desk()
    gate = threading.Event()
    monkeypatch.setattr("studio.ui.label.tools.fill.flood_edit", lambda *_: gate.wait(5) and None)
    desk.page.choices.choose_class(2)
    desk.key(Qt.Key.Key_G)
    desk.click(20, 50)
    assert hint(desk) == "Filling… Esc gives it up."
    desk.key(Qt.Key.Key_B)
    assert desk.canvas.tool.name is ToolName.BRUSH
    assert hint(desk) == "Filling… Esc gives it up."
    widgets = {
        "canvas": desk.canvas,
        "items": desk.page.items.list,
        "classes": desk.page.classes.list,
        "history": desk.page.history.list,
    }
    QTest.keyClick(widgets[place], Qt.Key.Key_Escape)
    assert hint(desk) == "Filling was given up; nothing was changed."
    assert not desk.canvas.huge_edits.is_running
    gate.set()


def test_what_is_asked_for_while_something_is_under_way_waits_for_its_turn(desk, gate):
    before = desk.mask()
    for _ in range(3):
        grow(desk)
    assert hint(desk) == "Growing and 2 more… Esc gives them up."
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), grown(before, 3))
    for _ in range(3):
        desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)


def test_more_than_a_few_are_refused_in_a_sentence(desk, gate):
    before = desk.mask()
    for _ in range(9):
        grow(desk)
    assert "8 steps are on their way already" in hint(desk)
    desk.key(Qt.Key.Key_Escape)
    assert hint(desk) == "Growing and the 7 steps that waited were given up; none of them changed anything."
    gate.set()
    desk.qtbot.wait(120)
    assert np.array_equal(desk.mask(), before)


def test_undo_takes_back_what_was_asked_for_last_or_painted_since(desk, gate):
    before = desk.mask()
    grow(desk)
    grow(desk)
    desk.trigger("undo")
    assert hint(desk) == "Growing was given up; nothing was changed."
    desk.drag((100, 80), (130, 80))
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), grown(before))


def test_a_region_that_is_painted_over_meanwhile_is_not_taken_for_another_one(desk, gate):
    grow(desk)
    desk.page.choices.choose_class(2)
    desk.drag((30, 30), (60, 40))
    stroke = desk.mask()
    gate.set()
    settle(desk)
    assert "painted over meanwhile" in hint(desk)
    assert np.array_equal(desk.mask(), stroke)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_step_that_waits_is_not_carried_out_on_what_was_painted_over_its_region(desk, gate, is_closed):
    grow(desk)
    grow(desk)
    desk.page.choices.choose_class(2)
    desk.drag((30, 30), (60, 40))
    stroke = desk.mask()
    gate.set()
    if is_closed:
        desk.page.shut_down()
    else:
        settle(desk)
        assert "painted over meanwhile" in hint(desk)
    assert np.array_equal(desk.mask(), stroke)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_step_follows_what_the_step_before_it_made_of_its_region(desk, gate, is_closed):
    before = desk.mask()
    desk.page.choices.choose_class(2)
    desk.key(Qt.Key.Key_G, ALT)
    grow(desk)
    grow(desk)
    gate.set()
    if is_closed:
        desk.page.shut_down()
    else:
        settle(desk)
    assert np.array_equal(desk.mask(), grown(np.where(before == 1, 2, before), 2, value=2))


def test_undo_takes_back_the_stroke_that_is_younger_than_the_step_under_way(desk, gate):
    before = desk.mask()
    grow(desk)
    desk.drag((100, 80), (130, 80))
    grow(desk)
    desk.trigger("undo")
    assert hint(desk) == "Growing was given up; nothing was changed."
    desk.trigger("undo")
    assert np.array_equal(desk.mask(), before)
    assert desk.canvas.huge_edits.is_running
    desk.trigger("undo")
    assert not desk.canvas.huge_edits.is_running
    assert np.array_equal(desk.mask(), before)


def test_undo_takes_back_the_last_step_of_the_item_that_is_shown(desk, gate, monkeypatch):
    first, item = desk.mask(), desk.session.current_item
    desk.open(desk.ids[1])
    desk.drag((30, 30), (60, 40))
    second = desk.mask()
    desk.open(item)
    grow(desk)
    desk.open(desk.ids[1])
    grow(desk)
    desk.open(item)
    desk.trigger("undo")
    assert hint(desk) == "Growing was given up; nothing was changed."
    gate.set()
    settle(desk)
    assert np.array_equal(desk.mask(), first)
    desk.open(desk.ids[1])
    assert np.array_equal(desk.mask(), grown(second))


def test_an_error_that_nobody_foresaw_is_told_and_keeps_no_later_step_from_its_turn(desk, monkeypatch):
    before, told = desk.mask(), []
    desk.canvas.failed.connect(told.append)
    fail_once(monkeypatch, on_thread=True)
    with capture_exceptions() as mistakes:
        grow(desk)
        grow(desk)
        settle(desk)
    assert told == ["Growing failed: the program made a mistake (MemoryError: no room)."]
    assert [kind for kind, *_ in mistakes] == [MemoryError]
    assert np.array_equal(desk.mask(), grown(before))


def test_an_error_that_nobody_foresaw_keeps_the_page_from_nothing_when_it_is_closed(desk, gate, monkeypatch):
    before = desk.mask()
    fail_once(monkeypatch, on_thread=False)
    grow(desk)
    grow(desk)
    gate.set()
    with capture_exceptions() as mistakes:
        desk.page.shut_down()
    assert [kind for kind, *_ in mistakes] == [MemoryError]
    assert np.array_equal(desk.mask(), grown(before))


def test_a_region_goes_on_growing_when_its_item_is_left(desk, gate):
    before, item = desk.mask(), desk.session.current_item
    grow(desk)
    desk.open(desk.ids[1])
    gate.set()
    settle(desk)
    assert hint(desk) == "frame_000.png: Grown."
    assert (desk.mask() == UNLABELLED).all()
    desk.open(item)
    assert np.array_equal(desk.mask(), grown(before))


def test_one_on_a_huge_mask_is_given_up_with_a_sentence_when_its_item_is_left(desk, gate, monkeypatch):
    before, item = desk.mask(), desk.session.current_item
    monkeypatch.setattr(masks, "HUGE_MASK", 1)
    grow(desk)
    desk.open(desk.ids[1])
    assert hint(desk) == "Growing was given up, as its picture was left; nothing was changed."
    gate.set()
    desk.open(item)
    assert np.array_equal(desk.mask(), before)


def test_what_is_still_under_way_when_the_project_is_closed_is_done_first(desk, gate):
    before, path = desk.mask(), desk.store.label_path(desk.session.current_item)
    grow(desk)
    gate.set()
    desk.page.shut_down()
    desk.store.flush()
    with Image.open(path) as image:
        assert np.array_equal(np.array(image), grown(before))
