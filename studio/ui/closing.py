"""What becomes of a run when its project is left: a question that holds up nothing but the leaving."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from studio.core.recipe import Purpose
from studio.ui.run_control import RunControl, RunState

GOING_ON: Final = {
    Purpose.TRAIN: "when the project is opened again, its curves go on where they are.",
    Purpose.LR_FIND: "when the project is opened again, its curve is in the list of runs.",
    Purpose.PROBE: "it tries its batches to the end.",
    Purpose.LOOK: "it draws its samples to the end.",
    Purpose.LABEL_ERRORS: "when the project is opened again, the labels that it suspects are on the Review page.",
    Purpose.SCORE: "when the project is opened again, its items are on the Review page.",
}
STOPPED: Final = {
    Purpose.TRAIN: "Stopped, it keeps what it has learnt in a checkpoint and can be resumed.",
    Purpose.LR_FIND: "Stopped, it cannot be resumed; the rate is then looked for from the beginning.",
    Purpose.LOOK: "Stopped, it cannot be resumed; the samples are drawn anew when they are asked for.",
    Purpose.PROBE: "Stopped, it cannot be resumed; the batch size is then looked for from the beginning.",
    Purpose.LABEL_ERRORS: "Stopped, it judges the labels of the folds that are done.",
    Purpose.SCORE: "Stopped, it has scored nothing; the items are then scored from the beginning.",
}


class Leaving(enum.Enum):
    GO_ON = "go on"
    STOP = "stop"


class ClosingQuestion(QMessageBox):
    """Asks once and tells the answer; cancelled, it tells nothing and the project stays."""

    def __init__(self, control: RunControl, answered: Callable[[Leaving], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closing_question")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Relearn Studio")
        self.setText(_what_is_going(control))
        self.setInformativeText(_what_becomes_of_it(control))
        self.go_on = self._button("Let it go on", QMessageBox.ButtonRole.AcceptRole, "closing_go_on")
        keeps = control.purpose is Purpose.TRAIN
        self.stop = self._button(
            "Stop and keep" if keeps else "Stop it", QMessageBox.ButtonRole.DestructiveRole, "closing_stop"
        )
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


def _what_is_going(control: RunControl) -> str:
    if control.state is RunState.PREPARING or control.record is None:
        return "A run is being prepared."
    is_paused = control.state is RunState.PAUSED
    return f"Run {control.record.id} is paused." if is_paused else f"Run {control.record.id} is still going."


def _what_becomes_of_it(control: RunControl) -> str:
    is_paused = control.state is RunState.PAUSED
    begins = "Let go on, it works again, by itself" if is_paused else "It can go on by itself"
    going_on, stopped = GOING_ON[control.purpose], STOPPED[control.purpose]
    return f"{begins}: {going_on} {stopped}"
