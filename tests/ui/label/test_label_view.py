"""Zoom, pan and fit: the geometry, and what the canvas shows of it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox

from studio.core.raster import Rect
from studio.ui.label.viewport import MAX_SCALE, Viewport


def size_box(desk):
    return next(
        box for box in desk.page.options.findChildren(QSpinBox) if box.accessibleName().startswith("Brush size")
    )


sides = st.integers(1, 9000)
views = st.tuples(st.integers(50, 3000), st.integers(50, 2000))


@given(image=st.tuples(sides, sides), view=views)
def test_a_fitted_picture_lies_within_the_view_and_in_its_middle(image, view):
    fitted = Viewport(image=image, view=view).fitted()
    for length, room, start in zip(image, view, (fitted.left, fitted.top), strict=True):
        assert length * fitted.scale <= room + 1e-6
        assert start + length * fitted.scale / 2 == pytest.approx(room / 2)


large_views = st.tuples(st.integers(200, 3000), st.integers(200, 2000))


@given(
    view=large_views, x=st.floats(0.3, 0.7), y=st.floats(0.3, 0.7), factors=st.lists(st.floats(0.7, 1.5), max_size=12)
)
def test_zooming_keeps_the_image_point_under_the_cursor(view, x, y, factors):
    seen = Viewport(image=(1920, 1080), view=view).fitted()
    cursor = seen.to_view(1920 * x, 1080 * y)
    for factor in factors:
        seen = seen.zoomed(factor, cursor)
    after = seen.to_view(1920 * x, 1080 * y)
    rounding = 1.0 + 0.5 * seen.scale / Viewport(image=(1920, 1080), view=view).fitted().scale
    assert after == pytest.approx(cursor, abs=rounding)


@given(scale=st.floats(0.05, MAX_SCALE), x=st.floats(-50, 2000), y=st.floats(-50, 2000))
def test_image_and_view_positions_are_each_others_inverse(scale, x, y):
    seen = Viewport(image=(1920, 1080), view=(1000, 700), scale=scale, left=-33.4, top=12.7)
    assert seen.to_image(*seen.to_view(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(dx=st.floats(-1e5, 1e5), dy=st.floats(-1e5, 1e5))
def test_panning_never_loses_the_picture(dx, dy):
    seen = Viewport(image=(640, 480), view=(900, 600)).fitted().panned(dx, dy)
    assert seen.visible() is not None


def test_a_resized_canvas_keeps_a_fitted_picture_fitted():
    seen = Viewport(image=(640, 480), view=(900, 600)).fitted().resized((500, 400))
    assert seen.is_fitted and seen.view == (500, 400)


def test_looking_at_a_mistake_brings_it_to_the_middle():
    seen = Viewport(image=(1920, 1080), view=(900, 600)).fitted().showing(Rect(100, 200, 40, 20))
    assert seen.to_view(120, 210) == pytest.approx((450, 300), abs=1)


def test_the_wheel_zooms_at_the_cursor(make_desk):
    desk = make_desk()
    place = desk.at(40, 70)
    before = desk.seen(place)
    desk.wheel(place, 5)
    assert desk.canvas.viewport.scale > 9
    assert desk.seen(place) == pytest.approx(before, abs=0.15)


def test_actual_pixels_shows_each_image_pixel_on_one_device_pixel(make_desk):
    desk = make_desk(size=(400, 300))
    desk.trigger("actual_size")
    desk.canvas.leaveEvent(None)
    shown = desk.canvas.grab().toImage()
    left, top = desk.canvas.viewport.origin
    with Image.open(desk.store.item(desk.ids[0]).path) as picture:
        pixels = np.array(picture)
    for x, y in ((0, 0), (17, 211), (399, 299)):
        assert shown.pixelColor(left + x, top + y).getRgb()[:3] == tuple(pixels[y, x])


def test_the_middle_button_pans(make_desk):
    desk = make_desk()
    start = desk.canvas.viewport.origin
    QTest.mousePress(desk.canvas, Qt.MouseButton.MiddleButton, pos=QPoint(300, 300))
    QTest.mouseMove(desk.canvas, QPoint(340, 275))
    QTest.mouseRelease(desk.canvas, Qt.MouseButton.MiddleButton, pos=QPoint(340, 275))
    assert desk.canvas.viewport.origin == (start[0] + 40, start[1] - 25)
    assert desk.store.read_mask(desk.ids[0]) is None


def test_space_and_drag_pans_instead_of_painting(make_desk):
    desk = make_desk()
    start = desk.canvas.viewport.origin
    QTest.keyPress(desk.canvas, Qt.Key.Key_Space)
    desk.press(80, 50)
    QTest.mouseMove(desk.canvas, desk.at(80, 50) + QPoint(-30, 10))
    QTest.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(80, 50))
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Space)
    assert desk.canvas.viewport.origin != start
    assert desk.store.read_mask(desk.ids[0]) is None


def test_fit_shows_the_whole_picture_again(make_desk):
    desk = make_desk()
    fitted = desk.canvas.viewport
    desk.wheel(QPoint(100, 100), 8)
    desk.key(Qt.Key.Key_F)
    assert desk.canvas.viewport == fitted


def test_control_and_wheel_and_the_bracket_keys_size_the_brush(make_desk):
    desk = make_desk()
    scale, size = desk.canvas.viewport.scale, desk.page.choices.brush_size
    desk.wheel(QPoint(300, 300), 2, Qt.KeyboardModifier.ControlModifier)
    larger = desk.page.choices.brush_size
    assert larger > size and desk.canvas.viewport.scale == scale
    desk.key(Qt.Key.Key_BracketLeft)
    assert desk.page.choices.brush_size < larger
    assert size_box(desk).value() == desk.page.choices.brush_size


def test_each_tool_remembers_its_own_size(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(11)
    desk.key(Qt.Key.Key_E)
    desk.page.choices.set_brush_size(50)
    desk.key(Qt.Key.Key_B)
    assert size_box(desk).value() == 11
    desk.key(Qt.Key.Key_E)
    assert size_box(desk).value() == 50


def test_only_tools_with_a_brush_show_its_size(make_desk):
    desk = make_desk()
    assert size_box(desk).isVisible()
    desk.key(Qt.Key.Key_G)
    assert not size_box(desk).isVisible()
    desk.key(Qt.Key.Key_E)
    assert size_box(desk).isVisible()


def test_the_zoom_stays_when_the_next_picture_has_the_same_size(make_desk):
    desk = make_desk()
    desk.wheel(desk.at(40, 70), 5)
    before = desk.canvas.viewport
    desk.open(desk.ids[1])
    assert desk.canvas.viewport == before


def test_the_status_line_tells_pixel_class_and_zoom(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(2)
    desk.drag((40.5, 50.5), (60.5, 50.5))
    desk.move(50.5, 50.5)
    status = desk.page.status
    desk.qtbot.waitUntil(lambda: status.position.text() == "50, 50")
    assert status.class_name.text() == "car"
    assert status.zoom.text() == f"{desk.canvas.viewport.scale * 100:.0f} %"


def test_the_class_under_a_cursor_that_rests_follows_what_keys_and_other_items_do(make_desk):
    desk = make_desk()
    desk.page.choices.choose_class(2)
    desk.drag((40.5, 50.5), (60.5, 50.5))
    desk.move(50.5, 50.5)
    name = desk.page.status.class_name
    desk.qtbot.waitUntil(lambda: name.text() == "car")
    desk.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.waitUntil(lambda: name.text() == "unlabelled", timeout=2000)
    desk.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.waitUntil(lambda: name.text() == "car", timeout=2000)
    desk.key(Qt.Key.Key_N)
    desk.qtbot.waitUntil(lambda: name.text() == "unlabelled", timeout=2000)


@pytest.mark.parametrize("factor", ["2", "1.5"])
def test_on_a_fine_screen_a_brush_of_one_paints_the_pixel_under_the_cursor(tmp_path, factor):
    """In a process of its own, because Qt learns its scale factor only once."""
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        import numpy as np
        from PIL import Image
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication
        from studio.core.classes import make_classes
        from studio.core.items import NewItem
        from studio.core.settings import ProjectSettings, Task
        from studio.store import Store
        from studio.ui.label import LabelPage
        from studio.ui.session import Session

        root = Path(sys.argv[1])
        Image.fromarray(np.zeros((100, 160, 3), np.uint8)).save(root / "a.png")
        app = QApplication([])
        settings = ProjectSettings(name="fine", task=Task.SEGMENTATION, classes=tuple(make_classes(["sky"])))
        store = Store.create(root / "p", settings)
        (item,) = store.add_items([NewItem(name="a.png", path=root / "a.png")])
        page = LabelPage(Session(store))
        page.resize(1000, 700)
        page.show()
        page.apply_window_args(tool="brush", brush_size=1, class_name="sky")
        canvas = page.canvas
        for _ in range(100):
            if canvas.document is None:
                QTest.qWait(50)
        ratio = canvas.devicePixelRatioF()
        assert canvas.viewport.view == (round(canvas.width() * ratio), round(canvas.height() * ratio))
        wanted = [(0, 0), (37, 61), (159, 99)]
        for x, y in wanted:
            device = canvas.viewport.to_view(x + 0.5, y + 0.5)
            QTest.mouseClick(canvas, Qt.LeftButton, pos=QPoint(round(device[0] / ratio), round(device[1] / ratio)))
        mask = store.read_mask(item)
        assert [(int(x), int(y)) for y, x in np.argwhere(mask == 0)] == wanted, np.argwhere(mask == 0)
        canvas.leaveEvent(None)
        page.choices.set_opacity(1.0)
        shown = canvas.grab().toImage()
        color = store.settings.classes[0].color
        for x, y in wanted:
            device = canvas.viewport.to_view(x + 0.5, y + 0.5)
            assert shown.pixelColor(int(device[0]), int(device[1])).name() == color
        page.shut_down()
        store.close()
        """
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": factor}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
