"""The values under the mouse, a line a curve, where the line above the plot has no room for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from studio.ui.theme import theme
from studio.ui.train.curves import Curve

_BESIDE: Final = 10
_TOP: Final = 8


class HoverValues(QLabel):
    """Lies over a plot and takes no clicks."""

    def __init__(self, plot: QWidget) -> None:
        super().__init__(plot)
        self.setProperty("role", "hover")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMargin(6)
        self.hide()

    def show_values(self, place: str, values: Sequence[tuple[Curve, str]], *, at: int) -> None:
        """Beside the cursor, which stands `at` so many logical pixels from the plot's left edge."""
        rows = [escape(place)]
        for curve, value in values:
            color = theme().color(f"series_{curve.series}").name()
            rows.append(f'<span style="color:{color}">●</span> {escape(curve.name)} <b>{escape(value)}</b>')
        self.setText("<br>".join(rows))
        self.adjustSize()
        left = at + _BESIDE
        if left + self.width() > cast(QWidget, self.parentWidget()).width():
            left = at - _BESIDE - self.width()
        self.move(max(left, 0), _TOP)
        self.show()
        self.raise_()
