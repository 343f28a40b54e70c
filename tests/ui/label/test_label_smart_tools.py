"""The tools that look at the picture: what they find where the right answer is known, and how one gets out of them."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.core.classes import UNLABELLED
from studio.ui.label.tools.grabcut import GrabCutTool
from studio.ui.label.tools.scissors import ScissorsTool
from studio.ui.label.tools.superpixels import SuperpixelsTool

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SIZE = (240, 160)
CENTRE, RADIUS = (90.5, 80.5), 45.0
SPOT = (205.5, 130.5)
"""The middle of a second, small disc of the same colour."""


def disc(centre=CENTRE, radius=RADIUS):
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    return (columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 <= radius**2


def two_discs():
    """Orange on blue, with grain."""
    picture = np.where((disc() | disc(SPOT, 14))[..., None], (215, 140, 60), (60, 90, 150))
    noise = np.random.default_rng(3).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def iou(found, expected):
    return (found & expected).sum() / (found | expected).sum()


@pytest.fixture
def desk(make_desk):
    desk = make_desk(2, size=SIZE, draw=two_discs)
    desk.page.choices.choose_class(1)
    return desk


def rest(desk):
    """Until the tool is through with what it does in the background."""
    desk.qtbot.waitUntil(lambda: not desk.canvas.tool.is_busy, timeout=20_000)


def painted(desk, value=1):
    return desk.mask() == value


def painted_now(desk, value=1):
    return desk.canvas.document.mask == value


# -- wand -------------------------------------------------------------------------------------------------------------


def test_a_click_with_the_wand_paints_what_has_that_colour_and_is_joined_to_it(desk):
    desk.trigger("tool_wand")
    desk.click(*CENTRE)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98
    assert desk.canvas.document.undo_text == "wand"
    desk.trigger("undo")
    assert not painted(desk).any()


def test_the_wand_takes_the_colour_everywhere_when_it_need_not_be_connected(desk):
    desk.trigger("tool_wand")
    desk.page.choices.smart.set_contiguous(False)
    desk.click(*CENTRE)
    rest(desk)
    assert iou(painted(desk), disc() | disc(SPOT, 14)) > 0.98


def test_the_wand_leaves_alone_what_is_labelled_if_it_is_told_so(desk):
    desk.canvas.document.brush((90, 80), (90, 80), 20, 2)
    desk.trigger("tool_wand")
    desk.page.choices.locks.set_only_unlabelled(True)
    desk.click(*CENTRE)
    rest(desk)
    inner = painted(desk, 2)
    assert inner.sum() > 300
    assert iou(painted(desk), disc() & ~inner) > 0.97


@pytest.mark.parametrize("button", [LEFT, RIGHT])
def test_the_wand_on_a_locked_class_says_why_nothing_happens(desk, button):
    desk.page.choices.choose_class(2)
    desk.page.choices.set_brush_size(150)
    desk.click(*CENTRE)
    desk.page.choices.locks.toggle(2)
    desk.page.choices.choose_class(1)
    before = desk.mask()
    desk.trigger("tool_wand")
    desk.click(*CENTRE, button)
    rest(desk)
    assert "car is locked" in desk.page.status.hint.text()
    assert np.array_equal(desk.mask(), before)
    desk.page.choices.choose_class(2)
    desk.page.status.show_hint("")
    desk.click(*CENTRE)
    rest(desk)
    assert "locked" not in desk.page.status.hint.text()  # it has this class, locked or not


def test_dragging_the_wand_sideways_changes_the_tolerance_and_paints_once(desk):
    desk.trigger("tool_wand")
    before = desk.page.choices.smart.tolerance
    desk.press(*CENTRE)
    start = desk.at(*CENTRE)
    for moved in (30, 120, -200):
        place = QPoint(start.x() + moved, start.y())
        QTest.mouseMove(desk.canvas, place)
        assert (desk.page.choices.smart.tolerance > before) is (moved > 0)
    assert desk.page.choices.smart.tolerance == 0
    QTest.mouseRelease(desk.canvas, LEFT, pos=place)
    rest(desk)
    assert 0 < painted(desk).sum() < disc().sum() / 2
    desk.trigger("undo")
    assert not painted(desk).any()


def test_escape_gives_up_a_wand_that_is_held_and_brings_its_tolerance_back(desk):
    desk.trigger("tool_wand")
    desk.press(*CENTRE)
    place = desk.at(*CENTRE)
    place.setX(place.x() + 90)
    QTest.mouseMove(desk.canvas, place)
    desk.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(desk.canvas, LEFT, pos=place)
    assert desk.page.choices.smart.tolerance == 10
    assert not painted(desk).any()
    assert not desk.canvas.document.can_undo


def test_the_right_button_of_the_wand_erases(desk):
    desk.canvas.document.polygon([(0, 0), (240, 0), (240, 160), (0, 160)], 1)
    desk.trigger("tool_wand")
    desk.click(*CENTRE, button=RIGHT)
    rest(desk)
    assert iou(desk.mask() == UNLABELLED, disc()) > 0.98


def test_what_was_clicked_with_the_wand_is_painted_even_if_the_next_item_comes_at_once(desk):
    desk.trigger("tool_wand")
    desk.click(*CENTRE)
    desk.trigger("next_item")
    desk.wait_for(desk.ids[1])
    desk.open(desk.ids[0])
    assert iou(painted(desk), disc()) > 0.98


def test_hovering_with_the_wand_shows_what_a_click_would_take_and_paints_nothing(desk):
    desk.trigger("tool_wand")
    desk.qtbot.wait(50)
    before = desk.canvas.grab().toImage()
    desk.move(*CENTRE)
    edge = desk.at(CENTRE[0] - RADIUS + 10, CENTRE[1])

    def tinted():
        return desk.canvas.grab().toImage().pixelColor(edge) != before.pixelColor(edge)

    desk.qtbot.waitUntil(tinted, timeout=5000)
    assert not painted(desk).any()


# -- GrabCut ----------------------------------------------------------------------------------------------------------


def cut_out(desk, *, button=LEFT):
    """Drag a box around the large disc and wait for what is found."""
    desk.trigger("tool_grabcut")
    desk.drag((35, 25), (80, 100), (146, 136), button=button)
    answered(desk)


def answered(desk):
    tool = desk.canvas.tool
    assert isinstance(tool, GrabCutTool)
    desk.qtbot.waitUntil(lambda: tool.selection is not None, timeout=20_000)


def test_a_box_around_an_object_cuts_it_out_and_enter_paints_it(desk):
    cut_out(desk)
    assert not painted(desk).any()
    desk.key(Qt.Key.Key_Return)
    assert iou(painted(desk), disc()) > 0.98
    assert desk.canvas.document.undo_text == "cut-out"
    desk.trigger("undo")
    assert not painted(desk).any()


def test_strokes_say_what_belongs_to_the_object_and_what_does_not(desk):
    cut_out(desk)
    desk.page.choices.set_brush_size(9)
    desk.drag((42, 30), (60, 30))
    answered(desk)
    desk.drag((75, 80), (105, 80), button=RIGHT)
    answered(desk)
    desk.key(Qt.Key.Key_Return)
    mask = painted(desk)
    assert mask[30, 45:58].all()
    assert not mask[80, 75:105].any()


def test_a_stroke_can_be_taken_back_before_anything_is_painted(desk):
    cut_out(desk)
    desk.page.choices.set_brush_size(9)
    desk.drag((75, 80), (105, 80), button=RIGHT)
    answered(desk)
    desk.trigger("undo")
    answered(desk)
    desk.key(Qt.Key.Key_Return)
    assert iou(painted(desk), disc()) > 0.98


def test_a_double_click_paints_the_cut_out_and_leaves_no_dot_of_its_own(desk):
    cut_out(desk)
    place = desk.at(40, 30)
    QTest.mouseClick(desk.canvas, LEFT, pos=place)
    QTest.mouseDClick(desk.canvas, LEFT, pos=place)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98
    assert not painted(desk)[30, 40]


def test_escape_gives_a_cut_out_up(desk):
    cut_out(desk)
    desk.key(Qt.Key.Key_Escape)
    assert not desk.canvas.tool.is_busy
    desk.key(Qt.Key.Key_Return)
    assert not painted(desk).any()
    assert not desk.canvas.document.can_undo


def test_a_box_drawn_with_the_right_button_erases_the_object(desk):
    desk.canvas.document.polygon([(0, 0), (240, 0), (240, 160), (0, 160)], 1)
    cut_out(desk, button=RIGHT)
    desk.key(Qt.Key.Key_Return)
    assert iou(desk.mask() == UNLABELLED, disc()) > 0.98


def test_a_cut_out_waits_while_another_item_is_visited(desk):
    cut_out(desk)
    desk.open(desk.ids[1])
    assert not desk.canvas.tool.is_busy
    desk.open(desk.ids[0])
    answered(desk)
    desk.key(Qt.Key.Key_Return)
    assert iou(painted(desk), disc()) > 0.98


def test_a_cut_out_shows_again_on_the_next_visit_without_any_further_word(desk):
    cut_out(desk)
    desk.canvas.repaint()
    shown = desk.canvas.grab().toImage()
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    desk.qtbot.waitUntil(lambda: same_but_for_the_cursor(desk.canvas.grab().toImage(), shown), timeout=20_000)


def same_but_for_the_cursor(one, other):
    a, b = (np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1) for image in (one, other))
    return (a != b).mean() < 0.002


def test_a_box_that_was_left_before_anything_was_found_is_cut_out_on_the_next_visit(desk):
    desk.trigger("tool_grabcut")
    desk.drag((35, 25), (80, 100), (146, 136))
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    answered(desk)
    desk.key(Qt.Key.Key_Return)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98


def box_and_enter(desk):
    """Enter comes before anything is found."""
    desk.trigger("tool_grabcut")
    desk.drag((35, 25), (80, 100), (146, 136))
    desk.key(Qt.Key.Key_Return)
    assert desk.canvas.tool.is_busy


def test_a_cut_out_is_painted_as_the_class_that_was_chosen_at_enter(desk):
    box_and_enter(desk)
    desk.page.choices.choose_class(2)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98


def test_a_cut_out_is_painted_even_if_the_next_item_comes_at_once(desk):
    box_and_enter(desk)
    desk.open(desk.ids[1])
    desk.open(desk.ids[0])
    assert iou(painted(desk), disc()) > 0.98


def use_wand(desk):
    desk.trigger("tool_wand")
    desk.click(*CENTRE)


@pytest.mark.parametrize("begin", [box_and_enter, use_wand])
def test_a_stroke_that_follows_at_once_is_one_step_of_the_history(desk, begin):
    begin(desk)
    desk.trigger("tool_brush")
    desk.page.choices.set_brush_size(5)
    desk.press(200, 20)
    for x in range(201, 211):
        desk.move(x, 20)
        desk.qtbot.wait(60)
    desk.release(210, 20)
    desk.trigger("undo")
    assert not painted(desk)[20, 195:].any()
    assert iou(painted(desk), disc()) > 0.98


# -- scissors ---------------------------------------------------------------------------------------------------------


def on_the_edge(turn):
    return CENTRE[0] + RADIUS * cos(2 * pi * turn), CENTRE[1] + RADIUS * sin(2 * pi * turn)


def follow_edge(desk, *turns):
    """Click points on the disc's edge and wait until the outline has followed it between them."""
    desk.trigger("tool_scissors")
    tool = desk.canvas.tool
    assert isinstance(tool, ScissorsTool)
    for turn in turns:
        desk.move(*on_the_edge(turn))
        desk.click(*on_the_edge(turn))
        desk.qtbot.waitUntil(lambda: tool.is_settled, timeout=10_000)


