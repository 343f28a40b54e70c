"""How a run ended, in a sentence over the plots, with the one click that helps. It stands in nobody's way."""

from __future__ import annotations

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

from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.ui.theme import theme

_REMEDY_TEXTS: Final = {
    Remedy.RESUME: "Resume",
    Remedy.HALVE_BATCH: "Halve the batch and start again",
    Remedy.LOWER_RATE: "Lower the rate and start again",
}

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
        self._outcome: RunOutcome | None = None
        self.sentence = QLabel()
        self.sentence.setObjectName("outcome_sentence")
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remedy = QPushButton()
        self.remedy.setObjectName("remedy")
        self.remedy.clicked.connect(self._choose_remedy)
        self.review = QPushButton("Review the worst items")
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

    def show_outcome(self, run: str, outcome: RunOutcome, *, can_review: bool = False) -> None:
        """Say how `run` ended and offer what helps."""
        self._run, self._outcome = run, outcome
        self.sentence.setText(f"Run {run}: {outcome.sentence}" if run else outcome.sentence)
        self._set_tone(_TONES.get(outcome.kind, "error"))
        self.remedy.setVisible(outcome.remedy is not Remedy.NONE)
        self.remedy.setText(_REMEDY_TEXTS.get(outcome.remedy, ""))
        self.review.setVisible(can_review)
        self._offer_details(outcome.detail)
        self.show()

    def show_problem(self, sentence: str) -> None:
        """Say why something was not done; nothing to click."""
        self.show_notice("", sentence)

    def show_notice(self, run: str, sentence: str, details: Sequence[str] = ()) -> None:
        """Say what `run` warns of while it goes on, and in the details what it had said before."""
        self._run, self._outcome = run, None
        self.sentence.setText(sentence)
        self._set_tone("warning")
        self.remedy.hide()
        self.review.hide()
        self._offer_details("\n".join(details))
        self.show()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.sentence, 1)
        for button in (self.details, self.review, self.remedy, self.dismiss):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(row)
        layout.addWidget(self.log)

    def _choose_remedy(self) -> None:
        if self._outcome is not None:
            self.hide()
            self.remedy_chosen.emit(self._run, self._outcome.remedy)

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
