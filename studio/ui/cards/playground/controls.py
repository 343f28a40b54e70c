"""What can be chosen on the playground: the curve, the network's shape, its activation and its rate."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from studio.playground.curves import Curve
from studio.playground.network import MOST_LAYERS, MOST_UNITS, Activation, NetworkSize
from studio.playground.words import EXPERIMENTS, Experiment
from studio.ui.label.buttons import action_button
from studio.ui.train.fields import Choice, Tick, WholeField, caption, section

RATES: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
FIRST_RATE: Final = 0.01


class Segments(QWidget):
    """A row of buttons of which one is pressed, or none."""

    chosen = Signal(object)

    def __init__(self, name: str, choices: tuple[Curve, ...] | tuple[Activation, ...]) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for choice in choices:
            text = choice.value if choice.value[:1].isupper() else choice.value.capitalize()
            button = QPushButton(text)
            button.setObjectName(f"{name}_{choice.value}")
            button.setCheckable(True)
            button.setStyleSheet("padding: 4px 3px;")
            button.setMinimumWidth(0)
            button.clicked.connect(lambda _=False, choice=choice: self.chosen.emit(choice))
            self._group.addButton(button)
            row.addWidget(button, 1)
            self.buttons[choice] = button

    def show_chosen(self, choice: str | None) -> None:
        if choice is not None:
            self.buttons[choice].setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self.buttons.values():
            button.setChecked(False)
        self._group.setExclusive(True)


class PlaygroundControls(QWidget):
    """`changed` when the network is to be another one; a rate alone does not begin it anew."""

    curve_chosen = Signal(object)
    changed = Signal(object)
    rate_chosen = Signal(float)
    units_shown = Signal(bool)
    experiment_chosen = Signal(object)

    def __init__(self, restart: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.size_now = NetworkSize()
        self.rate = FIRST_RATE
        self.curves = Segments("curve", tuple(Curve))
        self.activations = Segments("activation", tuple(Activation))
        self.layers = WholeField("playground_layers", 1, MOST_LAYERS, tip="Hidden layers, one behind the other")
        self.units = WholeField("playground_units", 1, MOST_UNITS, tip="Units in each hidden layer")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("playground_units_slider")
        self.slider.setAccessibleName("Units in each hidden layer")
        self.slider.setRange(1, MOST_UNITS)
        self.rates = Choice("playground_rate", [(f"{rate:g}", rate) for rate in RATES], tip="How long each step is")
        self.show_units = Tick("playground_show_units", "Show each unit", tip="What each unit adds to the answer")
        self.show_units.setChecked(True)
        self.experiments = [_experiment_button(number, each) for number, each in enumerate(EXPERIMENTS, 1)]
        self._arrange(restart)
        self._connect()
        self.show_size(self.size_now)
        self.rates.show_value(self.rate)

    def show_size(self, size: NetworkSize) -> None:
        """Without telling anyone."""
        self.size_now = size
        self.layers.show_value(size.layers)
        self.units.show_value(size.units)
        with QSignalBlocker(self.slider):
            self.slider.setValue(size.units)
        self.activations.show_chosen(size.activation)
        self.show_units.setEnabled(size.layers == 1)

    def _change(self, **fields: object) -> None:
        now = self.size_now
        known: dict[str, object] = {"layers": now.layers, "units": now.units, "activation": now.activation}
        size = NetworkSize(**{**known, **fields})  # pyright: ignore[reportArgumentType]
        if size != now:
            self.show_size(size)
            self.changed.emit(size)

    def _choose_rate(self, rate: float) -> None:
        self.rate = rate
        self.rate_chosen.emit(rate)

    def _connect(self) -> None:
        self.curves.chosen.connect(self.curve_chosen)
        self.activations.chosen.connect(lambda activation: self._change(activation=activation))
        self.layers.edited.connect(lambda layers: self._change(layers=layers))
        self.units.edited.connect(lambda units: self._change(units=units))
        self.slider.valueChanged.connect(lambda units: self._change(units=units))
        self.rates.edited.connect(self._choose_rate)
        self.show_units.edited.connect(self.units_shown)
        for button, experiment in zip(self.experiments, EXPERIMENTS, strict=True):
            button.clicked.connect(lambda _=False, each=experiment: self.experiment_chosen.emit(each))

    def _arrange(self, restart: QAction) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(5)
        column.addWidget(section("Curve"))
        column.addWidget(self.curves)
        column.addWidget(section("Activation"))
        column.addWidget(self.activations)
        column.addWidget(section("Network"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(caption("Layers", self.layers), 0, 0)
        grid.addWidget(self.layers, 0, 1)
        grid.addWidget(caption("Rate", self.rates), 0, 2)
        grid.addWidget(self.rates, 0, 3)
        grid.addWidget(caption("Units", self.units), 1, 0)
        grid.addWidget(self.units, 1, 1)
        grid.addWidget(self.slider, 1, 2, 1, 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.addWidget(self.show_units, 1)
        again = action_button(restart)
        again.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        again.setProperty("framed", True)
        row.addWidget(again)
        column.addLayout(row)
        column.addSpacing(2)
        column.addWidget(section("Try"))
        tries = QVBoxLayout()
        tries.setSpacing(3)
        for button in self.experiments:
            tries.addWidget(button)
        column.addLayout(tries)
        self.explained = QLabel(EXPERIMENTS[0].text)
        self.explained.setObjectName("experiment_text")
        self.explained.setWordWrap(True)
        self.explained.setProperty("role", "muted")
        column.addWidget(self.explained)
        column.addStretch(1)


def _experiment_button(number: int, experiment: Experiment) -> QPushButton:
    button = QPushButton(experiment.title)
    button.setObjectName(f"experiment_{number}")
    button.setToolTip(experiment.text)
    button.setStyleSheet("text-align: left; padding: 2px 10px;")
    return button
