"""How a run ended, in a sentence over the plots, with the one click that helps. It stands in nobody's way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.outcome import OutcomeKind, RunOutcome
from studio.ui.theme import theme
from studio.ui.train.remedies import Choice
from studio.ui.widgets.flow_layout import FlowLayout

_MOST_CHOICES: Final = 3

_TONES: Final = {OutcomeKind.FINISHED: "ok", OutcomeKind.STOPPED: "warning"}


class OutcomeBar(QFrame):
    """`remedy_chosen` names the run and the remedy; `review_asked` the run."""

    remedy_chosen = Signal(str, object)
    review_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outcome_bar")
        self.setProperty("role", "card")
        self._run = ""
        self.sentence = QLabel()
        self.sentence.setObjectName("outcome_sentence")
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remedies: list[QPushButton] = [self._remedy_button(number) for number in range(_MOST_CHOICES)]
        self._choices: list[Choice] = []
        self.review = QPushButton()
        self.review.setObjectName("review_run")
        self.review.clicked.connect(lambda: self.review_asked.emit(self._run))
        self.details = QPushButton("Details")
        self.details.setObjectName("outcome_details")
        self.details.setCheckable(True)
        self.details.toggled.connect(self._show_details)
        self.dismiss = QToolButton()
        self.dismiss.setToolTip("Close")
        self.dismiss.setAccessibleName("Close")
        self.dismiss.clicked.connect(self.hide)
        self.log = QPlainTextEdit()
        self.log.setObjectName("outcome_log")
        self.log.setAccessibleName("What the run left in its log")
        self.log.setReadOnly(True)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setMaximumHeight(160)
        self._arrange()
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    @property
    def run(self) -> str:
        """The run that it speaks of, or nothing."""
        return self._run

    @property
    def remedy(self) -> QPushButton:
        """The button of what helps best."""
        return self.remedies[0]

    def show_outcome(self, run: str, outcome: RunOutcome, choices: Sequence[Choice] = (), *, review: str = "") -> None:
        """Say how `run` ended and offer what helps, the best first, and what `review` calls looking at it."""
        self._run = run
        self.sentence.setText(f"Run {run}: {outcome.sentence}" if run else outcome.sentence)
        self._set_tone(_TONES.get(outcome.kind, "error"))
        self._offer(choices)
        self.review.setText(review)
        self.review.setVisible(bool(review))
        self._offer_details(outcome.detail)
        self._buttons.setVisible(bool(choices or review) or bool(outcome.detail))
        self.show()

    def show_problem(self, sentence: str) -> None:
        """Say why something was not done; nothing to click."""
        self.show_notice("", sentence)

    def show_notice(self, run: str, sentence: str, details: Sequence[str] = ()) -> None:
        """Say what `run` warns of while it goes on, and in the details what it had said before."""
        self._run = run
        self.sentence.setText(sentence)
        self._set_tone("warning")
        self._offer(())
        self.review.hide()
        self._offer_details("\n".join(details))
        self._buttons.setVisible(bool(details))
        self.show()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self._buttons = QWidget()
        buttons = FlowLayout(self._buttons, spacing=6)
        for button in (*self.remedies, self.review, self.details):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(row)
        layout.addWidget(self._buttons)
        layout.addWidget(self.log)

    def _remedy_button(self, number: int) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"remedy_{number + 1}" if number else "remedy")
        button.clicked.connect(lambda: self._choose(number))
        return button

    def _offer(self, choices: Sequence[Choice]) -> None:
        self._choices = list(choices[:_MOST_CHOICES])
        for button, choice in itertools.zip_longest(self.remedies, self._choices):
            button.setVisible(choice is not None)
            if choice is not None:
                button.setText(choice.text)
                button.setToolTip(choice.tip)

    def _choose(self, number: int) -> None:
        self.hide()
        self.remedy_chosen.emit(self._run, self._choices[number].remedy)

    def _offer_details(self, detail: str) -> None:
        self.details.setVisible(bool(detail))
        self.details.setChecked(False)
        self.log.setPlainText(detail)
        self.log.hide()

    def _show_details(self, shown: bool) -> None:
        self.log.setVisible(shown)

    def _set_tone(self, tone: str) -> None:
        for widget in (self, self.sentence):
            widget.setProperty("tone", tone)
            widget.style().polish(widget)

    def _dress(self) -> None:
        self.dismiss.setIcon(theme().icon("close", "muted"))
