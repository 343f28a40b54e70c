"""A sentence at the top of the canvas about something that went wrong; it waits there and stands in nobody's way."""

from __future__ import annotations

import enum

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from studio.ui.label.buttons import icon_button
from studio.ui.theme import theme


class Cause(enum.Enum):
    """What a notice is about; it goes when that is over."""

    ITEM = enum.auto()
    PREDICTION = enum.auto()
    PROPOSING = enum.auto()
    ACTION = enum.auto()
    """Something the person did that could not be done or saved."""


class NoticeBar(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice_bar")
        self.setProperty("role", "bar")
        self._cause = Cause.ACTION
        self._icon = QLabel()
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setAccessibleName("What went wrong")
        self.sentence.setProperty("tone", "error")
        self.close_button = icon_button("Dismiss the message", icon_size=16)
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 6, 5)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.close_button)
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    def say(self, sentence: str, cause: Cause = Cause.ACTION) -> None:
        """Show a sentence in place of the one before; an empty one says that this cause is over."""
        if sentence:
            self._cause = cause
            self.sentence.setText(sentence)
            self.show()
        else:
            self.settle(cause)

    def settle(self, *causes: Cause) -> None:
        """Take the notice away where it is about one of these."""
        if self._cause in causes:
            self.hide()

    def _dress(self) -> None:
        self._icon.setPixmap(theme().icon("warning", "danger").pixmap(18, 18))
        self.close_button.setIcon(theme().icon("close", "muted"))
