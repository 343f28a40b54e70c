"""Seeing more: outlines, one class alone, another look of the picture, the navigator, rulers. The data stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.core.items import NewItem
from studio.ui.label.deep_picture import DeepPicture
from studio.ui.label.rulers import step_of
from studio.ui.label.side_panel import SideSection


def color_at(desk, x: float, y: float) -> QColor:
    """What the canvas shows at an image point."""
    image = desk.canvas.grab().toImage()
    return image.pixelColor(desk.at(x, y) * image.devicePixelRatio())


def grey(color: QColor) -> int:
    return color.red()


@pytest.fixture
def painted(make_desk):
    """A large square of the first class in the middle, a smaller one of the second beside it."""
    desk = make_desk()
    desk.page.choices.set_opacity(1.0)
    document = desk.canvas.document
    for class_id, (x, y, side) in enumerate(((20, 20, 50), (100, 30, 30))):
        document.polygon([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], class_id)
    QTest.mouseMove(desk.canvas, QPoint(1, 1))
    return desk


def test_outlines_only_leave_the_picture_inside_free(painted):
    desk = painted
    inside, free = color_at(desk, 45, 45), desk.canvas.picture.levels[0].pixelColor(45, 45)
    assert inside != free
    desk.key(Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    wanted = QColor(desk.session.settings.classes[0].color)
    edge = [color_at(desk, 20 + k / 8, 45) for k in range(-8, 9)]
    assert wanted.rgb() in [color.rgb() for color in edge]
    assert color_at(desk, 45, 45).rgb() == free.rgb()


def test_one_class_alone_hides_the_others_and_follows_the_chosen_class(painted):
    desk = painted
    both = color_at(desk, 45, 45).rgb(), color_at(desk, 115, 45).rgb()
    desk.page.choices.choose_class(0)
    desk.key(Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    assert color_at(desk, 45, 45).rgb() == both[0]
    assert color_at(desk, 115, 45).rgb() != both[1]
    desk.page.choices.choose_class(1)
    assert color_at(desk, 45, 45).rgb() != both[0]
    assert color_at(desk, 115, 45).rgb() == both[1]
    desk.key(Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    assert (color_at(desk, 45, 45).rgb(), color_at(desk, 115, 45).rgb()) == both


def open_section(desk, name: str) -> None:
    section = desk.page.findChild(SideSection, f"section_{name}")
    if not section.is_open:
        QTest.mouseClick(section.title, Qt.MouseButton.LeftButton)


def test_brightness_channel_and_reset_change_what_shows_and_no_file(make_desk):
    desk = make_desk()
    path = desk.store.item(desk.ids[0]).path
    before_file, before = path.read_bytes(), color_at(desk, 80, 50)
    open_section(desk, "picture")
    panel = desk.page.picture_panel
    panel.brightness.setValue(100)
    assert color_at(desk, 80, 50).rgb() == QColor("white").rgb()
    panel.brightness.setValue(0)
    QTest.keyClick(panel.channel, Qt.Key.Key_Down)
    panel.channel.activated.emit(panel.channel.currentIndex())
    red = color_at(desk, 80, 50)
    assert red.red() == red.green() == red.blue()
    QTest.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert color_at(desk, 80, 50).rgb() == before.rgb()
    assert path.read_bytes() == before_file


@pytest.fixture
def deep_desk(make_desk):
    """A picture that holds 12-bit values in 16 bits: black to every other program."""
    desk = make_desk()
    path = desk.store.item(desk.ids[0]).path.with_name("zz_deep.png")
    y, x = np.mgrid[:100, :160]
    cv2.imwrite(str(path), np.stack([x + y, y * 4, x * 4], -1).astype(np.uint16))
    (item,) = desk.store.add_items([NewItem(name=path.name, path=path)])
    desk.session.items_changed.emit([])
    desk.open(item)
    desk.qtbot.waitUntil(lambda: isinstance(desk.canvas.picture, DeepPicture))
    return desk


def test_a_picture_of_16_bits_shows_over_the_values_it_has(deep_desk):
    desk = deep_desk
    left, right = color_at(desk, 4, 50).red(), color_at(desk, 155, 50).red()
    assert left < 30
    assert right > 225
    open_section(desk, "picture")
    assert desk.page.picture_panel.stretch.isChecked()
    desk.page.picture_panel.stretch.click()
    assert color_at(desk, 155, 50).red() < 5


def test_the_value_under_the_cursor_is_the_files(deep_desk):
    desk = deep_desk
    desk.move(100.5, 50.5)
    desk.qtbot.waitUntil(lambda: desk.page.status.value.text() == "400 200 150")


def test_dragging_in_the_navigator_moves_the_canvas_there(make_desk):
    desk = make_desk()
    open_section(desk, "navigator")
    navigator = desk.page.navigator
    desk.canvas.zoom(14)
    desk.qtbot.waitUntil(lambda: navigator.frame.width() < navigator.width() / 4)
    area = navigator._area()
    target = area.topLeft() + QPoint(round(area.width() * 0.75), round(area.height() * 0.25))
    QTest.mousePress(navigator, Qt.MouseButton.LeftButton, pos=target.toPoint())
    x, y = desk.canvas.viewport.to_image(*(side / 2 for side in desk.canvas.viewport.view))
    assert x == pytest.approx(0.75 * 160, abs=2)
    assert y == pytest.approx(0.25 * 100, abs=2)
    assert navigator.frame.center().x() == pytest.approx(target.x(), abs=2)


def test_rulers_come_and_go_and_mark_the_cursor(make_desk):
    desk = make_desk()
    top, left = desk.page.ruled.rulers
    assert not top.isVisible()
    desk.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert top.isVisible() and left.isVisible()
    desk.qtbot.waitUntil(lambda: top.width() == desk.canvas.width())
    without = top.grab().toImage()
    desk.move(60.5, 40.5)
    desk.qtbot.waitUntil(lambda: top.grab().toImage() != without)
    desk.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert not top.isVisible()


@pytest.mark.parametrize(("scale", "step"), [(64, 1), (10, 10), (1, 100), (0.1, 1000), (0.9, 100), (3, 50)])
def test_rulers_number_round_pixels_with_room_between(scale: float, step: int):
    assert step_of(scale) == step
