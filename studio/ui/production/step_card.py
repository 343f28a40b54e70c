"""One step: a line that says which and how it stands, and below it, while it is open, what can be done."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.ui.production.standing import Step
from studio.ui.theme import theme


class StepCard(QFrame):
    asked = Signal(object)
    """The `Step` whose line was pressed."""

    def __init__(self, step: Step, number: int, inside: QWidget) -> None:
        super().__init__()
        self.step = step
        self._number = number
        self._is_done = False
        self.setProperty("role", "card")
        self.line = QToolButton(autoRaise=True)
        self.line.setCheckable(True)
        self.line.setObjectName(f"production_step_{step.name.lower()}")
        self.line.setProperty("fold", True)
        self.line.setIconSize(QSize(14, 14))
        self.line.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.line.clicked.connect(lambda _checked: self.asked.emit(self.step))
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setProperty("role", "muted")
        self.said.setWordWrap(True)
        self.said.setContentsMargins(22, 0, 0, 0)
        self.inside = inside
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.said)
        column.addWidget(inside)
        theme().changed.connect(self._dress)
        self.show_state(said="", done=False)
        self.open(False)

    def show_state(self, *, said: str, done: bool) -> None:
        """`said`: how the step stands, in a sentence."""
        self._is_done = done
        self.said.setText(said)
        self.said.setVisible(bool(said))
        self.line.setText(f"{self._number}  {self.step}")
        self.line.setAccessibleName(f"Step {self._number}, {self.step}{', done' if done else ''}. {said}")
        self._dress()

    def open(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        self.line.setChecked(is_open)
        self.setProperty("selected", "true" if is_open else "false")
        self.style().polish(self)
        self._dress()

    def _dress(self) -> None:
        if self._is_done:
            self.line.setIcon(theme().icon("check", "ok"))
        else:
            self.line.setIcon(theme().icon("section-open" if self.line.isChecked() else "section-closed", "muted"))
