"""The playground: a picture to draw in, a network that fits it meanwhile, and a sentence about what is seen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.playground.curves import Curve, values_of
from studio.playground.network import NetworkSize
from studio.playground.training import Snapshot
from studio.playground.words import EXPERIMENTS, Experiment, in_words
from studio.ui.cards.playground.canvas import PlaygroundCanvas
from studio.ui.cards.playground.controls import PlaygroundControls
from studio.ui.cards.playground.trainer import PlaygroundTrainer

_FIRST = EXPERIMENTS[2]


class PlaygroundPanel(QWidget):
    """Trains only while it is shown."""

    def __init__(self, restart: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("playground")
        self.canvas = PlaygroundCanvas(values_of(_FIRST.curve))
        self.controls = PlaygroundControls(restart)
        self.trainer = PlaygroundTrainer(_FIRST.size, _FIRST.curve, rate=self.controls.rate, parent=self)
        self.snapshot: Snapshot | None = None
        self._seed = 0
        self.sentence = QLabel()
        self.sentence.setObjectName("playground_sentence")
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.sentence.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.numbers = QLabel()
        self.numbers.setProperty("role", "muted")
        self._arrange()
        self._connect(restart)
        self._show_experiment(_FIRST)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.trainer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.trainer.stop()

    def shut_down(self) -> None:
        self.trainer.stop()

    # ------------------------------------------------------------------------------------------------ what happens
    def _connect(self, restart: QAction) -> None:
        controls = self.controls
        self.canvas.drawn.connect(self._learn_drawn)
        controls.curve_chosen.connect(self._learn_ready_made)
        controls.changed.connect(self._rebuild)
        controls.rate_chosen.connect(self.trainer.set_rate)
        controls.units_shown.connect(self.canvas.show_units)
        controls.experiment_chosen.connect(self._try)
        restart.triggered.connect(self._begin_again)
        self.trainer.snapshot.connect(self._show)

    def _learn_drawn(self, target: object) -> None:
        self.controls.curves.show_chosen(None)
        self.trainer.learn(self.canvas.target)

    def _learn_ready_made(self, curve: Curve) -> None:
        self.canvas.show_target(values_of(curve))
        self.trainer.learn(self.canvas.target)

    def _rebuild(self, size: NetworkSize) -> None:
        self.trainer.restart(size, rate=self.controls.rate, seed=self._seed)

    def _begin_again(self) -> None:
        self._seed += 1
        self._rebuild(self.controls.size_now)

    def _try(self, experiment: Experiment) -> None:
        self._show_experiment(experiment)
        self.trainer.learn(self.canvas.target)
        self._rebuild(experiment.size)

    def _show_experiment(self, experiment: Experiment) -> None:
        self.canvas.show_target(values_of(experiment.curve))
        self.controls.curves.show_chosen(experiment.curve)
        self.controls.show_size(experiment.size)
        self.controls.explained.setText(experiment.text)

    def _show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.canvas.show_snapshot(snapshot)
        self.sentence.setText(in_words(snapshot))
        at = "rests after" if snapshot.is_resting else "step"
        self.numbers.setText(
            f"{at} {snapshot.step:,} · error {snapshot.error:.4f} · best line {snapshot.line_error:.4f}"
        )

    # ------------------------------------------------------------------------------------------------ construction
    def _arrange(self) -> None:
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.addWidget(self.canvas)
        hint = QLabel("Draw with the mouse, or with the arrow keys.")
        hint.setProperty("role", "muted")
        below = QHBoxLayout()
        below.addWidget(hint)
        below.addStretch(1)
        below.addWidget(self.numbers)
        left = QVBoxLayout()
        left.setContentsMargins(12, 8, 6, 10)
        left.setSpacing(6)
        left.addWidget(card, 1)
        left.addLayout(below)
        left.addWidget(self.sentence)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.controls)
        area.setFixedWidth(330)
        area.viewport().setAutoFillBackground(False)
        self.controls.setAutoFillBackground(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(left, 1)
        layout.addWidget(area)
