"""Clicking keypoints: placing, dragging, nudging, visibility, and the next point chosen by itself."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from studio.core.points import Points, Visibility
from studio.core.settings import Task

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(make_desk):
    return make_desk(task=Task.KEYPOINTS)


def placed(desk) -> Points:
    points = desk.store.read_points(desk.session.current_item)
    assert points is not None
    return points


def close_to(point, x: float, y: float) -> bool:
    """Within half a pixel of the screen, as near as a mouse can say it."""
    return abs(point.x - x) < 0.2 and abs(point.y - y) < 0.2


def test_clicks_place_the_points_in_their_order(desk):
    for x, y in ((30, 30), (60, 40), (90, 50)):
        desk.click(x, y)
    points = placed(desk)
    assert [p.index for p in points.placed] == [0, 1, 2]
    assert all(close_to(points.get(i), *xy) for i, xy in enumerate(((30, 30), (60, 40), (90, 50))))
    assert desk.page.choices.point == -1


def test_a_further_click_moves_nothing(desk):
    for x, y in ((30, 30), (60, 40), (90, 50)):
        desk.click(x, y)
    before = placed(desk)
    desk.click(120, 80)
    assert placed(desk) == before


def test_dragging_a_point_is_one_edit(desk):
    desk.click(30, 30)
    desk.drag((30, 30), (50, 35), (70, 60), (80, 70))
    assert close_to(placed(desk).get(0), 80, 70)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert close_to(placed(desk).get(0), 30, 30)


def test_a_press_that_moves_places_the_point_where_it_ends_as_one_edit(desk):
    desk.drag((30, 30), (45, 45))
    assert close_to(placed(desk).get(0), 45, 45)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert placed(desk).placed == ()


def test_a_point_cannot_be_dragged_out_of_the_picture(desk):
    desk.click(30, 30)
    desk.drag((30, 30), (-10, 50))
    assert placed(desk).get(0).x == 0.0


def test_arrow_keys_nudge_by_one_pixel_and_with_shift_by_ten(desk):
    desk.click(30, 30)
    start = placed(desk).get(0)
    desk.key(Qt.Key.Key_Right)
    desk.key(Qt.Key.Key_Down, SHIFT)
    moved = placed(desk).get(0)
    assert (moved.x, moved.y) == pytest.approx((start.x + 1, start.y + 10))


def test_v_goes_round_visible_hidden_absent(desk):
    desk.click(30, 30)
    seen = []
    for _ in range(3):
        desk.key(Qt.Key.Key_V)
        seen.append(placed(desk).get(0).visibility)
    assert seen == [Visibility.HIDDEN, Visibility.ABSENT, Visibility.VISIBLE]
    assert close_to(placed(desk).get(0), 30, 30)


def test_x_says_that_the_next_point_is_not_in_the_picture(desk):
    desk.key(Qt.Key.Key_X)
    assert placed(desk).get(0).visibility is Visibility.ABSENT
    assert desk.page.choices.point == 1


def test_delete_removes_a_point_and_the_next_click_places_it_again(desk):
    for x, y in ((30, 30), (60, 40), (90, 50)):
        desk.click(x, y)
    desk.click(60, 40)
    desk.key(Qt.Key.Key_Delete)
    assert placed(desk).get(1) is None
    desk.click(65, 45)
    assert close_to(placed(desk).get(1), 65, 45)


def test_a_row_of_the_list_chooses_what_the_next_click_places(desk):
    panel = desk.page.points
    panel.list.setCurrentIndex(panel.model.index(2))
    desk.click(90, 50)
    assert [p.index for p in placed(desk).placed] == [2]
    assert desk.page.choices.point in (0, 1)


def test_the_list_tells_where_each_point_stands(desk):
    desk.click(30, 30)
    desk.key(Qt.Key.Key_V)
    model = desk.page.points.model
    told = [model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert told == ["nose, hidden · 30, 30", "left, not placed", "right, not placed"]


def test_no_two_actions_have_the_same_key(desk):
    keys = [key.toString() for action in desk.page.actions() for key in action.shortcuts()]
    assert sorted(keys) == sorted(set(keys))


def test_undo_acts_on_the_item_that_is_shown_and_on_no_other(desk):
    desk.click(30, 30)
    desk.open(desk.ids[1])
    desk.click(60, 60)
    for _ in range(3):
        desk.key(Qt.Key.Key_Z, CTRL)
    assert placed(desk).placed == ()
    kept = desk.store.read_points(desk.ids[0])
    assert kept is not None and len(kept.placed) == 1


def test_each_item_begins_with_its_first_missing_point(desk):
    desk.click(30, 30)
    desk.open(desk.ids[1])
    assert desk.page.choices.point == 0
    desk.open(desk.ids[0])
    assert desk.page.choices.point == 1


def test_points_are_drawn_at_the_same_size_whatever_the_zoom(desk):
    """A placed point shows its colour at its centre, and not far from it, when zoomed out and when zoomed in."""
    desk.click(80, 50)
    desk.canvas.leaveEvent(None)
    desk.page.choices.select_point(-1)
    color = desk.session.settings.keypoints[0].color
    for notches in (-4, 12):
        desk.wheel(desk.at(80, 50), notches)
        shown = desk.canvas.grab().toImage()
        place = desk.at(*_only(desk))
        assert shown.pixelColor(place).name() == color
        assert shown.pixelColor(place.x() + 8, place.y() + 8).name() != color


def _only(desk) -> tuple[float, float]:
    point = placed(desk).get(0)
    return point.x, point.y
