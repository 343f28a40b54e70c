"""All tools of a task, ready to be taken up."""

from __future__ import annotations

from typing import Final

from studio.ui.label.choices import TOOLS_OF, ToolName
from studio.ui.label.tools.base import Bench, Tool
from studio.ui.label.tools.box import EllipseTool, RectangleTool
from studio.ui.label.tools.brush import BrushTool, EraserTool
from studio.ui.label.tools.fill import FillTool
from studio.ui.label.tools.grabcut import GrabCutTool
from studio.ui.label.tools.hand import HandTool
from studio.ui.label.tools.lasso import LassoTool
from studio.ui.label.tools.pick import PickTool
from studio.ui.label.tools.point import PointTool
from studio.ui.label.tools.polygon import PolygonTool
from studio.ui.label.tools.region import RegionTool
from studio.ui.label.tools.scissors import ScissorsTool
from studio.ui.label.tools.superpixels import SuperpixelsTool
from studio.ui.label.tools.template import TemplateTool
from studio.ui.label.tools.wand import WandTool

_TOOLS: Final[tuple[type[Tool], ...]] = (
    BrushTool,
    EraserTool,
    PolygonTool,
    LassoTool,
    RectangleTool,
    EllipseTool,
    FillTool,
    RegionTool,
    WandTool,
    ScissorsTool,
    GrabCutTool,
    SuperpixelsTool,
    PickTool,
    PointTool,
    TemplateTool,
    HandTool,
)


def make_tools(bench: Bench) -> dict[ToolName, Tool]:
    """The tools that the project's task has."""
    names = TOOLS_OF[bench.choices.task]
    return {tool.name: tool(bench) for tool in _TOOLS if tool.name in names}
