"""The learning-rate finder: its curve grows live, its suggestions can be clicked, its lines dragged to set the rate."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.core.events import StageStarted
from studio.core.lesson_rates import lesson_rate
from studio.core.recipe import LearningRate, Stage
from studio.ui.run_history import RunHistory
from studio.ui.theme import theme
from studio.ui.train.axes import NumberAxis
from studio.ui.train.curves import value_text
from studio.ui.train.measured_stage import measured_text, otherwise_text
from studio.ui.train.plot_canvas import PlotCanvas
from studio.ui.train.rates import MAX_RATE, MIN_RATE, low_rate, rate_text
from studio.ui.widgets.flow_layout import FlowLayout

RULES: Final = ("valley", "steep", "minimum", "slide")

_RULE_TIPS: Final = {
    "valley": "Half-way down the longest falling run of the loss; a good rate for most networks.",
    "steep": "Where the loss falls fastest.",
    "minimum": "A tenth of the rate at which the smoothed loss is lowest. Smoothing lags behind: the loss of single "
    "batches may have leapt before.",
    "slide": "Just before the loss stops falling, seen from the right.",
}

_RULE_NAMES: Final = {"minimum": "minimum ÷ 10:"}
"""Of the rules whose name alone says too little."""

_LESSON_TIPS: Final = {
    False: "Lesson 3 for the head alone: where the loss falls fastest. Click to train at it.",
    True: "Lesson 3 for the whole network: from ten times below the rate where the loss is lowest, for the earliest "
    "layers, to a fifth of the rate at which the head was trained. Click to train at it.",
}

_STOPPED: Final = {
    "finished": "",
    "diverged": "ended early: the loss grew past four times its best",
    "nan": "ended early: the loss was no longer a number",
    "cancelled": "stopped by you",
}

_OLDER: Final = 4
_WAITING: Final = "Press Find learning rate: the curve grows here, and a drag sets the rate."


class LrFinderPlot(QFrame):
    """Rates are real ones in every signal and property; only the plot inside counts in powers of ten."""

    slice_chosen = Signal(object)
    """The `LearningRate` that lesson 3 would take."""
    high_chosen = Signal(float)
    low_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._history: RunHistory | None = None
        self._drawn = -1
        self.canvas = PlotCanvas(self, bottom=NumberAxis("bottom"))
        plot = self.canvas.drawing
        plot.setLogMode(x=True, y=False)
        plot.setLabel("bottom", "learning rate")
        self.older = [self.canvas.plot(connect="finite") for _ in range(_OLDER)]
        self.raw = self.canvas.plot(connect="finite")
        self.smoothed = self.canvas.plot(connect="finite", antialias=True)
        self.marks = pg.ScatterPlotItem(size=11, pxMode=True, hoverable=True, tip=None)
        self.marks.sigClicked.connect(self._mark_clicked)
        self.canvas.drawing.addItem(self.marks)
        self.high_line = self._handle("high")
        self.low_line = self._handle("low")
        self.canvas.drawing.getViewBox().sigRangeChangedManually.connect(self._keep_view)
        self._view_is_theirs = False
        self._stages: Sequence[Stage] = ()
        self._selected = 0
        self._build_rows()
        theme().changed.connect(self._dress)
        self.canvas.ratio_changed.connect(self._dress)
        self._dress()
        self.show_rate(LearningRate(high=1e-3), stage=1)
        self.show_history(None, [])

    # ------------------------------------------------------------------------------------------------ what is shown
    def show_history(self, history: RunHistory | None, older: Sequence[RunHistory]) -> None:
        """The curve to draw and up to four earlier ones, drawn pale behind it, newest last."""
        self._history = history
        self._drawn = -1
        self._view_is_theirs = False
        for item, old in zip(self.older, [*older[-_OLDER:], *[None] * _OLDER], strict=False):
            item.setData(*((old.lr_rates, old.lr_smoothed) if old is not None else ([], [])))
        self.refresh()

    def refresh(self) -> None:
        """Draw what the history gained since the last time."""
        history = self._history
        count = len(history.lr_rates) if history is not None else 0
        if history is not None and count != self._drawn:
            self.raw.setData(history.lr_rates, history.lr_losses)
            self.smoothed.setData(history.lr_rates, history.lr_smoothed)
            self._fit_view(history)
        elif history is None:
            self.raw.setData([], [])
            self.smoothed.setData([], [])
        self._drawn = count
        self._show_suggestions()
        self._hint.setVisible(count == 0)

    def show_stages(self, stages: Sequence[Stage], selected: int) -> None:
        """Those of the recipe; what lesson 3 would take for the selected one is offered beside the suggestions."""
        self._stages, self._selected = stages, selected
        self._propose()
        self._show_otherwise()

    def _propose(self) -> None:
        suggestions = self._history.suggestions if self._history is not None else []
        rate = lesson_rate(suggestions, self._stages, self._selected) if self._stages else None
        self._proposed = rate
        self.lesson.setVisible(rate is not None)
        if rate is None:
            return
        named = rate_text(rate.high) if rate.low is None else f"{rate_text(rate.low)} – {rate_text(rate.high)}"
        self.lesson.setText(f"lesson 3: {named}")
        self.lesson.setToolTip(_LESSON_TIPS[rate.low is not None])

    @property
    def _measured(self) -> StageStarted | None:
        """The stage that the shown curve was measured on."""
        stages = self._history.stages if self._history is not None else []
        return stages[0][1] if stages else None

    def _show_otherwise(self) -> None:
        measured, found = self._measured, bool(self._history is not None and self._history.suggestions)
        text = ""
        if measured is not None and found and self._stages:
            text = otherwise_text(measured, self._stages[self._selected], self._selected + 1)
        self.otherwise.setText(text)
        self.otherwise.setVisible(bool(text))

    def show_rate(self, rate: LearningRate, *, stage: int) -> None:
        """The rate that the lines stand at: one line, or two where the earlier layers have a lower one."""
        low = low_rate(rate)
        with QSignalBlocker(self.high_line), QSignalBlocker(self.low_line):
            self.high_line.setValue(math.log10(rate.high))
            self.low_line.setValue(math.log10(low if low is not None else rate.high))
        self.low_line.setVisible(low is not None)
        text = rate_text(rate.high) if low is None else f"{rate_text(low)} – {rate_text(rate.high)}"
        self.rate_label.setText(f"Stage {stage} trains at <b>{text}</b>")

    # ------------------------------------------------------------------------------------------------ construction
    def _build_rows(self) -> None:
        title = QLabel("LOSS BY LEARNING RATE")
        title.setProperty("role", "section")
        self.rate_label = QLabel()
        self.rate_label.setTextFormat(Qt.TextFormat.RichText)
        top = QHBoxLayout()
        top.setContentsMargins(10, 6, 10, 0)
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.rate_label)
        self.chips = {rule: self._chip(rule) for rule in RULES}
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.otherwise = QLabel()
        self.otherwise.setObjectName("measured_otherwise")
        self.otherwise.setProperty("tone", "warning")
        self.otherwise.setWordWrap(True)
        self.lesson = QPushButton()
        self.lesson.setObjectName("suggestion_lesson")
        self.lesson.setProperty("chip", "true")
        self.lesson.clicked.connect(lambda: self.slice_chosen.emit(self._proposed))
        self._proposed: LearningRate | None = None
        chips = FlowLayout(spacing=6)
        for chip in (*self.chips.values(), self.lesson):
            chips.addWidget(chip)
        rows = QVBoxLayout()
        rows.setContentsMargins(10, 4, 10, 2)
        rows.setSpacing(3)
        rows.addLayout(chips)
        rows.addWidget(self.otherwise)
        rows.addWidget(self.status)
        self._hint = QLabel(_WAITING, self.canvas)
        self._hint.setProperty("role", "muted")
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.move(64, 14)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 3)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addLayout(rows)
        layout.addWidget(self.canvas, 1)

    def _chip(self, rule: str) -> QPushButton:
        chip = QPushButton(_RULE_NAMES.get(rule, rule))
        chip.setObjectName(f"suggestion_{rule}")
        chip.setToolTip(f"{_RULE_TIPS[rule]} Click to train at it.")
        chip.setProperty("chip", "true")
        chip.clicked.connect(lambda: self._choose_rule(rule))
        chip.hide()
        return chip

    def _handle(self, name: str) -> pg.InfiniteLine:
        bounds = (math.log10(MIN_RATE), math.log10(MAX_RATE))
        line = pg.InfiniteLine(0, angle=90, movable=True, bounds=bounds, name=name)
        line.setZValue(20)
        line.addMarker("v", position=1.0, size=12.0)
        line.setCursor(Qt.CursorShape.SizeHorCursor)
        line.sigPositionChanged.connect(self._line_moved)
        self.canvas.drawing.addItem(line, ignoreBounds=True)
        return line

    # ------------------------------------------------------------------------------------------------ what happens
    def _line_moved(self, line: pg.InfiniteLine) -> None:
        rate = 10.0 ** float(line.getXPos())
        (self.high_chosen if line is self.high_line else self.low_chosen).emit(float(f"{rate:.3g}"))

    def _choose_rule(self, rule: str) -> None:
        lr = self._history.suggestion(rule) if self._history is not None else None
        if lr is not None:
            self.high_chosen.emit(float(f"{lr:.3g}"))

    def _mark_clicked(self, _item: object, spots: Sequence[pg.SpotItem]) -> None:
        if len(spots):
            self._choose_rule(spots[0].data())

    def _keep_view(self) -> None:
        self._view_is_theirs = True

    # ------------------------------------------------------------------------------------------------ looks
    def _show_suggestions(self) -> None:
        history = self._history
        found = {s.rule: s.lr for s in history.suggestions} if history is not None else {}
        for rule, chip in self.chips.items():
            chip.setVisible(rule in found)
            if rule in found:
                chip.setText(f"{_RULE_NAMES.get(rule, rule)} {rate_text(found[rule])}")
        self._propose()
        self._show_otherwise()
        self.status.setText(self._status_text(history))
        spots = []
        for rule, lr in found.items():
            if history is not None and len(history.lr_rates):
                nearest = int(np.argmin(np.abs(np.log(history.lr_rates) - math.log(lr))))
                brush = pg.mkBrush(_rule_color(rule))
                y = float(history.lr_smoothed[nearest])
                spots.append({"pos": (math.log10(lr), y), "brush": brush, "pen": None, "data": rule})
        self.marks.setData(spots)

    def _status_text(self, history: RunHistory | None) -> str:
        if history is None or not len(history.lr_rates):
            return ""
        measured = [measured_text(self._measured)] if self._measured is not None else []
        if history.lr_stopped:
            state = _STOPPED.get(history.lr_stopped, history.lr_stopped)
        else:
            state = f"at {rate_text(float(history.lr_rates[-1]))}, loss {value_text(float(history.lr_smoothed[-1]))}"
        return "  ·  ".join([*measured, *([state] if state else [])])

    def _fit_view(self, history: RunHistory) -> None:
        """Show the falling part; where the loss explodes the curve may leave through the top."""
        if self._view_is_theirs or len(history.lr_rates) < 2:
            return
        smoothed = history.lr_smoothed
        falling = int(smoothed.argmin()) + 1
        lowest = min(float(smoothed.min()), float(history.lr_losses[:falling].min()))
        highest = float(smoothed[:falling].max())
        room = max(highest - lowest, 0.1 * abs(lowest), 1e-6)
        self.canvas.drawing.setYRange(lowest - 0.1 * room, highest + 0.5 * room, padding=0)
        self.canvas.drawing.setXRange(
            math.log10(history.lr_rates[0]), max(0.0, math.log10(history.lr_rates[-1])), padding=0.02
        )

    def _dress(self) -> None:
        self.canvas.dress()
        pale = theme().color("series_1")
        pale.setAlphaF(0.35)
        self.raw.setPen(self.canvas.pen(pale, 1))
        self.smoothed.setPen(self.canvas.pen(theme().color("series_1"), 1.8))
        for item in self.older:
            item.setPen(self.canvas.pen(theme().color("line"), 1.2))
        for line, width in ((self.high_line, 2), (self.low_line, 1.4)):
            line.setPen(self.canvas.pen(theme().color("accent"), width))
            line.setHoverPen(self.canvas.pen(theme().color("text"), 2))
        for rule, chip in self.chips.items():
            chip.setStyleSheet(f"border-color: {_rule_color(rule)};")
        self.lesson.setStyleSheet(f"border-color: {theme().color('accent').name()};")
        self._show_suggestions()


def _rule_color(rule: str) -> str:
    return theme().color(f"series_{2 + RULES.index(rule)}").name()
