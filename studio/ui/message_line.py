"""The one line at the window's foot where a sentence for the person appears and, unless it is an error, fades."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QSizePolicy

from studio.ui.session import Tone

_SHOWN_MS: Final = 9000


class MessageLine(QLabel):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message_line")
        self.setAccessibleName("Messages")
        self.setContentsMargins(10, 0, 10, 0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._fade = QTimer(self, singleShot=True, interval=_SHOWN_MS)
        self._fade.timeout.connect(self.clear)

    def say(self, sentence: str, tone: str = Tone.INFO) -> None:
        """Show the sentence; errors stay until the next one."""
        self.setProperty("tone", str(tone))
        self.style().unpolish(self)
        self.style().polish(self)
        self.setText(sentence)
        self.setToolTip(sentence)
        if tone == Tone.ERROR:
            self._fade.stop()
        else:
            self._fade.start()

    def take_back(self, sentence: str) -> None:
        """Show the sentence no more, unless another one has followed it."""
        if sentence and self.text() == sentence:
            self._fade.stop()
            self.setToolTip("")
            self.clear()
