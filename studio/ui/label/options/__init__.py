"""What the tools can be told: one small file a group of controls, each bound to one choice, shown with the tools it is
for."""

from studio.ui.label.options.base import ToolOptions
from studio.ui.label.options.registry import make_options

__all__ = ["ToolOptions", "make_options"]
