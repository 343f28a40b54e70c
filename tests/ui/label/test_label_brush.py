"""Square brushes, straight lines and pens: what is on the disk afterwards, pixel for pixel."""

from __future__ import annotations

from itertools import pairwise
from math import floor

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.classes import UNLABELLED
from studio.core.sweep import BrushShape
from studio.store import Store
from studio.ui.label.options.brush_shape import BrushShapeOptions
from studio.ui.label.options.pen import PenOptions

LEFT, RIGHT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SHAPE = (100, 160)
XY = tuple[float, float]


def snapped(point: XY, size: int) -> XY:
    """Odd brushes stand on the middle of a pixel, even ones on a corner."""
    if size % 2:
        return floor(point[0]) + 0.5, floor(point[1]) + 0.5
    return float(round(point[0])), float(round(point[1]))


def square_stroke(path: list[XY], size: int) -> np.ndarray:
    """The pixels whose centre a square covers on its way along a polyline: by the shares of each segment at which it
    reaches the centre's column and its row."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    covered = np.zeros(SHAPE, bool)
    for a, b in zip(path, path[1:] or path, strict=False):
        first, last = np.zeros(SHAPE), np.ones(SHAPE)
        for centre, start, way in ((columns, a[0], b[0] - a[0]), (rows, a[1], b[1] - a[1])):
            near, far = centre - start - size / 2 - 1e-9, centre - start + size / 2 + 1e-9
            if way == 0:
                last[(near > 0) | (far < 0)] = -1
            else:
                first = np.maximum(first, np.minimum(near / way, far / way))
                last = np.minimum(last, np.maximum(near / way, far / way))
        covered |= first <= last
    return covered


def tapered_stroke(prints: list[tuple[XY, float]]) -> np.ndarray:
    """The pixels within reach of any of a thousand discs between each two prints."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    covered = np.zeros(SHAPE, bool)
    for ((ax, ay), start), ((bx, by), end) in pairwise(prints):
        for t in np.linspace(0, 1, 1000):
            x, y, radius = ax + t * (bx - ax), ay + t * (by - ay), (start + t * (end - start)) / 2
            covered |= (columns - x) ** 2 + (rows - y) ** 2 <= radius**2 + 1e-9
    return covered


def pen_device(end: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen) -> QPointingDevice:
    kind, can = QInputDevice.DeviceType.Stylus, QInputDevice.Capability
    return QPointingDevice(
        "stylus", 7, kind, end, can.Position | can.Pressure | can.Hover, 1, 3, "", QPointingDeviceUniqueId()
    )


class Pen:
    """A pen over the desk's canvas, at image pixels; `eraser` holds it upside down."""

    def __init__(self, desk, *, eraser: bool = False) -> None:
        kinds = QPointingDevice.PointerType
        self.desk = desk
        self.device = pen_device(kinds.Eraser if eraser else kinds.Pen)

    def stroke(self, *prints: tuple[float, float, float]) -> None:
        """Down at the first (x, y, pressure), through all of them, up at the last."""
        self.send(QEvent.Type.TabletPress, *prints[0])
        for spot in prints[1:]:
            self.send(QEvent.Type.TabletMove, *spot)
        self.send(QEvent.Type.TabletRelease, prints[-1][0], prints[-1][1], 0.0)

    def send(self, kind: QEvent.Type, x: float, y: float, pressure: float, held: Qt.MouseButton | None = None) -> bool:
        """Says whether the canvas took the event."""
        canvas = self.desk.canvas
        place = QPointF(self.desk.at(x, y))
        if held is None:
            held = NO_BUTTON if kind == QEvent.Type.TabletRelease else LEFT
        button = NO_BUTTON if kind == QEvent.Type.TabletMove else LEFT
        keys = Qt.KeyboardModifier.NoModifier
        event = QTabletEvent(
            kind, self.device, place, canvas.mapToGlobal(place), pressure, 0, 0, 0, 0, 0, keys, button, held
        )
        QApplication.sendEvent(canvas, event)
        return event.isAccepted()


def options(desk, kind: type):
    return next(group for group in desk.page.options.groups if isinstance(group, kind))