def test_five_clicks_with_the_scissors_follow_a_round_edge(desk):
    follow_edge(desk, 0, 0.2, 0.4, 0.6, 0.8)
    desk.click(*on_the_edge(0))
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98
    assert desk.canvas.document.undo_text == "scissors"
    desk.trigger("undo")
    assert not painted(desk).any()


def test_clicks_that_are_faster_than_the_edges_are_found_come_to_the_same(desk):
    desk.trigger("tool_scissors")
    for turn in (0, 0.2, 0.4, 0.6, 0.8):
        desk.click(*on_the_edge(turn))
    desk.key(Qt.Key.Key_Return)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98


def test_backspace_takes_the_last_anchor_of_the_scissors_back(desk):
    follow_edge(desk, 0, 0.2, 0.4)
    desk.click(200, 20)
    desk.key(Qt.Key.Key_Backspace)
    follow_edge(desk, 0.6, 0.8)
    desk.key(Qt.Key.Key_Return)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98


def test_escape_gives_the_scissors_up(desk):
    follow_edge(desk, 0, 0.2, 0.4)
    desk.key(Qt.Key.Key_Escape)
    desk.key(Qt.Key.Key_Return)
    assert not desk.canvas.tool.is_busy
    assert not painted(desk).any()


def test_the_right_button_closes_the_scissors_and_erases(desk):
    desk.canvas.document.polygon([(0, 0), (240, 0), (240, 160), (0, 160)], 1)
    follow_edge(desk, 0, 0.2, 0.4, 0.6, 0.8)
    desk.click(*CENTRE, button=RIGHT)
    rest(desk)
    assert iou(desk.mask() == UNLABELLED, disc()) > 0.98


