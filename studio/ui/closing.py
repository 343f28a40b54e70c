"""What becomes of a run when its window is closed: a question that holds up nothing but the closing."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget


class Leaving(enum.Enum):
    GO_ON = "go on"
    STOP = "stop"


class ClosingQuestion(QMessageBox):
    """Asks once and tells the answer; cancelled, it tells nothing and the window stays."""

    def __init__(self, run: str, answered: Callable[[Leaving], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closing_question")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Relearn Studio")
        self.setText(f"Run {run} is still going.")
        self.setInformativeText(
            "It can go on without the window: when the project is opened again, its curves go on where they are. "
            "Stopped, it keeps what it has learnt in a checkpoint and can be resumed."
        )
        self.go_on = self._button("Let It Go On", QMessageBox.ButtonRole.AcceptRole, "closing_go_on")
        self.stop = self._button("Stop and Keep", QMessageBox.ButtonRole.DestructiveRole, "closing_stop")
        self.cancel = self._button("Cancel", QMessageBox.ButtonRole.RejectRole, "closing_cancel")
        self.setDefaultButton(self.go_on)
        self.setEscapeButton(self.cancel)
        for button, leaving in ((self.go_on, Leaving.GO_ON), (self.stop, Leaving.STOP)):
            button.clicked.connect(
                lambda _=False, leaving=leaving: QTimer.singleShot(0, parent, partial(answered, leaving))
            )

    def _button(self, text: str, role: QMessageBox.ButtonRole, name: str) -> QPushButton:
        button = self.addButton(text, role)
        button.setObjectName(name)
        return button
