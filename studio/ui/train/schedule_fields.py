"""How a stage's rate and momentum move: the kind of schedule and the numbers that it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from studio.core.schedules import Constant, FlatCosine, OneCycle, Schedule
from studio.ui.train.fields import Choice, DecimalField, caption

_KINDS: Final[dict[str, type[Schedule]]] = {
    "One cycle": OneCycle,
    "Flat, then cosine": FlatCosine,
    "Constant": Constant,
}

_MOST: Final = 1e9
"""Times that a peak may be divided by; more than this is no rate any more."""

_HIGHEST_MOMENTUM: Final = 0.999


def schedule_text(schedule: Schedule) -> str:
    """One cycle, peak at 25 %; Flat, then cosine from 75 %; Constant."""
    name = next(name for name, kind in _KINDS.items() if isinstance(schedule, kind))
    if isinstance(schedule, OneCycle):
        return f"{name}, peak at {100 * schedule.pct_start:g} %"
    return f"{name} from {100 * schedule.pct_start:g} %" if isinstance(schedule, FlatCosine) else name


class ScheduleFields(QWidget):
    """Shows one schedule. `edited` has another one, and comes only from a person."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule: Schedule = OneCycle()
        self.kind = Choice("schedule", list(_KINDS.items()), tip="How the rate moves from the first step to the last")
        self.turn = DecimalField("pct_start", 0, 100, step=5, decimals=1, suffix=" %", tip="Of the stage's steps")
        self.div = DecimalField("div", 1, _MOST, step=1, decimals=1, tip="The first rate is the peak divided by this")
        self.div_final = DecimalField(
            "div_final", 1, _MOST, step=1000, decimals=0, tip="At the end the rate is the peak divided by this"
        )
        self.momenta = [_momentum(f"momentum_{place}", place) for place in ("start", "peak", "end")]
        self.momentum = _momentum("momentum", "all")
        self.kind.edited.connect(lambda kind: self.edited.emit(kind()))
        self.turn.edited.connect(lambda percent: self._change(pct_start=percent / 100))
        self.div.edited.connect(lambda value: self._change(div=value))
        self.div_final.edited.connect(lambda value: self._change(div_final=value))
        self.momentum.edited.connect(lambda value: self._change(momentum=value))
        for i, field in enumerate(self.momenta):
            field.edited.connect(partial(self._change_momentum, i))
        self._turn_caption = caption("Peak at", self.turn)
        self._rows = self._grid()
        self.show_schedule(self._schedule)

    def show_schedule(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.kind.show_value(type(schedule))
        self._turn_caption.setText("Peak at" if isinstance(schedule, OneCycle) else "Falls from")
        self.turn.setAccessibleName(self._turn_caption.text())
        for widget, has in self._rows:
            widget.setVisible(has(schedule))
        if not isinstance(schedule, Constant):
            self.turn.show_value(100 * schedule.pct_start)
            self.div_final.show_value(schedule.div_final)
        if isinstance(schedule, OneCycle):
            self.div.show_value(schedule.div)
            for field, value in zip(self.momenta, schedule.momenta, strict=True):
                field.show_value(value)
        else:
            self.momentum.show_value(schedule.momentum)

    def _grid(self) -> list[tuple[QWidget, Callable[[Schedule], bool]]]:
        """The fields in their places, each with the schedules that have it."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(caption("Schedule", self.kind), 0, 0)
        grid.addWidget(self.kind, 0, 1)
        rows: list[tuple[QWidget, Callable[[Schedule], bool]]] = []
        three = QHBoxLayout()

        def add(row: int, name: QWidget, field: DecimalField, has: Callable[[Schedule], bool]) -> None:
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
            rows.extend((widget, has) for widget in (name, field))

        add(1, self._turn_caption, self.turn, _turns)
        add(2, caption("Start ÷", self.div), self.div, _is_cycle)
        add(3, caption("End ÷", self.div_final), self.div_final, _turns)
        for field in self.momenta:
            three.addWidget(field)
        grid.addLayout(three, 5, 0, 1, 2)
        name = caption("Momentum at start, peak and end", self.momenta[0])
        grid.addWidget(name, 4, 0, 1, 2)
        rows.extend((widget, _is_cycle) for widget in (name, *self.momenta))
        add(6, caption("Momentum", self.momentum), self.momentum, lambda schedule: not _is_cycle(schedule))
        for field, place in zip(self.momenta, ("start", "peak", "end"), strict=True):
            field.setAccessibleName(f"Momentum at the {place}")
        return rows

    def _change(self, **fields: Any) -> None:
        self.edited.emit(replace(self._schedule, **fields))

    def _change_momentum(self, place: int, value: float) -> None:
        if isinstance(self._schedule, OneCycle):
            momenta = list(self._schedule.momenta)
            momenta[place] = value
            self._change(momenta=tuple(momenta))


def _momentum(name: str, place: str) -> DecimalField:
    when = "in all steps" if place == "all" else f"at the {place}"
    tip = f"How much of the steps before is in each step {when}"
    return DecimalField(name, 0, _HIGHEST_MOMENTUM, step=0.05, decimals=3, tip=tip)


def _turns(schedule: Schedule) -> bool:
    return not isinstance(schedule, Constant)


def _is_cycle(schedule: Schedule) -> bool:
    return isinstance(schedule, OneCycle)
