"""The colour in which a tool shows what it is about to paint."""

from __future__ import annotations

from PySide6.QtGui import QColor

from studio.core.classes import rgb
from studio.ui.label.tools.base import Bench


def class_color(bench: Bench, class_id: int) -> QColor:
    """The class's own; white for what takes a label away."""
    color = next((c.color for c in bench.settings.classes if c.id == class_id), "#ffffff")
    return QColor(*rgb(color))
