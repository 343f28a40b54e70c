"""Watches over what an epoch ends with: losses of both splits, the main metric, classes that no prediction has."""

from __future__ import annotations

import math
from typing import ClassVar, Final

from studio.core.cards.watch import Watch
from studio.core.events import EpochEnd, RunEvent, StageStarted, Started, WentBack

WORSE: Final = 1.02
"""A validation loss above the best by more than this is worse and not only another number."""

BELOW: Final = 0.9
EPOCHS_IN_A_ROW: Final = 2
PERFECT: Final = 0.99
FEW_ITEMS: Final = 50
JUMPS: Final = 3
JUMP: Final = 0.02


class _EpochWatch(Watch):
    """Calls `epoch` with the end of each; `begin` at a run's start, a return to earlier weights, and with each stage
    where `by_stage`."""

    hears: ClassVar[frozenset[type]] = frozenset({EpochEnd, Started, WentBack, StageStarted})
    by_stage = True

    def __init__(self) -> None:
        self.begin()

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, EpochEnd):
            return self.epoch(event)
        if isinstance(event, (Started, WentBack)) or (self.by_stage and isinstance(event, StageStarted)):
            self.begin()
        return False

    def begin(self) -> None:
        raise NotImplementedError

    def epoch(self, end: EpochEnd) -> bool:
        raise NotImplementedError


class ValidParts(_EpochWatch):
    """Twice in a row the validation loss is above its best while the training loss goes on falling."""

    def begin(self) -> None:
        self.best, self.train, self.times = math.inf, math.inf, 0

    def epoch(self, end: EpochEnd) -> bool:
        parts = end.valid_loss > WORSE * self.best and end.train_loss < self.train
        self.times = self.times + 1 if parts else 0
        self.best, self.train = min(self.best, end.valid_loss), end.train_loss
        return self.times >= EPOCHS_IN_A_ROW


class ValidBelowTrain(_EpochWatch):
    """Twice in a row the validation loss is clearly below the training loss; not in a stage's first epoch, whose mean
    training loss is that of a network which knew nothing yet."""

    def begin(self) -> None:
        self.epochs = self.times = 0

    def epoch(self, end: EpochEnd) -> bool:
        self.epochs += 1
        if self.epochs == 1:
            return False
        self.times = self.times + 1 if 0 < end.valid_loss < BELOW * end.train_loss else 0
        return self.times >= EPOCHS_IN_A_ROW


class NeverPredicted(_EpochWatch):
    """Twice in a row no prediction has a class that validation items are labelled with."""

    by_stage = False

    def begin(self) -> None:
        self.missed: frozenset[str] = frozenset()
        self.missed_twice: frozenset[str] = frozenset()

    @property
    def detail(self) -> str:
        return ", ".join(sorted(self.missed_twice))

    def epoch(self, end: EpochEnd) -> bool:
        before, self.missed = self.missed, frozenset(end.never_predicted)
        self.missed_twice = before & self.missed
        return bool(self.missed_twice)


class TooGood(_EpochWatch):
    """The main metric is next to perfect after the first epoch already."""

    by_stage = False

    def begin(self) -> None:
        pass

    def epoch(self, end: EpochEnd) -> bool:
        if end.epoch != 1 or not end.metrics:
            return False
        main = end.metrics[0]
        return main.better > 0 and PERFECT <= main.value <= 1


class MetricJumps(_EpochWatch):
    """With few validation items, the main metric goes up and down by turns."""

    by_stage = False

    def __init__(self) -> None:
        super().__init__()
        self.is_small = False

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, Started):
            self.is_small = 0 < event.valid_items <= FEW_ITEMS
        return super().see(event)

    def begin(self) -> None:
        self.last: float | None = None
        self.step, self.turns = 0.0, 0

    def epoch(self, end: EpochEnd) -> bool:
        if not end.metrics:
            return False
        value = end.metrics[0].value
        before, self.last = self.last, value
        if before is None:
            return False
        step = value - before
        turned = step * self.step < 0 and min(abs(step), abs(self.step)) > JUMP * max(abs(value), abs(before))
        self.step, self.turns = step, self.turns + 1 if turned else 0
        return self.is_small and self.turns >= JUMPS - 1
