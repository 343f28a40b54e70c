"""What stands where there is nothing to show: why, and the one thing to do about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui.theme import theme

_ICON: Final = QSize(48, 48)


class EmptyState(QWidget):
    """A heading, a sentence and a button; `pressed` when the button is."""

    pressed = Signal()

    def __init__(self, icon: str, heading: str, sentence: str, button: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = QLabel(heading)
        self.heading.setProperty("role", "heading")
        self.sentence = QLabel(sentence)
        self.sentence.setProperty("role", "muted")
        self.sentence.setWordWrap(True)
        self.sentence.setFixedWidth(420)
        self.button = QPushButton(button)
        self.button.clicked.connect(self.pressed)
        self.button.setVisible(bool(button))
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        for widget in (self._icon, self.heading, self.sentence, self.button):
            row = QHBoxLayout()  # a centred row, since an aligned widget is not asked how high its wrapped text is
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            layout.addLayout(row)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)
        theme().changed.connect(self._dress)
        self._dress()

    def explain(self, heading: str, sentence: str) -> None:
        self.heading.setText(heading)
        self.sentence.setText(sentence)

    def _dress(self) -> None:
        self._icon.setPixmap(theme().icon(self._icon_name, "faint").pixmap(_ICON))
