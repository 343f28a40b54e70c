"""The strip below the canvas: where the cursor is and on what, how the tool works, and how large the picture shows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QColor, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from studio.ui.label.buttons import action_button
from studio.ui.label.giving_way import GivingWay
from studio.ui.theme import theme
from studio.ui.widgets.elided_label import ElidedLabel

_HINT_MS: Final = 4000
_SWATCH: Final = 10
_LONGEST_NAME: Final = 170
"""Logical pixels that a class's name gets before it is elided."""
_HINT_ROOM: Final = 180
"""Logical pixels that what is not said elsewhere leaves to the hint."""


class StatusStrip(QFrame):
    def __init__(self, view_actions: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_strip")
        self._usage = ""
        self.position = _label("Pixel under the cursor", 76)
        self._swatch = QLabel()
        self._swatch.setFixedSize(_SWATCH, _SWATCH)
        self.class_name = _label("Class under the cursor", 90)
        self.class_name.setMaximumWidth(_LONGEST_NAME)
        self.value = _label("Value of the picture there", 78)
        self.hint = ElidedLabel()
        self.hint.setAccessibleName("How the tool works")
        self.saved = _label("Whether everything is saved", 0)
        self._saved_icon = QLabel()
        self.zoom = _label("Zoom", 52)
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._hint_time = QTimer(self, singleShot=True, interval=_HINT_MS)
        self._hint_time.timeout.connect(self._show_usage)
        self._lay_out(view_actions)
        self._giving_way = GivingWay(self._row, [self.value.setVisible, self.saved.setVisible])
        theme().changed.connect(self._dress)
        self.show_saved("Saved", "check", "ok")

    def name_classes(self, named: bool) -> None:
        """Whether a pixel has a class, for which room is left."""
        self._swatch.setVisible(named)
        self.class_name.setVisible(named)

    def show_pixel(self, pixel: tuple[int, int] | None, name: str, color: str | None) -> None:
        self.position.setText(f"{pixel[0]}, {pixel[1]}" if pixel is not None else "")
        self.class_name.setText(self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _LONGEST_NAME))
        self.class_name.setToolTip(name)
        swatch = QPixmap(_SWATCH, _SWATCH)
        swatch.fill(QColor(color) if color is not None else Qt.GlobalColor.transparent)
        self._swatch.setPixmap(swatch)

    def show_value(self, text: str) -> None:
        """What the picture holds under the cursor, channel by channel."""
        self.value.setText(text)

    def show_usage(self, usage: str) -> None:
        """How the tool in use works; stays until another tool is taken up."""
        self._usage = usage
        self._show_usage()

    def show_hint(self, sentence: str) -> None:
        """A sentence that takes the place of the usage for a few seconds; an empty one gives the place back."""
        if not sentence:
            self._show_usage()
            return
        self.hint.setText(sentence)
        self._set_hint_role("")
        self._hint_time.start()

    def show_zoom(self, scale: float) -> None:
        """`scale` is device pixels an image pixel."""
        percent = scale * 100
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def show_saved(self, text: str, icon: str, role: str, tip: str = "Every stroke is saved when you let go") -> None:
        self._saved_look = (icon, role)
        self.saved.setText(text)
        self.saved.setToolTip(tip)
        self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._giving_way.fit(self.width() - _HINT_ROOM)

    def _show_usage(self) -> None:
        self._hint_time.stop()
        self.hint.setText(self._usage)
        self._set_hint_role("muted")

    def _set_hint_role(self, role: str) -> None:
        if self.hint.property("role") != role:
            self.hint.setProperty("role", role)
            self.hint.style().unpolish(self.hint)
            self.hint.style().polish(self.hint)

    def _lay_out(self, view_actions: list[QAction]) -> None:
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(10, 2, 8, 2)
        layout.setSpacing(7)
        layout.addWidget(self.position)
        layout.addWidget(self._swatch)
        layout.addWidget(self.class_name)
        layout.addWidget(self.value)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self._saved_icon)
        layout.addWidget(self.saved)
        layout.addSpacing(6)
        layout.addWidget(self.zoom)
        for action in view_actions:
            layout.addWidget(action_button(action, icon_size=16))

    def _dress(self) -> None:
        icon, role = self._saved_look
        self._saved_icon.setPixmap(theme().icon(icon, role).pixmap(14, 14))


def _label(name: str, width: int) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setProperty("role", "muted")
    label.setMinimumWidth(width)
    return label
