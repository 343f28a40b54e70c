"""Several instances an item: begun, chosen, deleted and told apart; what is stored, also after a restart."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QRegion
from PySide6.QtTest import QTest

from studio.core.points import Keypoint, Points
from studio.core.settings import Task
from studio.store import Store

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FIRST = ((20, 20), (40, 25), (30, 40))
SECOND = ((90, 30), (120, 35), (105, 60))


@pytest.fixture
def desk(make_desk):
    return make_desk(task=Task.KEYPOINTS)


def placed(desk) -> Points:
    return desk.store.read_points(desk.session.current_item) or Points()


def keys_of(desk) -> list[tuple[int, int]]:
    return [(p.instance, p.index) for p in placed(desk).placed]


def place(desk, places) -> None:
    for x, y in places:
        desk.click(x, y)


def two(desk) -> None:
    place(desk, FIRST)
    desk.key(Qt.Key.Key_I)
    place(desk, SECOND)


def test_a_key_begins_another_instance(desk):
    two(desk)
    assert keys_of(desk) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert desk.page.choices.points.instance == 1


def test_a_click_after_the_last_point_begins_none_unless_the_project_has_several(desk):
    place(desk, (*FIRST, SECOND[0]))
    assert keys_of(desk) == [(0, 0), (0, 1), (0, 2)]
    desk.key(Qt.Key.Key_S)
    place(desk, SECOND)
    assert keys_of(desk) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert desk.session.settings.several_instances


def test_a_restart_keeps_instances_their_history_and_the_choice(desk, tmp_path):
    desk.key(Qt.Key.Key_S)
    place(desk, (*FIRST, *SECOND))
    item = desk.session.current_item
    desk.page.shut_down()
    desk.page.close()
    desk.store.close()
    with Store.open(tmp_path / "project") as again:
        assert again.settings.several_instances
        document = again.open_document(item)
        assert document.points.instances == (0, 1)
        for _ in range(3):
            document.undo()
        assert document.points.instances == (0,)


def test_clicking_a_point_of_any_instance_selects_it_and_its_instance(desk):
    two(desk)
    desk.click(*FIRST[1])
    choices = desk.page.choices
    assert (choices.points.instance, choices.selected_point) == (0, 1)
    desk.key(Qt.Key.Key_Right)
    assert placed(desk).get(1, 0).x > placed(desk).get(1, 1).x - 80
    assert desk.page.instances.list.currentIndex().row() == 0


def test_dragging_moves_only_the_point_of_its_instance(desk):
    two(desk)
    before = placed(desk)
    desk.drag(SECOND[0], (100, 80))
    after = placed(desk)
    assert [p for p in after.placed if (p.instance, p.index) != (1, 0)] == [
        p for p in before.placed if (p.instance, p.index) != (1, 0)
    ]
    assert after.get(0, 1).y > 70


def test_deleting_an_instance_is_one_edit_and_leaves_the_others_their_numbers(desk):
    two(desk)
    desk.click(*FIRST[0])
    desk.key(Qt.Key.Key_Delete, SHIFT)
    assert placed(desk).instances == (1,)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert placed(desk).instances == (0, 1)
    desk.key(Qt.Key.Key_Y, CTRL)
    desk.key(Qt.Key.Key_I)
    assert desk.page.choices.points.instance == 0, "the lowest free number comes first"


def test_that_an_instance_is_deleted_is_said_until_undo_brings_it_back(desk):
    two(desk)
    hint = desk.page.status.hint
    desk.key(Qt.Key.Key_Delete, SHIFT)
    assert "Instance 2 is deleted" in hint.text()
    desk.key(Qt.Key.Key_Z, CTRL)
    assert placed(desk).instances == (0, 1)
    assert "deleted" not in hint.text() and hint.text()  # how the tool works instead
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    for _ in range(20):
        desk.key(Qt.Key.Key_Z, CTRL)
    assert hint.text() == "There is nothing to undo on this item."


def test_keys_and_rows_step_from_instance_to_instance(desk):
    two(desk)
    choices, panel = desk.page.choices, desk.page.instances
    desk.key(Qt.Key.Key_BracketRight)
    assert choices.points.instance == 0
    desk.key(Qt.Key.Key_BracketLeft)
    assert choices.points.instance == 1
    QTest.mouseClick(
        panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualRect(panel.model.index(0)).center()
    )
    assert choices.points.instance == 0
    told = [panel.model.data(panel.model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert told == ["Instance 1, complete", "Instance 2, complete"]


def test_an_item_begins_with_the_first_instance_that_misses_a_point(desk):
    two(desk)
    desk.click(*SECOND[2])
    desk.key(Qt.Key.Key_Delete)
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    assert (desk.page.choices.points.instance, desk.page.choices.point) == (1, 2)


def test_undo_makes_the_point_that_went_the_next_one(desk):
    place(desk, FIRST[:2])
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.page.choices.point == 0


def test_the_rims_of_two_instances_differ(desk):
    """The ring around a marker has the colour of its instance once there are two of them."""
    two(desk)
    desk.page.choices.select_point(-1)
    desk.canvas.leaveEvent(None)
    shown = desk.canvas.grab().toImage()
    rims = []
    for number in (0, 1):
        point = placed(desk).get(0, number)
        spot = desk.at(point.x, point.y)
        rims.append(shown.pixelColor(spot.x(), spot.y() - 4).name())
    assert rims[0] != rims[1]


def test_moving_one_of_many_points_repaints_its_surroundings_only(desk, monkeypatch):
    """Two instances far apart: dragging a point of one leaves the other's pixels out of every repaint."""
    two(desk)
    desk.page.choices.points.show_loupe(False)
    desk.canvas.grab()
    painted = QRegion()
    paint = desk.canvas.paintEvent

    def note(event) -> None:
        nonlocal painted
        painted += event.region()
        paint(event)

    monkeypatch.setattr(desk.canvas, "paintEvent", note)
    desk.press(*FIRST[0])
    desk.qtbot.wait(20)
    painted = QRegion()
    for step in range(4):
        desk.move(FIRST[0][0] + step, FIRST[0][1] + step)
        desk.qtbot.wait(5)
    desk.release(FIRST[0][0] + 3, FIRST[0][1] + 3)
    assert not painted.isEmpty()
    assert not painted.contains(desk.at(*SECOND[1]))
    assert painted.boundingRect().width() < desk.canvas.width() / 2


