"""From corrections to the recipe of a run that starts from the model which made the mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from studio.core.recipe import FineTune, LearningRate, RunSpec, Stage
from studio.core.review import Correction, Decision
from studio.ui.theme import theme

_EPOCHS: Final = 5
_REPLAY: Final = 0.5
_RATE_SHARE: Final = 5.0
"""Fine-tuning goes at a fifth of the parent's rate, as lesson 3 does after unfreezing."""


def trainable(corrections: Iterable[Correction]) -> tuple[int, ...]:
    """Items with a label worth learning from, in the order they were first corrected; those left out have none."""
    latest: dict[int, Decision] = {}
    for correction in corrections:
        latest[correction.item] = correction.decision
    return tuple(item for item, decision in latest.items() if decision in (Decision.ACCEPTED, Decision.EDITED))


def proposed_rate(parent: RunSpec) -> float:
    """The highest learning rate of the fine-tuning."""
    return parent.stages[-1].lr.high / _RATE_SHARE


def fine_tune_spec(
    parent: RunSpec, run: str, items: Sequence[int], *, replay: float, epochs: int, rate: float
) -> RunSpec:
    """A recipe like `parent`'s last stage that starts from the weights of `run` and learns `items`.

    Raises ValueError for a rate or a number of epochs that no stage can have.
    """
    stage = parent.stages[-1]
    low = None if stage.lr.low is None else stage.lr.low * rate / stage.lr.high
    lr = LearningRate(high=rate, low=low, discriminative=stage.lr.discriminative)
    count = f"{len(items)} correction{'' if len(items) == 1 else 's'}"
    return msgspec.structs.replace(
        parent,
        stages=(
            Stage(
                epochs=epochs,
                height=stage.height,
                width=stage.width,
                batch_size=stage.batch_size,
                lr=lr,
                frozen=stage.frozen,
            ),
        ),
        parent=run,
        fine_tune=FineTune(corrections=tuple(items), replay=replay),
        note=f"Fine-tuned on {count} of run {run}",
    )


class FineTuneBar(QWidget):
    """The button that goes on to a fine-tuning, and its three options."""

    proposed = Signal(object)
    """The `RunSpec` to show and start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parent: tuple[str, RunSpec] | None = None
        self._items: tuple[int, ...] = ()
        self.replay = QDoubleSpinBox(minimum=0.0, maximum=1.0, singleStep=0.1, decimals=1, value=_REPLAY)
        self.replay.setObjectName("fine_tune_replay")
        self.replay.setToolTip(
            "Share of the old training items kept beside the corrections, so that nothing is forgotten"
        )
        self.epochs = QSpinBox(minimum=1, maximum=999, value=_EPOCHS)
        self.epochs.setObjectName("fine_tune_epochs")
        self.epochs.setToolTip("How many times the corrections are gone through")
        self.rate = QLineEdit()
        self.rate.setObjectName("fine_tune_rate")
        self.rate.setMaximumWidth(76)
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
