"""From corrections to the recipe of a run that starts from the model which made the mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from studio.core.fine_tuning import FINE_TUNE_EPOCHS, FINE_TUNE_REPLAY, fine_tune_spec, proposed_rate
from studio.core.recipe import LearningRate, RunSpec
from studio.ui.theme import theme


class FineTuneBar(QWidget):
    """The button that goes on to a fine-tuning, and its three options."""

    proposed = Signal(object)
    """The `RunSpec` to show and start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parent: tuple[str, RunSpec] | None = None
        self._items: tuple[int, ...] = ()
        self.replay = QDoubleSpinBox(minimum=0.0, maximum=1.0, singleStep=0.1, decimals=1, value=FINE_TUNE_REPLAY)
        self.replay.setObjectName("fine_tune_replay")
        self.replay.setToolTip(
            "Share of the old training items kept beside the corrections, so that nothing is forgotten"
        )
        self.epochs = QSpinBox(minimum=1, maximum=999, value=FINE_TUNE_EPOCHS)
        self.epochs.setObjectName("fine_tune_epochs")
        self.epochs.setToolTip("How many times the corrections are gone through")
        self.rate = QLineEdit()
        self.rate.setObjectName("fine_tune_rate")
        self.rate.setFixedWidth(80)
        self.rate.setToolTip("Highest learning rate; proposed is a fifth of the rate of the run that made the mistakes")
        self.rate.textChanged.connect(self._check)
        self.button = QPushButton("Fine-tune")
        self.button.setObjectName("fine_tune")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self._propose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for words, control in (("Old data", self.replay), ("Epochs", self.epochs), ("Rate", self.rate)):
            label = QLabel(words)
            label.setProperty("role", "muted")
            label.setBuddy(control)
            control.setAccessibleName(words)
            layout.addWidget(label)
            layout.addWidget(control)
            layout.addSpacing(4)
        layout.addWidget(self.button)
        self._check()
        theme().changed.connect(self._dress)
        self._dress()

    def show_run(self, run: str, spec: RunSpec) -> None:
        """The run whose model would be fine-tuned; its rate is the start of the proposal."""
        if self._parent is None or self._parent[0] != run:
            self.rate.setText(f"{proposed_rate(spec):.2g}")
        self._parent = run, spec
        self._check()

    def show_corrections(self, items: Sequence[int]) -> None:
        self._items = tuple(items)
        self._check()

    def _rate(self) -> float | None:
        try:
            rate = LearningRate(high=float(self.rate.text())).high
        except ValueError:
            return None
        return rate

    def _check(self) -> None:
        count = len(self._items)
        words = "correction" if count == 1 else "corrections"
        self.button.setText(f"Fine-tune on {count} {words}" if count else "Fine-tune on corrections")
        rate = self._rate()
        self.button.setEnabled(bool(count) and rate is not None and self._parent is not None)
        if not count:
            self.button.setToolTip(
                "Accept a prediction or edit a label first: a model is fine-tuned on what was corrected"
            )
        elif rate is None:
            self.button.setToolTip("The rate is no number above 0, such as 1e-4")
        else:
            self.button.setToolTip("Go to the Train page with a recipe that starts from this run's model")

    def _propose(self) -> None:
        rate = self._rate()
        if self._parent is None or rate is None:
            return
        run, spec = self._parent
        self.proposed.emit(
            fine_tune_spec(spec, run, self._items, replay=self.replay.value(), epochs=self.epochs.value(), rate=rate)
        )

    def _dress(self) -> None:
        self.button.setIcon(theme().icon("sparkle", "on_accent"))