@pytest.mark.parametrize("size", [6, 7])
def test_every_one_of_400_events_of_a_square_stroke_is_in_the_mask(make_desk, size):
    desk = make_desk()
    desk.page.choices.set_brush_size(size)
    desk.key(Qt.Key.Key_Q)
    angles = np.linspace(0, 14 * np.pi, 400)
    places = [desk.at(80 + a * 1.5 * np.cos(a), 50 + a * np.sin(a)) for a in angles]
    QTest.mousePress(desk.canvas, LEFT, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(desk.canvas, place)
    QTest.mouseRelease(desk.canvas, LEFT, pos=places[-1])
    seen = [snapped(desk.seen(place), size) for place in places]
    assert np.array_equal(desk.mask(), np.where(square_stroke(seen, size), 0, UNLABELLED))


def test_a_square_brush_paints_as_many_pixels_a_side_as_it_is_large(make_desk):
    desk = make_desk()
    desk.page.choices.brush.set_shape("brush", BrushShape.SQUARE)
    desk.page.choices.set_brush_size(8)
    desk.click(40, 40)
    desk.page.choices.set_brush_size(5)
    desk.click(80.5, 40.5)
    painted = np.argwhere(desk.mask() == 0)
    assert sorted({int(x) for _, x in painted}) == [*range(36, 44), *range(78, 83)]
    assert len(painted) == 8 * 8 + 5 * 5


def test_brush_and_eraser_remember_their_own_shape_and_the_buttons_show_it(make_desk):
    desk = make_desk()
    buttons = options(desk, BrushShapeOptions).buttons
    desk.qtbot.mouseClick(buttons[BrushShape.SQUARE], LEFT)
    desk.trigger("tool_eraser")
    assert buttons[BrushShape.ROUND].isChecked()
    desk.trigger("tool_brush")
    assert buttons[BrushShape.SQUARE].isChecked()
    desk.key(Qt.Key.Key_Q)
    assert buttons[BrushShape.ROUND].isChecked()


def test_a_square_eraser_takes_a_square_away(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(60)
    desk.click(80, 50)
    desk.trigger("tool_eraser")
    desk.key(Qt.Key.Key_Q)
    desk.page.choices.set_brush_size(10)
    desk.click(80, 50)
    mask = desk.mask()
    assert (mask[45:55, 75:85] == UNLABELLED).all()
    assert (mask[44, 74:86] == 0).all() and (mask[45:55, 74] == 0).all() and (mask[45:55, 85] == 0).all()


def test_shift_and_control_draw_a_line_at_a_round_angle(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(3)
    desk.click(20.5, 20.5)
    desk.click(70.5, 66.5, keys=SHIFT | CTRL)
    rows, columns = np.nonzero(desk.mask() == 0)
    start = snapped(desk.seen(desk.at(20.5, 20.5)), 3)
    assert (np.abs((columns + 0.5 - start[0]) - (rows + 0.5 - start[1])) <= 3).all()
    assert columns.max() > 65


@pytest.mark.parametrize("shape", list(BrushShape))
def test_shift_shows_the_line_at_its_full_width_before_it_is_painted(make_desk, shape):
    desk = make_desk()
    desk.page.choices.set_brush_size(11)
    desk.page.choices.brush.set_shape("brush", shape)
    desk.click(20.5, 20.5)
    desk.move(100.5, 80.5)
    desk.move(120.5, 80.5)
    without = desk.canvas.grab().toImage()
    QTest.keyPress(desk.canvas, Qt.Key.Key_Shift)
    shown = desk.canvas.grab().toImage()
    beside, middle, outside = desk.at(70, 54), desk.at(70, 50), desk.at(70, 65)
    assert shown.pixelColor(middle) != without.pixelColor(middle)
    assert shown.pixelColor(beside) != without.pixelColor(beside)
    assert shown.pixelColor(outside) == without.pixelColor(outside)
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Shift)
    assert desk.canvas.grab().toImage() == without


def test_pressure_makes_a_continuous_stroke_of_changing_size(make_desk):
    desk = make_desk()
    choices = desk.page.choices
    choices.set_brush_size(40)
    choices.brush.set_smallest_share(0.1)
    path = [(20, 50, 0.0), (60, 40, 0.5), (110, 60, 1.0), (112, 60, 0.25)]
    Pen(desk).stroke(*path)
    sizes = [4, 22, 40, 13]
    prints = [(snapped(desk.seen(desk.at(x, y)), d), d) for (x, y, _), d in zip(path, sizes, strict=True)]
    expected = tapered_stroke(prints)
    painted = desk.mask() == 0
    assert not (expected & ~painted).any()
    assert (painted & ~expected).sum() <= 4  # between the thousand discs


def test_a_pens_stroke_is_one_edit_and_there_after_a_restart(make_desk, tmp_path):
    desk = make_desk()
    Pen(desk).stroke((20, 50, 0.3), (60, 40, 0.5), (110, 60, 1.0))
    written = desk.mask()
    assert (written == 0).any()
    desk.key(Qt.Key.Key_Z, CTRL)
    assert (desk.mask() == UNLABELLED).all()
    desk.key(Qt.Key.Key_Z, CTRL | SHIFT)
    desk.store.flush()
    with Store.open(tmp_path / "project") as again:
        mask = again.read_mask(desk.ids[0])
    assert mask is not None and np.array_equal(mask, written)


def test_the_pens_other_end_erases(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(60)
    desk.click(80, 50)
    desk.page.choices.set_brush_size(10)
    Pen(desk, eraser=True).stroke((80, 50, 1.0), (90, 50, 1.0))
    mask = desk.mask()
    assert mask[50, 85] == UNLABELLED and mask[60, 85] == 0


def test_the_options_turn_pressure_off_and_say_how_thin_the_lightest_touch_is(make_desk):
    desk = make_desk()
    desk.page.choices.set_brush_size(20)
    pen = options(desk, PenOptions)
    assert not pen.follows.isVisible()
    Pen(desk).stroke((80, 50, 0.0))
    assert pen.follows.isVisible() and pen.follows.isChecked()
    assert (desk.mask() == 0).sum() == 12  # a disc of 4, a fifth of 20
    desk.key(Qt.Key.Key_Z, CTRL)
    pen.shares[50].trigger()
    Pen(desk).stroke((80, 50, 0.0))
    assert (desk.mask() == 0).sum() == stroke_of(10)
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.qtbot.mouseClick(pen.follows, LEFT, pos=QPoint(8, pen.follows.height() // 2))
    Pen(desk).stroke((80, 50, 0.0))
    assert (desk.mask() == 0).sum() == stroke_of(20)


def stroke_of(size: int) -> int:
    """How many pixels an even brush covers that stands on a corner."""
    rows, columns = np.mgrid[-size:size, -size:size] + 0.5
    return int((rows**2 + columns**2 <= (size / 2) ** 2).sum())


def test_a_mouse_does_not_disturb_a_pens_stroke(make_desk):
    """Some systems move the mouse along with the pen."""
    desk = make_desk()
    desk.page.choices.set_brush_size(40)
    desk.page.choices.brush.set_smallest_share(0.0)
    pen = Pen(desk)
    pen.send(QEvent.Type.TabletPress, 20, 50, 0.1)
    desk.move(60, 50)
    pen.send(QEvent.Type.TabletMove, 100, 50, 0.1)
    desk.release(100, 50)
    pen.send(QEvent.Type.TabletMove, 140, 50, 0.1)
    pen.send(QEvent.Type.TabletRelease, 140, 50, 0.0)
    painted = np.argwhere(desk.mask() == 0)
    assert {int(y) for y, _ in painted} == {48, 49, 50, 51}
    assert (painted[:, 1].min(), painted[:, 1].max()) == (18, 141)


def test_a_pen_that_left_while_it_was_down_has_ended_its_stroke(make_desk):
    desk = make_desk()
    pen = Pen(desk)
    pen.send(QEvent.Type.TabletPress, 20, 50, 1.0)
    pen.send(QEvent.Type.TabletMove, 60, 50, 1.0)
    pen.send(QEvent.Type.TabletMove, 140, 90, 0.0, held=NO_BUTTON)
    assert not desk.canvas.is_working
    mask = desk.mask()
    assert mask[50, 40] == 0 and mask[90, 140] == UNLABELLED


def test_a_pen_is_a_mouse_to_tools_without_pressure(make_desk):
    desk = make_desk()
    desk.trigger("tool_fill")
    assert not Pen(desk).send(QEvent.Type.TabletPress, 80, 50, 0.5)
    assert desk.store.read_mask(desk.ids[0]) is None


def double_click(desk, x, y, keys=Qt.KeyboardModifier.NoModifier):
    """As a window system delivers it: the second press is a double click."""
    desk.click(x, y, keys=keys)
    QTest.mouseDClick(desk.canvas, LEFT, keys, desk.at(x, y))
    desk.release(x, y)


def test_two_quick_pans_with_space_paint_nothing(make_desk):
    desk = make_desk()
    QTest.keyPress(desk.canvas, Qt.Key.Key_Space)
    double_click(desk, 50, 50)
    QTest.keyRelease(desk.canvas, Qt.Key.Key_Space)
    assert not desk.canvas.document.can_undo


def test_two_quick_picks_of_a_class_paint_nothing(make_desk):
    desk = make_desk()
    double_click(desk, 50, 50, Qt.KeyboardModifier.AltModifier)
    assert not desk.canvas.document.can_undo
