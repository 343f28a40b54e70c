"""All groups of tool options, in the order in which the bar shows them."""

from __future__ import annotations

from typing import Final

from studio.ui.label.choices import TOOLS_OF, Choices
from studio.ui.label.options.base import ToolOptions
from studio.ui.label.options.brush_shape import BrushShapeOptions
from studio.ui.label.options.brush_size import BrushSizeOptions
from studio.ui.label.options.outline import OutlineOptions
from studio.ui.label.options.paint_over import PaintOverOptions
from studio.ui.label.options.pen import PenOptions
from studio.ui.label.options.region_options import RegionOptions
from studio.ui.label.options.superpixels import SuperpixelOptions
from studio.ui.label.options.template import TemplateOptions
from studio.ui.label.options.wand import WandOptions

_GROUPS: Final[tuple[type[ToolOptions], ...]] = (
    BrushShapeOptions,
    BrushSizeOptions,
    PenOptions,
    OutlineOptions,
    RegionOptions,
    WandOptions,
    SuperpixelOptions,
    PaintOverOptions,
    TemplateOptions,
)


def make_options(choices: Choices) -> list[ToolOptions]:
    """The groups that any tool of the project's task has."""
    tools = frozenset(TOOLS_OF[choices.task])
    return [group(choices) for group in _GROUPS if group.tools & tools]