def test_many_faces_of_many_points_are_rows_not_widgets(make_desk):
    desk = make_desk(
        1, task=Task.KEYPOINTS, keypoints=[f"landmark {n}" for n in range(68)], links=[(i, i + 1) for i in range(67)]
    )
    points = Points().updated(
        Keypoint(index=i, instance=n, x=8 * n + i % 8, y=10 + i) for n in range(6) for i in range(68)
    )
    desk.store.replace_points({desk.ids[0]: points}, "made up")
    panel = desk.page.points
    assert panel.model.rowCount() == 68
    assert len(panel.list.viewport().findChildren(type(panel))) == 0
    assert not desk.canvas.grab().isNull()
    desk.drag((8 * 5, 10), (60, 50))
    moved = placed(desk)
    assert sum(a != b for a, b in zip(points.placed, moved.placed, strict=True)) == 1


def test_the_name_of_the_point_under_the_cursor_is_shown(desk):
    two(desk)
    desk.click(*FIRST[0])
    desk.page.choices.points.show_loupe(False)
    desk.canvas.leaveEvent(None)
    plain = desk.canvas.grab().toImage()
    desk.move(*SECOND[2])
    hovered = desk.canvas.grab().toImage()
    spot = desk.at(*SECOND[2]) + QPoint(10, -6)
    area = [(x, y) for x in range(spot.x(), spot.x() + 60) for y in range(spot.y(), spot.y() + 12)]
    assert any(plain.pixel(x, y) != hovered.pixel(x, y) for x, y in area)