def test_an_outline_waits_while_another_item_is_visited(desk):
    follow_edge(desk, 0, 0.2, 0.4)
    desk.open(desk.ids[1])
    assert not desk.canvas.tool.is_busy
    desk.open(desk.ids[0])
    follow_edge(desk, 0.6, 0.8)
    desk.key(Qt.Key.Key_Return)
    rest(desk)
    assert iou(painted(desk), disc()) > 0.98


# -- superpixels ------------------------------------------------------------------------------------------------------


def divided(desk, size=16):
    desk.trigger("tool_superpixels")
    tool = desk.canvas.tool
    assert isinstance(tool, SuperpixelsTool)
    desk.page.choices.smart.set_superpixel_size(size)
    desk.qtbot.waitUntil(lambda: tool.superpixels is not None and tool.is_settled, timeout=20_000)
    assert tool.superpixels is not None
    return tool.superpixels


def test_dragging_over_superpixels_paints_exactly_those_that_were_touched(desk):
    labels = divided(desk).labels
    path = [(60.5, 80.5), (110.5, 80.5)]
    desk.drag(*path)
    touched = np.unique(labels[80, 60:111])
    assert np.array_equal(painted(desk), np.isin(labels, touched))
    assert desk.canvas.document.undo_text == "superpixels"
    desk.trigger("undo")
    assert not painted(desk).any()


