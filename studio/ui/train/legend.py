"""The curves of a plot by name, colour and value, in as much room as there is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from studio.ui.theme import theme
from studio.ui.train.curves import Curve


class Legend(QLabel):
    """One line at the right. Where the names do not fit only colours and values are left, and the tip has the names."""

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
        values = [f"{curve.name} {value}" for curve, value in self._values]
        return "  ".join([self._place, *values] if self._place else values)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        everything = self.plain_text()
        room = self.fontMetrics().horizontalAdvance(everything) * 1.06 + 18 * len(self._values)
        text = self._rich(named=room <= self.width())
        if text != self.text():
            self.setText(text)
            self.setToolTip(everything)

    def _rich(self, *, named: bool) -> str:
        parts = [self._place] if self._place else []
        for curve, value in self._values:
            color = theme().color(f"series_{curve.series}").name()
            name = f" {curve.name}" if named else ""
            parts.append(f'<span style="color:{color}">●</span>{name} <b>{value}</b>')
        return ("&nbsp;&nbsp; " if named else "&nbsp; ").join(parts)
