"""What a bar leaves out, step by step, where the window is too narrow for all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QLayout


class GivingWay:
    """`steps` in the order in which they are taken; each is called with whether its part is to be seen in full."""

    def __init__(self, layout: QLayout, steps: Sequence[Callable[[bool], object]]) -> None:
        self._layout = layout
        self._steps = tuple(steps)

    def fit(self, width: int) -> None:
        """Take as few steps as bring what cannot shrink any further into `width` logical pixels."""
        for step in self._steps:
            step(True)
        for step in self._steps:
            self._layout.activate()
            if self._layout.minimumSize().width() <= width:
                return
            step(False)