def test_superpixels_follow_the_edge_of_an_object(desk):
    labels = divided(desk).labels
    inside = [number for number in np.unique(labels) if disc()[labels == number].mean() > 0.5]
    assert iou(np.isin(labels, inside), disc()) > 0.96


def test_the_right_button_erases_by_superpixels_and_escape_gives_a_stroke_up(desk):
    desk.canvas.document.polygon([(0, 0), (240, 0), (240, 160), (0, 160)], 1)
    labels = divided(desk).labels
    desk.press(*CENTRE, RIGHT)
    assert not painted_now(desk).all()
    desk.key(Qt.Key.Key_Escape)
    desk.release(*CENTRE, RIGHT)
    assert painted(desk).all()
    desk.click(*CENTRE, button=RIGHT)
    assert np.array_equal(desk.mask() == UNLABELLED, labels == labels[80, 90])


def test_another_size_divides_the_picture_anew(desk):
    coarse = len(divided(desk, 40).boxes)
    assert len(divided(desk, 12).boxes) > 4 * coarse


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["wand", "grabcut", "scissors", "superpixels"])
def test_without_a_class_a_tool_says_so_and_paints_nothing(make_desk, tool):
    desk = make_desk(1, size=SIZE, draw=two_discs, classes=())
    hints = []
    desk.canvas.hinted.connect(hints.append)
    desk.trigger(f"tool_{tool}")
    desk.drag((40, 30), (140, 130))
    assert any("no class" in hint for hint in hints)
    assert not desk.canvas.document.can_undo
