"""The history as a list: every edit of the item, and a click that goes to any of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.core.classes import UNLABELLED
from studio.store import Store
from studio.ui.label import history_panel
from studio.ui.label.history_model import PLACE_ROLE, Place


def rows(desk):
    """(what, place) of each row, once the list has caught up."""
    panel = desk.page.history
    panel.refresh()
    model = panel.model
    return [(model.index(row).data(), model.index(row).data(PLACE_ROLE)) for row in range(model.rowCount())]


def click(desk, row):
    view = desk.page.history.list
    index = desk.page.history.model.index(row)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def strokes(desk, number):
    """So many strokes; returns the masks before the first and after each."""
    masks = [desk.mask()]
    for row in range(number):
        desk.page.choices.choose_class(row % 3)
        desk.drag((20, 10 + 12 * row), (140, 10 + 12 * row))
        masks.append(desk.mask())
    return masks


def test_every_edit_is_a_row_and_undone_ones_are_marked(make_desk):
    desk = make_desk()
    assert rows(desk) == []
    strokes(desk, 2)
    desk.trigger("tool_fill")
    desk.click(150, 95)
    desk.trigger("undo")
    done, current, ahead = Place.PAST, Place.CURRENT, Place.AHEAD
    assert rows(desk) == [
        ("Nothing labelled", done),
        ("Brush stroke", done),
        ("Brush stroke", current),
        ("Fill", ahead),
    ]
    assert desk.page.history.list.currentIndex().row() == 2


def test_a_click_goes_to_any_state_and_the_label_file_follows(make_desk):
    desk = make_desk()
    masks = strokes(desk, 5)
    rows(desk)
    for row in (2, 5, 0, 4):
        click(desk, row)
        assert np.array_equal(desk.mask(), masks[row])
        assert rows(desk)[row][1] is Place.CURRENT
    desk.trigger("redo")
    assert np.array_equal(desk.mask(), masks[5])


def test_what_another_branch_holds_can_be_reached_too(make_desk):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    click(desk, 1)
    desk.page.choices.choose_class(2)
    desk.drag((80, 5), (80, 95))
    assert [place for _, place in rows(desk)] == [
        Place.PAST,
        Place.PAST,
        Place.ASIDE,
        Place.ASIDE,
        Place.CURRENT,
    ]
    branch = desk.mask()
    click(desk, 3)
    assert np.array_equal(desk.mask(), masks[3])
    rows(desk)
    click(desk, 4)
    assert np.array_equal(desk.mask(), branch)


def test_the_keyboard_looks_with_arrows_and_goes_with_enter(make_desk):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    view = desk.page.history.list
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert np.array_equal(desk.mask(), masks[3])
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), masks[1])


def test_a_long_way_is_put_together_in_the_background(make_desk, monkeypatch):
    monkeypatch.setattr(history_panel, "_FEW", 1)
    desk = make_desk()
    masks = strokes(desk, 6)
    rows(desk)
    click(desk, 1)
    desk.qtbot.waitUntil(lambda: desk.canvas.document.head == 1, timeout=3000)
    assert np.array_equal(desk.mask(), masks[1])


def held_history(desk, monkeypatch):
    """Every way counts as long, and is put together once the gate is open."""
    gate = threading.Event()
    read = history_panel._read_leap
    monkeypatch.setattr(history_panel, "_FEW", 0)
    monkeypatch.setattr(history_panel, "_read_leap", lambda *way: gate.wait(5) and read(*way))
    return gate


def hint(desk):
    return desk.page.status.hint.text()


def test_the_last_of_several_clicks_on_far_states_wins(make_desk, monkeypatch):
    desk = make_desk()
    masks = strokes(desk, 5)
    rows(desk)
    gate = held_history(desk, monkeypatch)
    for row in (1, 4, 2):
        click(desk, row)
    assert hint(desk) == "Going there… Esc gives it up."
    gate.set()
    desk.qtbot.waitUntil(lambda: desk.canvas.document.head == 2, timeout=3000)
    assert np.array_equal(desk.mask(), masks[2])
    assert hint(desk) == "The state that you chose is there."
    assert [place for _, place in rows(desk)][2:] == [Place.CURRENT, Place.AHEAD, Place.AHEAD, Place.AHEAD]


@pytest.mark.parametrize("place", ["canvas", "list"])
def test_escape_stays_where_the_label_is(make_desk, monkeypatch, place):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    gate = held_history(desk, monkeypatch)
    click(desk, 1)
    QTest.keyClick(desk.canvas if place == "canvas" else desk.page.history.list, Qt.Key.Key_Escape)
    assert hint(desk) == "The label stays as it is."
    gate.set()
    desk.qtbot.wait(100)
    assert np.array_equal(desk.mask(), masks[3])


def test_a_click_on_the_state_that_is_shown_means_to_stay(make_desk, monkeypatch):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    gate = held_history(desk, monkeypatch)
    click(desk, 1)
    click(desk, 3)
    assert hint(desk) == "The label stays as it is."
    gate.set()
    desk.qtbot.wait(100)
    assert np.array_equal(desk.mask(), masks[3])


def test_a_state_that_no_way_leads_to_any_more_is_told(make_desk, monkeypatch):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    held_history(desk, monkeypatch)
    monkeypatch.setattr(history_panel, "_read_leap", lambda *_way: None)
    click(desk, 1)
    desk.qtbot.waitUntil(lambda: hint(desk).startswith("No way leads to that state"), timeout=3000)
    assert np.array_equal(desk.mask(), masks[3])


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_stroke_painted_meanwhile_stays_and_a_sentence_says_so(make_desk, monkeypatch, is_finished):
    desk = make_desk()
    strokes(desk, 3)
    rows(desk)
    gate = held_history(desk, monkeypatch)
    click(desk, 1)
    desk.press(80, 60)
    desk.move(80, 90)
    if is_finished:
        desk.release(80, 90)
    gate.set()
    desk.qtbot.waitUntil(lambda: "changed meanwhile" in hint(desk), timeout=3000)
    if not is_finished:
        desk.release(80, 90)
    assert desk.mask()[80, 80] == 2
    assert len(rows(desk)) == 5


def test_an_item_that_is_left_at_once_still_goes_back(make_desk, monkeypatch):
    desk = make_desk()
    masks = strokes(desk, 3)
    rows(desk)
    gate = held_history(desk, monkeypatch)
    click(desk, 1)
    desk.open(desk.ids[1])
    gate.set()
    desk.qtbot.waitUntil(lambda: hint(desk) == "The state of frame_000.png that you chose is there.", timeout=3000)
    desk.open(desk.ids[0])
    assert np.array_equal(desk.mask(), masks[1])


def test_the_list_follows_the_item_and_outlives_a_restart(make_desk):
    desk = make_desk()
    strokes(desk, 2)
    desk.open(desk.ids[1])
    assert rows(desk) == []
    desk.open(desk.ids[0])
    assert len(rows(desk)) == 3
    with Store.open(desk.store.root) as again:
        document = again.open_document(desk.ids[0])
        assert [step.what for step in again.journal.timeline(desk.ids[0])] == ["brush stroke"] * 2
        document.go_to(0)
        assert (document.mask == UNLABELLED).all()


def test_a_label_that_came_as_a_whole_is_the_beginning(make_desk):
    desk = make_desk()
    desk.store.import_annotations([(desk.ids[1], np.zeros((100, 160), np.uint8))])
    desk.open(desk.ids[1])
    desk.page.choices.choose_class(1)
    desk.drag((20, 50), (140, 50))
    assert [what for what, _ in rows(desk)] == ["Import", "Brush stroke"]
    click(desk, 0)
    assert (desk.mask() == 0).all()


def test_nothing_is_undone_or_gone_back_to_before_the_picture_shows(make_desk):
    desk = make_desk(2)
    desk.drag((20, 20), (60, 60))
    painted = desk.mask()
    desk.open(desk.ids[1])
    document = desk.session.document(desk.ids[0])
    desk.page.showing._loader.forget()
    desk.session.open_item(desk.ids[0])
    assert desk.canvas.document is None
    desk.trigger("undo")
    desk.page.history.refresh()
    desk.page.history.go_to(desk.page.history.model.index(0))
    assert np.array_equal(document.mask, painted)
    desk.wait_for(desk.ids[0])
    desk.trigger("undo")
    assert not np.array_equal(document.mask, painted)
