"""What a person picked stays picked: the tool, each brush's size and shape, opacity and rulers, for each task."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSettings

from studio.core.sweep import BrushShape
from studio.ui.label.choices import BRUSH_TOOLS, SIZED_TOOLS, TOOLS_OF, Choices, ToolName


class KeptChoices(QObject):
    """Puts the choices of the session before back, and from then on keeps what changes. What the settings hold wrongly
    is passed over."""

    def __init__(self, choices: Choices) -> None:
        super().__init__(choices)
        self._choices = choices
        self._group = f"label/{choices.task}"
        self._restore()
        choices.tool_changed.connect(lambda tool: self._keep("tool", tool))
        choices.brush_size_changed.connect(lambda _size: self._keep_sizes())
        choices.brush.changed.connect(self._keep_shapes)
        choices.opacity_changed.connect(lambda opacity: self._keep("opacity", opacity))
        choices.seeing.changed.connect(lambda: self._keep("rulers", choices.seeing.seen.rulers))

    def _restore(self) -> None:
        choices = self._choices
        self._take("tool", lambda kept: choices.choose_tool(ToolName(kept)))
        for tool in _sized(choices):
            self._take(f"size/{tool}", lambda kept, tool=tool: choices.set_size_of(tool, int(kept)))
        for tool in BRUSH_TOOLS:
            self._take(f"shape/{tool}", lambda kept, tool=tool: choices.brush.set_shape(tool, BrushShape(kept)))
        self._take("opacity", lambda kept: choices.set_opacity(float(kept)))
        self._take("rulers", lambda kept: choices.seeing.set(rulers=kept.lower() == "true"))

    def _take(self, name: str, give: Callable[[str], object]) -> None:
        kept = QSettings().value(f"{self._group}/{name}")
        if kept is None:
            return
        try:
            give(str(kept))
        except ValueError:  # written by another version, or by hand
            QSettings().remove(f"{self._group}/{name}")

    def _keep(self, name: str, value: object) -> None:
        QSettings().setValue(f"{self._group}/{name}", value)

    def _keep_sizes(self) -> None:
        for tool in _sized(self._choices):
            self._keep(f"size/{tool}", self._choices.size_of(tool))

    def _keep_shapes(self) -> None:
        for tool in BRUSH_TOOLS:
            self._keep(f"shape/{tool}", str(self._choices.brush.shape_of(tool)))


def _sized(choices: Choices) -> list[ToolName]:
    return [tool for tool in TOOLS_OF[choices.task] if tool in SIZED_TOOLS]
