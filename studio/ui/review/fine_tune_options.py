"""How a fine-tuning learns: old data beside the corrections, their weight, epochs, frozen or not, and the rate."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QSpinBox, QWidget

from studio.core.counting import counted
from studio.core.fine_tuning import (
    FINE_TUNE_EPOCHS,
    FINE_TUNE_WEIGHT,
    LEAST_REPLAY,
    LEAST_WEIGHT,
    MOST_WEIGHT,
    proposed_rate,
    proposed_replay,
    rate_in_words,
)
from studio.core.recipe import LearningRate, RunSpec

_WEIGHT_STEP: Final = 0.5

_REPLAY_TIP: Final = (
    "Old training items kept beside the corrections, so that nothing is forgotten; without them the corrections alone "
    "are learnt"
)


class FineTuneOptions(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._of: tuple[str, RunSpec] | None = None
        self.replays = QCheckBox("Old data")
        self.replays.setChecked(True)
        self.replays.setObjectName("fine_tune_replays")
        self.replays.setToolTip(_REPLAY_TIP)
        self.replay = QDoubleSpinBox(minimum=LEAST_REPLAY, maximum=1.0, singleStep=0.1, decimals=1, value=1.0)
        self._proposed_replay = self.replay.value()
        self.replay.setObjectName("fine_tune_replay")
        self.replay.setAccessibleName("Share of the old data")
        self.replay.setToolTip("Share of the old training items kept beside the corrections")
        self.weight = QSlider(Qt.Orientation.Horizontal)
        self.weight.setObjectName("fine_tune_weight")
        self.weight.setAccessibleName("Weight of a correction")
        self.weight.setRange(round(LEAST_WEIGHT / _WEIGHT_STEP), round(MOST_WEIGHT / _WEIGHT_STEP))
        self.weight.setValue(round(FINE_TUNE_WEIGHT / _WEIGHT_STEP))
        self.weight.setPageStep(2)
        self.weight.setFixedWidth(84)
        self.weight_figure = QLabel()
        self.weight_figure.setMinimumWidth(self.weight_figure.fontMetrics().horizontalAdvance("×10.5"))
        self.epochs = QSpinBox(minimum=1, maximum=999, value=FINE_TUNE_EPOCHS)
        self.epochs.setObjectName("fine_tune_epochs")
        self.epochs.setAccessibleName("Epochs")
        self.epochs.setToolTip("How many times the corrections are gone through")
        self.frozen = QCheckBox("Head only")
        self.frozen.setObjectName("fine_tune_frozen")
        self.frozen.setToolTip(
            "Frozen: the encoder stays as it is, and only the layers after it learn. "
            "Unfrozen, the whole network learns, at a lower rate"
        )
        self.rate = QLineEdit()
        self.rate.setObjectName("fine_tune_rate")
        self.rate.setAccessibleName("Rate")
        self.rate.setFixedWidth(72)
        self._arrange()
        self._connect()
        self._show()

    @property
    def chosen_replay(self) -> float:
        """The share of the old items, 0 for corrections alone."""
        return round(self.replay.value(), 1) if self.replays.isChecked() else 0.0

    @property
    def chosen_weight(self) -> float:
        """How many times as often as another item a correction is drawn."""
        return self.weight.value() * _WEIGHT_STEP

    @property
    def chosen_rate(self) -> float | None:
        """None where the field has no rate."""
        try:
            return LearningRate(high=float(self.rate.text())).high
        except ValueError:
            return None

    @property
    def in_words(self) -> str:
        old = f"{100 * self.chosen_replay:.0f} % of the old data" if self.chosen_replay else "corrections alone"
        parts = [old, f"×{self.chosen_weight:g}", counted(self.epochs.value(), "epoch"), f"rate {self.rate.text()}"]
        return ", ".join([*parts, "head only"] if self.frozen.isChecked() else parts)

    def show_parent(self, run: str, spec: RunSpec) -> None:
        """Propose the rate that goes with another run's model."""
        self._of = run, spec
        self._propose_rate()

    def propose_replay(self, corrections: int, old: int) -> None:
        """Propose the share of `old` items that goes with so many corrections, as long as nobody chose another."""
        if self.replay.value() == self._proposed_replay:
            self._proposed_replay = proposed_replay(corrections, old)
            self.replay.setValue(self._proposed_replay)

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for words, controls in (
            ("", (self.replays, self.replay)),
            ("Weight", (self.weight, self.weight_figure)),
            ("Epochs", (self.epochs,)),
            ("", (self.frozen,)),
            ("Rate", (self.rate,)),
        ):
            if words:
                label = QLabel(words)
                label.setProperty("role", "muted")
                label.setBuddy(controls[0])
                layout.addWidget(label)
            for control in controls:
                layout.addWidget(control)
            layout.addSpacing(4)

    def _connect(self) -> None:
        self.replays.toggled.connect(self._show)
        self.replay.valueChanged.connect(self._show)
        self.weight.valueChanged.connect(self._show)
        self.epochs.valueChanged.connect(self._show)
        self.frozen.toggled.connect(self._propose_rate)
        self.rate.textChanged.connect(self._show)

    def _propose_rate(self) -> None:
        """The head alone and the whole network learn at different rates, so the other choice has another proposal."""
        if self._of is not None:
            run, spec = self._of
            frozen = self.frozen.isChecked()
            self.rate.setText(f"{proposed_rate(spec, frozen=frozen):.2g}")
            self.rate.setToolTip(f"Highest learning rate. {rate_in_words(spec, run, frozen=frozen)}")
        self._show()

    def _show(self) -> None:
        self.replay.setEnabled(self.replays.isChecked())
        self.weight_figure.setText(f"×{self.chosen_weight:g}")
        self.weight.setToolTip(f"A correction is drawn {self.chosen_weight:g} times as often as an old item")
        self.changed.emit()
