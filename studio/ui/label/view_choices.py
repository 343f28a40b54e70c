"""How the person wants to see picture and label: outlines, one class alone, rulers, and the picture's look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.look import Look


@dataclass(frozen=True, slots=True)
class Seen:
    """`outline` draws the borders of regions only; `alone` shows the chosen class and no other. `look` says channel,
    brightness, contrast and gamma; its range is what `stretch` says: the values that occur, or all that could. A
    picture of more than 8 bits is stretched unless the person says otherwise, any other is not."""

    outline: bool = False
    alone: bool = False
    rulers: bool = False
    look: Look = field(default_factory=Look)
    stretch_deep: bool = True
    stretch_plain: bool = False


class ViewChoices(QObject):
    """Widgets and the canvas bind to `seen`, which is replaced as a whole."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seen = Seen()

    def set(self, **parts: Any) -> None:
        """Another value for parts of `Seen`."""
        self._become(replace(self.seen, **parts))

    def set_look(self, **parts: Any) -> None:
        """Another value for parts of the look."""
        self._become(replace(self.seen, look=replace(self.seen.look, **parts)))

    def reset_look(self) -> None:
        """The picture as it is."""
        fresh = Seen()
        self._become(
            replace(self.seen, look=fresh.look, stretch_deep=fresh.stretch_deep, stretch_plain=fresh.stretch_plain)
        )

    def _become(self, seen: Seen) -> None:
        if seen != self.seen:
            self.seen = seen
            self.changed.emit()
