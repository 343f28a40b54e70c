"""The curves of a plot by name, colour and value, in as much room as there is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from studio.ui.theme import theme
from studio.ui.train.curves import Curve

_GAP = 18
"""Logical pixels from one entry to the next."""


class Legend(QLabel):
    """One line at the right. Where there is no room for all names with their values, there are names alone; where that
    is too much, the first of them and the number of the others. The tip has all."""

    def __init__(self) -> None:
        super().__init__()
        self._place = ""
        self._values: list[tuple[Curve, str]] = []
        self.setProperty("role", "legend")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def show_values(self, place: str, values: Sequence[tuple[Curve, str]]) -> None:
        """`place` says where on the x axis the values were read, or is empty."""
        self._place, self._values = place, list(values)
        self._write()

    def plain_text(self) -> str:
        """Names and values without colours, whether they fit or not."""
        return "  ".join([self._place, *self._entries()] if self._place else self._entries())

    @property
    def has_values(self) -> bool:
        """Whether there is room for every name with its value."""
        return self._room(self._entries(), len(self._values)) <= self.width()

    @property
    def shown(self) -> int:
        """How many curves there is room for by name."""
        return len(self._values) if self.has_values else self._fitting(self._names())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def _entries(self) -> list[str]:
        return [f"{curve.name} {value}" for curve, value in self._values]

    def _names(self) -> list[str]:
        return [curve.name for curve, _value in self._values]

    def _fitting(self, entries: Sequence[str]) -> int:
        """How many of the first entries fit, with the number of the others."""
        return next((n for n in range(len(entries), 0, -1) if self._room(entries, n) <= self.width()), 0)

    def _room(self, entries: Sequence[str], shown: int) -> float:
        """Logical pixels that the first entries and the number of the others take; values are bold."""
        words = [*entries[:shown], *([self._place] if self._place else []), *self._others(len(entries) - shown)]
        return sum(self.fontMetrics().horizontalAdvance(each) * 1.06 + _GAP for each in words)

    def _others(self, number: int) -> list[str]:
        return [f"+{number}"] if number else []

    def _write(self) -> None:
        shown = self.shown
        parts = self._rich(self._values[:shown], with_values=self.has_values)
        parts += self._others(len(self._values) - shown)
        text = "&nbsp;&nbsp; ".join(parts)
        if text != self.text():
            self.setText(text)
        self.setToolTip("<br>".join(self._rich(self._values)))

    def _rich(self, values: Sequence[tuple[Curve, str]], *, with_values: bool = True) -> list[str]:
        parts = [escape(self._place)] if self._place else []
        for curve, value in values:
            color = theme().color(f"series_{curve.series}").name()
            told = f" <b>{escape(value)}</b>" if with_values else ""
            parts.append(f'<span style="color:{color}">●</span> {escape(curve.name)}{told}')
        return parts
