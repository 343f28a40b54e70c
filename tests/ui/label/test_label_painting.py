"""Painting masks with the mouse: what is on the disk afterwards, pixel for pixel."""

from __future__ import annotations

from math import floor

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.store import Store

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
XY = tuple[float, float]


def snapped(point: XY, size: int) -> XY:
    """Odd brushes stand on the middle of a pixel, even ones on a corner."""
    if size % 2:
        return floor(point[0]) + 0.5, floor(point[1]) + 0.5
    return float(round(point[0])), float(round(point[1]))


def stroke(shape: tuple[int, int], path: list[XY], size: int) -> np.ndarray:
    """The pixels whose centre lies within size / 2 of a polyline, by distance to each of its segments."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    covered = np.zeros(shape, bool)
    for (ax, ay), (bx, by) in zip(path, path[1:] or path, strict=False):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((columns - ax) * (bx - ax) + (rows - ay) * (by - ay)) / length if length else np.zeros(shape)
        along = np.clip(along, 0, 1)
        away = (columns - ax - along * (bx - ax)) ** 2 + (rows - ay - along * (by - ay)) ** 2
        covered |= away <= (size / 2) ** 2 + 1e-9
    return covered


def test_a_stroke_is_in_the_label_file_pixel_for_pixel(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(2)
    desk.page.choices.set_brush_size(9)
    path = [(20.5, 30.5), (60.5, 30.5), (60.5, 70.5)]
    desk.drag(*path)
    seen = [snapped(desk.seen(desk.at(*p)), 9) for p in path]
    expected = np.where(stroke((100, 160), seen, 9), 2, UNLABELLED)
    assert np.array_equal(desk.mask(), expected)


def test_every_one_of_400_events_of_a_fast_stroke_is_in_the_mask(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(6)
    angles = np.linspace(0, 14 * np.pi, 400)
    places = [desk.at(80 + a * 1.5 * np.cos(a), 50 + a * np.sin(a)) for a in angles]
    QTest.mousePress(desk.canvas, LEFT, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(desk.canvas, place)
    QTest.mouseRelease(desk.canvas, LEFT, pos=places[-1])
    seen = [snapped(desk.seen(place), 6) for place in places]
    expected = np.where(stroke((100, 160), seen, 6), 0, UNLABELLED)
    assert np.array_equal(desk.mask(), expected)


def test_a_brush_of_one_paints_exactly_the_pixel_under_the_cursor(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(1)
    for x, y in ((0.3, 0.3), (17.7, 40.3), (159.6, 99.6)):
        place = desk.at(x, y)
        QTest.mouseClick(desk.canvas, LEFT, pos=place)
    painted = {(int(x), int(y)) for y, x in np.argwhere(desk.mask() == 0)}
    assert painted == {(0, 0), (17, 40), (159, 99)}


def test_the_right_button_and_the_eraser_take_the_label_away(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(21)
    desk.drag((30, 50), (130, 50))
    desk.page.choices.set_brush_size(7)
    desk.drag((50.5, 30), (50.5, 70), button=RIGHT)
    desk.trigger("tool_eraser")
    desk.page.choices.set_brush_size(7)
    desk.drag((100.5, 30), (100.5, 70))
    mask = desk.mask()
    assert mask[50, 75] == 0
    assert mask[50, 50] == UNLABELLED
    assert mask[50, 100] == UNLABELLED
    assert (mask[:, 47:54] == 0).sum() == 0


def test_shift_joins_the_last_point_by_a_straight_line(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(3)
    desk.click(20.5, 20.5)
    desk.click(120.5, 80.5, keys=SHIFT)
    line = [snapped(desk.seen(desk.at(*p)), 3) for p in ((20.5, 20.5), (120.5, 80.5))]
    assert np.array_equal(desk.mask() == 0, stroke((100, 160), line, 3))


def test_a_polygon_is_filled_when_its_first_corner_is_clicked_again(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(1)
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (100, 80), (20, 80), (20, 20)):
        desk.click(*corner)
    mask = desk.mask()
    assert (mask == 1).sum() == 80 * 60
    assert (mask[20:80, 20:100] == 1).all()


def test_enter_closes_a_polygon_and_backspace_takes_one_corner_back(make_desk):
    desk = make_desk()
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (150, 95), (100, 80)):
        desk.click(*corner)
    desk.key(Qt.Key.Key_Backspace)
    desk.key(Qt.Key.Key_Backspace)
    desk.click(100, 80)
    desk.key(Qt.Key.Key_Return)
    mask = desk.mask()
    assert mask[40, 90] == 0 and mask[79, 21] == UNLABELLED
    assert abs(int((mask == 0).sum()) - 80 * 60 // 2) <= 60


def test_a_double_click_closes_a_polygon(make_desk):
    desk = make_desk()
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20)):
        desk.click(*corner)
    QTest.mouseClick(desk.canvas, LEFT, pos=desk.at(100, 80))
    QTest.mouseDClick(desk.canvas, LEFT, pos=desk.at(100, 80))
    assert desk.mask()[40, 90] == 0


def test_escape_gives_a_polygon_up(make_desk):
    desk = make_desk()
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20), (100, 80)):
        desk.click(*corner)
    desk.key(Qt.Key.Key_Escape)
    desk.key(Qt.Key.Key_Return)
    assert desk.store.read_mask(desk.ids[0]) is None


def test_a_polygon_that_was_begun_waits_while_another_item_is_visited(make_desk):
    desk = make_desk()
    desk.trigger("tool_polygon")
    for corner in ((20, 20), (100, 20)):
        desk.click(*corner)
    desk.open(desk.ids[1])
    desk.key(Qt.Key.Key_Return)
    desk.open(desk.ids[0])
    desk.click(100, 80)
    desk.key(Qt.Key.Key_Return)
    assert desk.mask()[40, 90] == 0
    assert desk.store.read_mask(desk.ids[1]) is None


def test_fill_takes_the_connected_region_and_the_right_button_empties_it(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(4)
    desk.drag((80, 0), (80, 100))
    desk.page.choices.choose_class(1)
    desk.trigger("tool_fill")
    desk.click(10, 50)
    mask = desk.mask()
    assert (mask[:, :78] == 1).all() and (mask[:, 82:] == UNLABELLED).all()
    desk.click(80, 50, RIGHT)
    assert (desk.mask()[:, 78:] == UNLABELLED).all()


def test_pick_takes_the_class_under_the_cursor_and_the_brush_comes_back(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(2)
    desk.drag((40, 50), (60, 50))
    desk.page.choices.choose_class(0)
    desk.trigger("tool_pick")
    desk.click(50, 50)
    assert desk.page.choices.class_id == 2
    assert desk.page.choices.tool == "brush"


def test_alt_click_picks_without_painting(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(3)
    desk.drag((40, 50), (60, 50))
    before = desk.mask()
    desk.page.choices.choose_class(0)
    desk.click(50, 50, keys=ALT)
    assert desk.page.choices.class_id == 3
    assert np.array_equal(desk.mask(), before)


def test_undo_and_redo_walk_through_the_strokes(make_desk):
    desk = make_desk()
    states = []
    for y in (20, 40, 60):
        desk.drag((20, y), (140, y))
        states.append(desk.mask())
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), states[1])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(desk.mask(), states[0])
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    desk.key(Qt.Key.Key_Y, CTRL)
    assert np.array_equal(desk.mask(), states[2])


def test_undo_acts_on_the_item_that_is_shown_and_on_no_other(make_desk):
    desk = make_desk()
    desk.drag((20, 20), (140, 20))
    first = desk.mask()
    desk.open(desk.ids[1])
    desk.drag((20, 80), (140, 80))
    for _ in range(3):
        desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()
    kept = desk.store.read_mask(desk.ids[0])
    assert kept is not None and np.array_equal(kept, first)
    desk.open(desk.ids[0])
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()


def test_escape_gives_a_stroke_up_half_way(make_desk):
    desk = make_desk()
    desk.press(20, 20)
    desk.move(140, 20)
    desk.key(Qt.Key.Key_Escape)
    desk.release(140, 20)
    document = desk.canvas.document
    assert isinstance(document, MaskDocument)
    assert (document.mask == UNLABELLED).all() and not document.can_undo


def test_a_stroke_that_is_under_way_is_kept_when_another_item_is_opened(make_desk):
    desk = make_desk()
    desk.press(20, 20)
    desk.move(140, 20)
    desk.open(desk.ids[1])
    kept = desk.store.read_mask(desk.ids[0])
    assert kept is not None and kept[20, 80] == 0


def test_strokes_are_there_when_the_project_is_opened_again(make_desk, tmp_path):
    desk = make_desk()
    desk.drag((20, 20), (140, 20))
    written = desk.mask()
    with Store.open(tmp_path / "project") as again:
        mask = again.read_mask(desk.ids[0])
    assert mask is not None and np.array_equal(mask, written)


def test_without_a_class_nothing_is_painted_and_the_reason_is_said(make_desk):
    desk = make_desk(classes=())
    desk.drag((20, 20), (140, 20))
    assert desk.store.read_mask(desk.ids[0]) is None
    assert "no class" in desk.page.status.hint.text()


def test_what_is_painted_shows_on_the_screen_in_the_class_colour(make_desk):
    desk = make_desk()
    desk.page.choices.set_opacity(1.0)
    desk.page.choices.set_brush_size(31)
    desk.drag((40, 50), (120, 50))
    desk.canvas.leaveEvent(None)
    shown = desk.canvas.grab().toImage()
    at = desk.at(80, 50)
    color = desk.session.settings.classes[0].color
    assert shown.pixelColor(at).name() == color


@pytest.mark.parametrize("notches", [-3, 2])
def test_what_a_stroke_repaints_looks_like_a_whole_repaint(make_desk, notches):
    """The dirty rectangles leave no seam, at sizes below and above a pixel a pixel."""
    desk = make_desk(size=(1600, 1000))
    desk.wheel(desk.at(800, 500), notches)
    desk.page.choices.set_brush_size(61)
    desk.drag((400, 400), (900, 520), (700, 700))
    desk.canvas.leaveEvent(None)
    piecewise = desk.canvas.grab().toImage()
    desk.page.choices.show_overlay(False)
    desk.page.choices.show_overlay(True)
    assert desk.canvas.grab().toImage() == piecewise


def test_the_brush_preview_leaves_no_trail(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(40)
    desk.canvas.leaveEvent(None)
    before = desk.canvas.grab().toImage()
    for x in range(10, 150, 7):
        desk.move(x, 50)
    assert desk.canvas.grab().toImage() != before
    desk.canvas.leaveEvent(None)
    assert desk.canvas.grab().toImage() == before


def test_a_label_of_another_size_than_its_picture_is_said_and_not_painted_on(make_desk, tmp_path):
    desk = make_desk()
    desk.drag((20, 20), (140, 20))
    written = desk.mask()
    desk.open(desk.ids[1])
    Image.fromarray(np.zeros((50, 80, 3), np.uint8)).save(tmp_path / "pictures" / "frame_000.png")
    desk.page.showing._loader.forget()
    desk.session.open_item(desk.ids[0])
    desk.qtbot.waitUntil(desk.page.notice.isVisible)
    assert "160" in desk.page.notice.sentence.text() and "80" in desk.page.notice.sentence.text()
    desk.qtbot.wait(100)
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(300, 300))
    with Image.open(desk.store.label_path(desk.ids[0])) as image:
        assert np.array_equal(np.array(image), written)
