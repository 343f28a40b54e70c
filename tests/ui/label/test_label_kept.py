"""What a person picked on the Label page is picked again after a restart."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt

from studio.core.settings import Task
from studio.core.sweep import BrushShape
from studio.ui.label import LabelPage
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.kept_choices import KeptChoices


def restarted(task: Task = Task.SEGMENTATION) -> Choices:
    choices = Choices(task)
    KeptChoices(choices)
    return choices


def test_tool_sizes_shapes_opacity_and_rulers_outlive_a_restart(make_desk, qtbot):
    desk = make_desk()
    desk.key(Qt.Key.Key_BracketRight)
    brush = desk.page.choices.brush_size
    desk.key(Qt.Key.Key_E)
    desk.key(Qt.Key.Key_Q)
    desk.page.choices.set_brush_size(61)
    desk.key(Qt.Key.Key_Comma)
    desk.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    again = LabelPage(desk.session)
    qtbot.addWidget(again)
    choices = again.choices
    assert choices.tool is ToolName.ERASER and choices.brush_size == 61
    assert again.label_actions.tools[1].isChecked()
    assert choices.size_of(ToolName.BRUSH) == brush != 24
    assert choices.brush.shape_of(ToolName.ERASER) is BrushShape.SQUARE
    assert choices.brush.shape_of(ToolName.BRUSH) is BrushShape.ROUND
    assert choices.opacity == pytest.approx(0.4) and again.options.opacity_slider.value() == 40
    assert choices.seeing.seen.rulers
    again.shut_down()


def test_each_task_keeps_its_own():
    restarted().choose_tool(ToolName.HAND)
    assert restarted(Task.KEYPOINTS).tool is ToolName.POINT
    assert restarted().tool is ToolName.HAND


@pytest.mark.parametrize(("name", "wrong"), [("tool", "chisel"), ("size/brush", "wide"), ("opacity", "much")])
def test_what_cannot_be_read_is_passed_over(name, wrong):
    QSettings().setValue(f"label/{Task.SEGMENTATION}/{name}", wrong)
    choices = restarted()
    assert (choices.tool, choices.brush_size, choices.opacity) == (ToolName.BRUSH, 24, 0.5)
