"""What the person has picked on the Label page: tool, class, sizes, opacity and view. Widgets bind to it both ways."""

from __future__ import annotations

import enum
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.settings import Task
from studio.ui.label.brush_choices import BrushChoices
from studio.ui.label.locks import Locks
from studio.ui.label.outline_choices import OutlineChoices
from studio.ui.label.overlay_colors import View
from studio.ui.label.point_choices import PointChoices
from studio.ui.label.proposal_choices import ProposalChoices
from studio.ui.label.region_choices import RegionChoices
from studio.ui.label.smart_choices import SmartChoices
from studio.ui.label.view_choices import ViewChoices

SMALLEST_BRUSH: Final = 1
LARGEST_BRUSH: Final = 1000
_FIRST_BRUSH: Final = 24
_FIRST_OPACITY: Final = 0.5


class ToolName(enum.StrEnum):
    BRUSH = "brush"
    ERASER = "eraser"
    POLYGON = "polygon"
    LASSO = "lasso"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    FILL = "fill"
    REGION = "region"
    WAND = "wand"
    GRABCUT = "grabcut"
    SCISSORS = "scissors"
    SUPERPIXELS = "superpixels"
    PICK = "pick"
    POINT = "point"
    TEMPLATE = "template"
    HAND = "hand"


TOOLS_OF: Final = {
    Task.SEGMENTATION: (
        ToolName.BRUSH,
        ToolName.ERASER,
        ToolName.POLYGON,
        ToolName.LASSO,
        ToolName.RECTANGLE,
        ToolName.ELLIPSE,
        ToolName.FILL,
        ToolName.REGION,
        ToolName.WAND,
        ToolName.SCISSORS,
        ToolName.GRABCUT,
        ToolName.SUPERPIXELS,
        ToolName.PICK,
        ToolName.HAND,
    ),
    Task.KEYPOINTS: (ToolName.POINT, ToolName.TEMPLATE, ToolName.HAND),
    Task.SINGLE_LABEL: (ToolName.HAND,),
    Task.MULTI_LABEL: (ToolName.HAND,),
    Task.TEXT: (ToolName.HAND,),
}
"""The tools a task has, the first one being picked at the start."""

BRUSH_TOOLS: Final = frozenset({ToolName.BRUSH, ToolName.ERASER})

SIZED_TOOLS: Final = BRUSH_TOOLS | {ToolName.GRABCUT}
"""The tools that paint with a brush, each with a size of its own."""


class Choices(QObject):
    tool_changed = Signal(str)
    class_changed = Signal(int)
    """The class id that paint tools paint; -1 when there is none."""
    brush_size_changed = Signal(int)
    """Diameter of the current tool's brush in image pixels."""
    opacity_changed = Signal(float)
    overlay_shown_changed = Signal(bool)
    view_changed = Signal(str)
    point_changed = Signal(int)
    """The keypoint that the next click places; -1 when all are placed."""
    selected_point_changed = Signal(int)
    """The placed keypoint of the current instance that the keys act on; -1 when there is none."""

    def __init__(self, task: Task, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.task = task
        self.seeing = ViewChoices(self)
        self.brush = BrushChoices(self)
        self.proposals = ProposalChoices(task, self)
        self.outline = OutlineChoices(self)
        self.locks = Locks(self)
        self.region = RegionChoices(self)
        self.points = PointChoices(self)
        self.smart = SmartChoices(self)
        self._tool = TOOLS_OF[task][0]
        self._last_tool = self._tool
        self._class_id = -1
        self._sizes = dict.fromkeys(SIZED_TOOLS, _FIRST_BRUSH)
        self._opacity = _FIRST_OPACITY
        self._overlay_shown = True
        self._view = View.LABEL
        self._point = -1
        self._selected_point = -1

    @property
    def tool(self) -> ToolName:
        return self._tool

    def choose_tool(self, tool: ToolName) -> None:
        """Takes no tool that the project's task does not have."""
        if tool is self._tool or tool not in TOOLS_OF[self.task]:
            return
        size = self.brush_size
        self._last_tool = self._tool
        self._tool = tool
        self.tool_changed.emit(tool)
        if self.brush_size != size:
            self.brush_size_changed.emit(self.brush_size)

    def return_to_last_tool(self) -> None:
        """Take up again what was picked before the current tool; the first tool where that was the same."""
        self.choose_tool(self._last_tool if self._last_tool is not self._tool else TOOLS_OF[self.task][0])

    @property
    def class_id(self) -> int:
        return self._class_id

    def choose_class(self, class_id: int) -> None:
        if class_id != self._class_id:
            self._class_id = class_id
            self.class_changed.emit(class_id)

    @property
    def has_brush(self) -> bool:
        """Whether the current tool has a size."""
        return self._tool in self._sizes

    @property
    def brush_size(self) -> int:
        """Diameter in image pixels, remembered for each tool; that of the brush for tools without a size."""
        return self.size_of(self._tool)

    def set_brush_size(self, size: int) -> None:
        self.set_size_of(self._tool, size)

    def size_of(self, tool: ToolName) -> int:
        return self._sizes.get(tool, self._sizes[ToolName.BRUSH])

    def set_size_of(self, tool: ToolName, size: int) -> None:
        before = self.brush_size
        self._sizes[tool if tool in self._sizes else ToolName.BRUSH] = min(max(size, SMALLEST_BRUSH), LARGEST_BRUSH)
        if self.brush_size != before:
            self.brush_size_changed.emit(self.brush_size)

    def step_brush_size(self, steps: int) -> None:
        """Larger or smaller by about an eighth a step, at least by one pixel."""
        size = self.brush_size
        for _ in range(abs(steps)):
            size += max(1, round(size / 8)) if steps > 0 else -max(1, round(size / 9))
        self.set_brush_size(size)

    @property
    def opacity(self) -> float:
        return self._opacity

    def set_opacity(self, opacity: float) -> None:
        """Of the label over the picture, 0–1."""
        opacity = min(max(opacity, 0.0), 1.0)
        if opacity != self._opacity:
            self._opacity = opacity
            self.opacity_changed.emit(opacity)

    @property
    def overlay_shown(self) -> bool:
        return self._overlay_shown

    def show_overlay(self, shown: bool) -> None:
        if shown != self._overlay_shown:
            self._overlay_shown = shown
            self.overlay_shown_changed.emit(shown)

    @property
    def view(self) -> View:
        return self._view

    def set_view(self, view: View) -> None:
        if view is not self._view:
            self._view = view
            self.view_changed.emit(view)

    def cycle_view(self) -> None:
        order = list(View)
        self.set_view(order[(order.index(self._view) + 1) % len(order)])

    @property
    def point(self) -> int:
        return self._point

    def choose_point(self, index: int) -> None:
        if index != self._point:
            self._point = index
            self.point_changed.emit(index)

    @property
    def selected_point(self) -> int:
        return self._selected_point

    def select_point(self, index: int) -> None:
        if index != self._selected_point:
            self._selected_point = index
            self.selected_point_changed.emit(index)
