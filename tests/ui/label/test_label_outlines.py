"""Polygon, lasso, rectangle and ellipse: outlines that stay editable, and the pixels of the saved PNG afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.classes import UNLABELLED
from studio.core.errors import CannotWrite
from studio.ui.label.options.outline import OutlineOptions
from studio.ui.label.tools.outlines import box_between, simplified
from tests.unit.polygons import fill_polygon

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
NO_KEY = Qt.KeyboardModifier.NoModifier
XY = tuple[float, float]


def take_up(desk, tool: str, class_id: int = 1) -> None:
    desk.page.choices.choose_class(class_id)
    desk.trigger(f"tool_{tool}")


def move(desk, to: XY, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
    """A movement with the button down and keys held, which QTest cannot send."""
    place = QPointF(desk.at(*to))
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, desk.canvas.mapToGlobal(place), Qt.MouseButton.NoButton, button, keys
    )
    QApplication.sendEvent(desk.canvas, event)


def drag(desk, *points: XY, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
    desk.press(*points[0], button)
    for point in points[1:]:
        move(desk, point, keys, button)
    desk.release(*points[-1], button)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
@pytest.mark.parametrize("part", ["items", "classes"])
def test_enter_paints_what_waits_while_the_keyboard_is_in_a_list(make_desk, part, key):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (30, 20), (90, 60))
    view = getattr(desk.page, part).list
    place = view.visualRect(view.currentIndex()).center()
    QTest.mouseClick(view.viewport(), LEFT, pos=place)
    assert view.hasFocus()
    QTest.keyClick(view, key)
    assert np.array_equal(desk.mask(), box(30, 20, 90, 60))
    assert not desk.page.choices.outline.is_pending


def test_enter_in_the_search_line_leaves_an_outline_alone(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (30, 20), (90, 60))
    desk.trigger("search")
    QTest.keyClick(desk.page.items.filter_bar.search, Qt.Key.Key_Return)
    assert desk.page.choices.outline.is_pending


def filled(*corners: XY, value: int = 1) -> np.ndarray:
    mask = np.full((100, 160), UNLABELLED, np.uint8)
    fill_polygon(mask, corners, value)
    return mask


def box(left: int, top: int, right: int, bottom: int, value: int = 1) -> np.ndarray:
    mask = np.full((100, 160), UNLABELLED, np.uint8)
    mask[top:bottom, left:right] = value
    return mask


def ellipse(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    rows, columns = np.mgrid[:100, :160] + 0.5
    x, y = (columns - (left + right) / 2) / ((right - left) / 2), (rows - (top + bottom) / 2) / ((bottom - top) / 2)
    return np.where(x * x + y * y <= 1 + 1e-12, 1, UNLABELLED)


def start_polygon(desk, *corners: XY) -> None:
    take_up(desk, "polygon")
    for corner in corners:
        desk.click(*corner)


# -- polygon ----------------------------------------------------------------------------------------------------------


def test_a_corner_can_be_dragged_until_the_polygon_is_painted(make_desk):
    desk = make_desk()
    start_polygon(desk, (20, 20), (100, 20), (100, 80), (20, 80))
    drag(desk, (100, 80), (120, 85), (140, 90))
    desk.key(Qt.Key.Key_Return)
    corners = [desk.seen(desk.at(*c)) for c in ((20, 20), (100, 20), (140, 90), (20, 80))]
    assert np.array_equal(desk.mask(), filled(*corners))


def test_dragging_the_middle_of_an_edge_inserts_a_corner(make_desk):
    desk = make_desk()
    start_polygon(desk, (20, 20), (100, 20), (100, 80))
    drag(desk, (100, 50), (120, 50), (150, 50))
    desk.key(Qt.Key.Key_Return)
    corners = [desk.seen(desk.at(*c)) for c in ((20, 20), (100, 20), (150, 50), (100, 80))]
    assert np.array_equal(desk.mask(), filled(*corners))


@pytest.mark.parametrize("way", ["right", "alt", "delete"])
def test_a_corner_can_be_taken_away(make_desk, way):
    desk = make_desk()
    start_polygon(desk, (20, 20), (60, 5), (100, 20), (100, 80), (20, 80))
    if way == "delete":
        desk.move(62, 6)
        desk.move(60, 5)
        desk.key(Qt.Key.Key_Delete)
    else:
        desk.click(60, 5, RIGHT if way == "right" else LEFT, ALT if way == "alt" else NO_KEY)
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), box(20, 20, 100, 80))


def test_control_moves_the_whole_polygon(make_desk):
    desk = make_desk()
    start_polygon(desk, (20, 20), (60, 20), (60, 60), (20, 60))
    desk.press(40, 40, keys=CTRL)
    move(desk, (60, 50), CTRL)
    move(desk, (90, 60), CTRL)
    desk.release(90, 60)
    desk.key(Qt.Key.Key_Return)
    mask = desk.mask()
    assert (mask == 1).sum() == 40 * 40 and (mask[40:80, 70:110] == 1).all()


def test_shift_keeps_a_new_corner_to_45_degrees(make_desk):
    desk = make_desk()
    start_polygon(desk, (20, 20))
    desk.click(100, 24, keys=SHIFT)
    desk.click(103, 80, keys=SHIFT)
    desk.click(23, 83, keys=SHIFT)
    (ax, ay), (bx, by), (cx, cy), (_, dy) = desk.canvas.tool.corners
    assert (ay, bx, cy) == pytest.approx((by, cx, dy))
    assert ax != pytest.approx(bx)


def test_undo_and_redo_step_within_a_polygon_and_leave_the_label_alone(make_desk):
    desk = make_desk()
    desk.click(140, 90)
    painted = desk.mask()
    start_polygon(desk, (20, 20), (100, 20), (100, 80))
    drag(desk, (100, 80), (110, 85), (120, 90))
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert len(desk.canvas.tool.corners) == 2
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert len(desk.canvas.tool.corners) == 3
    for _ in range(3):
        desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.canvas.tool.corners == []
    assert np.array_equal(desk.mask(), painted)
    for _ in range(3):
        desk.key(Qt.Key.Key_Y, CTRL)
    desk.key(Qt.Key.Key_Return)
    assert desk.mask()[30, 90] == 1


def test_a_polygon_begun_with_the_right_button_takes_the_label_away(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (10, 10), (80, 50), (150, 90))
    desk.key(Qt.Key.Key_Return)
    start = (40, 30), (100, 30), (100, 70), (40, 70)
    desk.trigger("tool_polygon")
    for corner in start:
        desk.click(*corner, RIGHT)
    desk.key(Qt.Key.Key_Return)
    expected = box(10, 10, 150, 90)
    expected[30:70, 40:100] = UNLABELLED
    assert np.array_equal(desk.mask(), expected)


def test_arrow_keys_move_the_corner_that_was_touched_last(make_desk):
    desk = make_desk()
    start_polygon(desk, (20, 20), (100, 20), (100, 80), (20, 80))
    before = desk.canvas.tool.corners
    desk.key(Qt.Key.Key_Down)
    desk.key(Qt.Key.Key_Left, SHIFT)
    after = desk.canvas.tool.corners
    assert after[:3] == before[:3]
    assert after[3] == pytest.approx((before[3][0] - 10, before[3][1] + 1))


# -- lasso ------------------------------------------------------------------------------------------------------------

SQUARE = [(30.0, 20.0), (60.0, 20.0), (110.0, 20.0), (110.0, 50.0), (110.0, 80.0), (70.0, 80.0), (30.0, 80.0), (30, 50)]


def test_a_lasso_becomes_an_outline_that_waits_and_can_be_changed(make_desk):
    desk = make_desk()
    take_up(desk, "lasso")
    drag(desk, *SQUARE)
    assert desk.store.read_mask(desk.ids[0]) is None
    drag(desk, (110, 80), (120, 85), (140, 90))
    desk.key(Qt.Key.Key_Return)
    corners = [desk.seen(desk.at(*c)) for c in ((30, 20), (110, 20), (140, 90), (30, 80))]
    assert np.array_equal(desk.mask(), filled(*corners))


def test_a_lasso_can_be_moved_and_is_painted_by_a_double_click(make_desk):
    desk = make_desk()
    take_up(desk, "lasso")
    drag(desk, *SQUARE)
    drag(desk, (60, 50), (65, 50), (70, 60))
    QTest.mouseDClick(desk.canvas, LEFT, pos=desk.at(70, 60))
    mask = desk.mask()
    assert (mask == 1).sum() == 80 * 60 and (mask[30:90, 40:120] == 1).all()


def test_a_lasso_that_paints_at_once_is_the_line_that_was_drawn(make_desk):
    desk = make_desk()
    take_up(desk, "lasso")
    group = next(g for g in desk.page.options.groups if isinstance(g, OutlineOptions))
    desk.qtbot.mouseClick(group.at_once, LEFT, pos=QPoint(8, group.at_once.height() // 2))
    angles = np.linspace(0, 2 * np.pi, 60)
    line = [(80 + 40 * np.cos(a), 50 + 30 * np.sin(a)) for a in angles]
    drag(desk, *line)
    seen = [desk.seen(desk.at(*p)) for p in line]
    assert np.array_equal(desk.mask(), filled(*seen))
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()


def test_a_right_drag_with_the_lasso_takes_the_label_away(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (10, 10), (80, 50), (150, 90))
    desk.trigger("tool_lasso")
    drag(desk, *SQUARE, button=RIGHT)
    desk.key(Qt.Key.Key_Return)
    expected = box(10, 10, 150, 90)
    expected[20:80, 30:110] = UNLABELLED
    assert np.array_equal(desk.mask(), expected)


def test_escape_gives_a_lasso_up_while_it_is_drawn_and_afterwards(make_desk):
    desk = make_desk()
    take_up(desk, "lasso")
    desk.press(*SQUARE[0])
    for point in SQUARE[1:]:
        move(desk, point)
    desk.key(Qt.Key.Key_Escape)
    desk.release(*SQUARE[-1])
    assert not desk.canvas.tool.is_busy
    drag(desk, *SQUARE)
    desk.key(Qt.Key.Key_Escape)
    desk.key(Qt.Key.Key_Return)
    assert desk.store.read_mask(desk.ids[0]) is None


def test_a_click_with_the_lasso_is_no_region(make_desk):
    desk = make_desk()
    take_up(desk, "lasso")
    desk.click(50, 50)
    assert not desk.canvas.tool.is_busy


# -- rectangle and ellipse --------------------------------------------------------------------------------------------


def test_a_rectangle_is_exactly_the_pixels_that_it_was_drawn_around(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (120, 70), (90, 60), (30, 20))
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), box(30, 20, 120, 70))


def test_an_ellipse_is_the_pixels_whose_centre_lies_inside(make_desk):
    desk = make_desk()
    take_up(desk, "ellipse")
    drag(desk, (30, 20), (90, 60), (121, 70))
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), ellipse(30, 20, 121, 70))


@pytest.mark.parametrize(("tool", "shape"), [("rectangle", box), ("ellipse", ellipse)])
def test_shift_makes_both_sides_alike_and_control_starts_in_the_middle(make_desk, tool, shape):
    desk = make_desk()
    take_up(desk, tool)
    drag(desk, (30, 20), (60, 50), (70, 30), keys=SHIFT)
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), shape(30, 20, 70, 60))
    desk.key(Qt.Key.Key_Z, CTRL)
    drag(desk, (80, 50), (90, 60), (100, 60), keys=CTRL)
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), shape(60, 40, 100, 60))


def test_a_boxs_handles_change_it_and_a_drag_inside_moves_it(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (30, 20), (60, 50), (90, 60))
    drag(desk, (90, 60), (95, 65), (110, 70))
    drag(desk, (30, 45), (25, 45), (20, 50))
    drag(desk, (60, 50), (70, 50), (75, 55))
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(desk.mask(), box(35, 25, 125, 75))


def test_the_next_rectangle_paints_the_one_before(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (10, 10), (20, 20), (40, 40))
    drag(desk, (100, 50), (110, 60), (140, 90))
    assert np.array_equal(desk.mask(), box(10, 10, 40, 40))
    desk.key(Qt.Key.Key_Return)
    assert (desk.mask() == 1).sum() == 30 * 30 + 40 * 40


@pytest.mark.parametrize("tool", ["lasso", "rectangle", "ellipse"])
def test_what_is_complete_is_painted_rather_than_left_unseen_when_another_tool_is_taken_up(make_desk, tool):
    desk = make_desk()
    take_up(desk, tool)
    drag(desk, *SQUARE[:6])
    desk.trigger("tool_brush")
    assert desk.mask()[40, 60] == 1


@pytest.mark.parametrize(("tool", "shape"), [("lasso", None), ("rectangle", box), ("ellipse", ellipse)])
def test_an_outline_waits_on_its_item_over_a_visit_elsewhere_and_can_be_changed_and_taken_back(make_desk, tool, shape):
    desk = make_desk()
    take_up(desk, tool)
    drag(desk, *([(30, 20), (60, 50), (110, 80)] if shape else SQUARE))
    desk.key(Qt.Key.Key_Right)
    desk.open(desk.ids[1])
    assert not desk.canvas.tool.is_busy
    desk.trigger("tool_brush")  # what is not shown is not painted, there or here
    desk.open(desk.ids[0])
    desk.trigger("tool_hand")
    assert (desk.mask() == UNLABELLED).all()
    desk.trigger(f"tool_{tool}")
    desk.key(Qt.Key.Key_Z, CTRL)  # the arrow key's step
    desk.key(Qt.Key.Key_Return)
    corners = [desk.seen(desk.at(*c)) for c in ((30, 20), (110, 20), (110, 80), (30, 80))]
    assert np.array_equal(desk.mask(), shape(30, 20, 110, 80) if shape else filled(*corners))


def test_buttons_paint_or_give_up_what_waits(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    group = next(g for g in desk.page.options.groups if isinstance(g, OutlineOptions))
    assert not group.paint_button.isEnabled()
    drag(desk, (10, 10), (20, 20), (40, 40))
    desk.qtbot.mouseClick(group.give_up_button, LEFT)
    assert not group.paint_button.isEnabled()
    drag(desk, (50, 10), (60, 20), (80, 40))
    desk.qtbot.mouseClick(group.paint_button, LEFT)
    assert np.array_equal(desk.mask(), box(50, 10, 80, 40))
    assert not group.paint_button.isEnabled()


def test_shift_and_enter_take_the_label_away_instead(make_desk):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (10, 10), (80, 50), (150, 90))
    desk.key(Qt.Key.Key_Return)
    drag(desk, (30, 20), (60, 50), (90, 60))
    desk.key(Qt.Key.Key_Return, SHIFT)
    expected = box(10, 10, 150, 90)
    expected[20:60, 30:90] = UNLABELLED
    assert np.array_equal(desk.mask(), expected)


def test_each_outline_is_one_edit_with_its_own_name(make_desk):
    desk = make_desk()
    for tool in ("rectangle", "ellipse", "lasso"):
        take_up(desk, tool)
        drag(desk, *SQUARE[:6])
        desk.key(Qt.Key.Key_Return)
        assert desk.canvas.document.undo_text == tool
        desk.key(Qt.Key.Key_Z, CTRL)
        assert (desk.mask() == UNLABELLED).all()


def test_an_outline_that_the_disk_refuses_stays_painted_and_is_written_with_the_next(make_desk, monkeypatch):
    desk = make_desk()
    take_up(desk, "rectangle")
    drag(desk, (10, 10), (20, 20), (40, 40))

    def refuse(*_args):
        raise CannotWrite(desk.store.root, "no space left")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk.canvas.document._journal, "commit", refuse)
        desk.key(Qt.Key.Key_Return)
    assert "no space left" in desk.page.notice.sentence.text()
    assert not desk.canvas.tool.is_busy
    drag(desk, (100, 10), (110, 20), (140, 40))
    desk.key(Qt.Key.Key_Return)
    mask = desk.mask()
    assert (mask[10:40, 10:40] == 1).all() and (mask[10:40, 100:140] == 1).all()


@pytest.mark.parametrize("tool", ["polygon", "lasso", "rectangle", "ellipse"])
def test_an_outline_leaves_no_trail_on_the_screen(make_desk, tool):
    desk = make_desk()
    take_up(desk, tool)
    desk.canvas.leaveEvent(None)
    before = desk.canvas.grab().toImage()
    if tool == "polygon":
        for point in SQUARE[:4]:
            desk.click(*point)
            desk.move(point[0] + 9, point[1] + 9)
    else:
        drag(desk, *SQUARE[:6])
        drag(desk, (60, 45), (70, 50), (90, 60))
    assert desk.canvas.grab().toImage() != before
    desk.key(Qt.Key.Key_Escape)
    desk.canvas.leaveEvent(None)
    QApplication.processEvents()
    assert desk.canvas.grab().toImage() == before


# -- geometry ---------------------------------------------------------------------------------------------------------

PLACES = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


@settings(deadline=None, max_examples=60)
@given(st.lists(PLACES, min_size=2, max_size=40), st.floats(0.1, 10))
def test_a_simplified_line_leaves_no_place_further_away_than_the_tolerance(line, tolerance):
    kept = simplified(line, tolerance)
    assert kept[0] == line[0] and kept[-1] == line[-1]
    assert set(kept) <= set(line)
    ends = np.array(kept)
    for place in line:
        a, way = ends[:-1], ends[1:] - ends[:-1]
        length = np.maximum((way**2).sum(axis=1), 1e-300)
        t = np.clip(((np.array(place) - a) * way).sum(axis=1) / length, 0, 1)[:, None]
        away = np.hypot(*(np.array(place) - a - t * way).T)
        assert away.min() <= tolerance + 1e-6


@given(PLACES, PLACES, st.booleans(), st.booleans())
def test_a_box_between_two_places_has_whole_sides(start, end, even, centred):
    found = box_between(start, end, even=even, centred=centred)
    assert found.width >= 0 and found.height >= 0
    assert not even or found.width == found.height
