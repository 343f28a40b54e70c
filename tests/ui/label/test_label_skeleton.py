"""Keypoints and links as the project asks for them, mirror partners, and the magnifier."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from studio.core.points import Points, Visibility
from studio.core.settings import Task
from studio.ui.label.keypoint_menu import KeypointMenu
from studio.ui.label.tools.loupe import loupe_area, loupe_pixel

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLACES = ((30, 30), (60, 40), (90, 50))


@pytest.fixture
def desk(make_desk):
    return make_desk(task=Task.KEYPOINTS)


def placed(desk) -> Points:
    return desk.store.read_points(desk.session.current_item) or Points()


def place(desk, places=PLACES) -> None:
    for x, y in places:
        desk.click(x, y)


def stored(desk) -> dict:
    return tomllib.loads((desk.store.root / "studio.toml").read_text())


def choose(desk, row: int, *texts: str) -> None:
    """Trigger an entry of the menu of a keypoint's row."""
    menu = KeypointMenu(desk.session.settings, row, desk.page)
    menu.settings_chosen.connect(desk.page.points.model.save)
    actions = menu.actions()
    for text in texts:
        found = next(action for action in actions if action.text() == text)
        assert isinstance(found, QAction)
        if found.menu() is not None:
            actions = found.menu().actions()
    found.trigger()
    menu.close()
    menu.deleteLater()


def test_k_and_a_click_link_two_points_and_again_unlink_them(desk):
    place(desk)
    desk.click(*PLACES[1])
    desk.key(Qt.Key.Key_K)
    desk.click(*PLACES[2])
    assert [1, 2] in stored(desk)["links"]
    desk.key(Qt.Key.Key_K)
    desk.click(*PLACES[1])
    assert stored(desk)["links"] == [[0, 1], [0, 2]]


def test_escape_gives_a_link_up_and_a_drag_is_a_drag_again(desk):
    place(desk)
    desk.click(*PLACES[1])
    desk.key(Qt.Key.Key_K)
    desk.key(Qt.Key.Key_Escape)
    desk.drag(PLACES[2], (100, 70))
    assert stored(desk)["links"] == [[0, 1], [0, 2]]
    assert placed(desk).get(2).x > 95


def test_the_menu_links_and_names_mirror_partners(desk):
    choose(desk, 1, "Linked with", "right")
    choose(desk, 1, "Mirror partner", "right")
    assert [1, 2] in stored(desk)["links"]
    assert [k["mirror"] for k in stored(desk)["keypoints"]] == ["", "right", "left"]
    choose(desk, 1, "Mirror partner", "None")
    assert [k["mirror"] for k in stored(desk)["keypoints"]] == ["", "", ""]


def test_partners_are_found_by_name_and_a_key_swaps_the_sides(desk):
    place(desk)
    desk.trigger("guess_mirrors")
    desk.key(Qt.Key.Key_W)
    points = placed(desk)
    assert points.get(1).x > points.get(2).x
    desk.key(Qt.Key.Key_Z, CTRL)
    assert placed(desk).get(1).x < placed(desk).get(2).x


def test_renaming_a_keypoint_keeps_its_partner(desk):
    desk.trigger("guess_mirrors")
    model = desk.page.points.model
    model.setData(model.index(1), "near side")
    assert stored(desk)["keypoints"][2]["mirror"] == "near side"


def test_a_deleted_keypoint_is_asked_for_no_more_and_comes_back_with_what_was_placed(desk):
    place(desk)
    before = placed(desk)
    choose(desk, 1, "Delete (what is placed is kept)")
    desk.open(desk.ids[1])
    place(desk, ((20, 20), (40, 40), (60, 60)))
    assert [p.index for p in placed(desk).placed] == [0, 2]
    assert desk.page.points.list.isRowHidden(1)
    desk.open(desk.ids[0])
    assert placed(desk) == before
    choose(desk, -1, "Bring back", "left")
    assert not desk.page.points.list.isRowHidden(1)
    desk.open(desk.ids[1])
    assert desk.page.choices.point == 1


def test_links_show_between_the_points_and_only_there(desk):
    place(desk, ((30, 50), (120, 50)))
    desk.canvas.leaveEvent(None)
    middle = desk.at(60, 50)
    with_link = desk.canvas.grab().toImage().pixelColor(middle)
    desk.trigger("link_points")
    desk.page.choices.points.begin_link(-1)
    desk.click(30, 50)
    desk.key(Qt.Key.Key_K)
    desk.click(120, 50)
    desk.canvas.leaveEvent(None)
    assert desk.canvas.grab().toImage().pixelColor(middle) != with_link


def test_the_link_of_a_hidden_point_is_dashed(desk):
    place(desk, ((20, 50), (140, 50)))
    desk.page.choices.points.show_loupe(False)

    def bright_along_the_link() -> int:
        desk.canvas.leaveEvent(None)
        shown = desk.canvas.grab().toImage()
        start, end = desk.at(30, 50), desk.at(130, 50)
        return sum(shown.pixelColor(x, start.y()).lightness() > 180 for x in range(start.x(), end.x()))

    full = bright_along_the_link()
    desk.key(Qt.Key.Key_V)
    assert placed(desk).get(1).visibility is Visibility.HIDDEN
    assert 0.3 * full < bright_along_the_link() < 0.8 * full


@pytest.mark.parametrize("spot", [(80, 50), (155, 5), (3, 97)])
def test_the_magnifier_shows_the_pixels_under_the_cursor_exactly(desk, spot):
    """The picture is noise, so every enlarged pixel must have the very colour of the file's."""
    desk.move(*spot)
    canvas, ratio = desk.canvas, desk.canvas.devicePixelRatioF()
    cursor = desk.at(*spot)
    view = canvas.viewport.view
    area = loupe_area((cursor.x() * ratio, cursor.y() * ratio), view, ratio)
    assert not area.contains(cursor.x() * ratio, cursor.y() * ratio), "never under the cursor"
    assert area.left() >= 0 and area.right() <= view[0] and area.bottom() <= view[1]
    shown = canvas.grab().toImage()
    pixel = loupe_pixel(canvas.viewport, ratio)
    with Image.open(desk.store.item(desk.session.current_item).path) as file:
        colors = np.asarray(file.convert("RGB"))
    x, y = desk.seen(cursor)
    middle = area.center()
    checked = 0
    for column in range(int(x) - 2, int(x) + 3):
        for row in range(int(y) - 2, int(y) + 3):
            place = (middle.x() + (column + 0.5 - x) * pixel, middle.y() + (row + 0.5 - y) * pixel)
            off_cross = min(abs(place[0] - middle.x()), abs(place[1] - middle.y())) > 4
            if off_cross and 0 <= column < 160 and 0 <= row < 100:
                assert shown.pixelColor(int(place[0]), int(place[1])).getRgb()[:3] == tuple(colors[row, column])
                checked += 1
    assert checked >= 4


def test_a_key_puts_the_magnifier_away(desk):
    desk.move(80, 50)
    with_loupe = desk.canvas.grab().toImage()
    desk.key(Qt.Key.Key_M)
    without = desk.canvas.grab().toImage()
    assert with_loupe != without
    desk.key(Qt.Key.Key_M)
    desk.move(80, 50)
    assert desk.canvas.grab().toImage() == with_loupe
