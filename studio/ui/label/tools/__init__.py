"""What a hand on the mouse can do to a label: one file a tool, all speaking to the same bench."""

from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.registry import make_tools

__all__ = ["Bench", "Pointer", "Tool", "make_tools"]
