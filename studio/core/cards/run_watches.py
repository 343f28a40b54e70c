"""Watches over how a run begins, what it warns of, and how it ends."""

from __future__ import annotations

from typing import ClassVar, Final

from studio.core.cards.watch import Watch
from studio.core.events import (
    Concern,
    EpochEnd,
    Failed,
    Finished,
    LrFound,
    RunEvent,
    StageStarted,
    Started,
    Warned,
    WentBack,
)
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Purpose

FEW: Final = 20
"""Training items below which every varied copy counts."""

SMALL_SIDE: Final = 512
"""Beyond it, doubling the size once more is rarely what helps."""

LEAST_EPOCHS: Final = 3
STILL_FALLING: Final = 0.98


class RateFound(Watch):
    """The finder has a suggestion for a network whose encoder is frozen, or for a whole one."""

    hears: ClassVar[frozenset[type]] = frozenset({StageStarted, LrFound})

    def __init__(self, *, frozen: bool) -> None:
        self._frozen = frozen
        self._is_frozen = False

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, StageStarted):
            self._is_frozen = event.frozen
        return isinstance(event, LrFound) and bool(event.suggestions) and self._is_frozen is self._frozen


class OutOfMemory(Watch):
    """A batch did not fit: the run goes on with its parts, or it ended by that."""

    hears: ClassVar[frozenset[type]] = frozenset({Failed, Warned})

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, Failed):
            return event.outcome is OutcomeKind.OUT_OF_MEMORY
        return isinstance(event, Warned) and event.about == Concern.MEMORY


class NoNumber(Watch):
    """The loss was no number: the run went back, or it ended by that."""

    hears: ClassVar[frozenset[type]] = frozenset({Failed, WentBack})

    def see(self, event: RunEvent) -> bool:
        return isinstance(event, WentBack) or (isinstance(event, Failed) and event.outcome is OutcomeKind.DIVERGED)


class WarnedOf(Watch):
    hears: ClassVar[frozenset[type]] = frozenset({Warned})

    def __init__(self, concern: Concern) -> None:
        self._concern = concern

    def see(self, event: RunEvent) -> bool:
        return isinstance(event, Warned) and event.about == self._concern


class FewLabels(Watch):
    """A training begins with a handful of items."""

    hears: ClassVar[frozenset[type]] = frozenset({Started})

    def see(self, event: RunEvent) -> bool:
        return isinstance(event, Started) and event.purpose == Purpose.TRAIN and 0 < event.train_items <= FEW


class _AtTheEnd(Watch):
    """Asks `judge` when a training has gone to its end."""

    hears: ClassVar[frozenset[type]] = frozenset({Started, StageStarted, Finished})

    def __init__(self) -> None:
        self.is_training = False
        self.stages: list[StageStarted] = []

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, Started):
            self.is_training, self.stages = event.purpose == Purpose.TRAIN, []
        elif isinstance(event, StageStarted):
            self.stages.append(event)
        elif isinstance(event, Finished):
            return self.is_training and event.outcome is OutcomeKind.FINISHED and bool(self.stages) and self.judge()
        return False

    def judge(self) -> bool:
        raise NotImplementedError


class OnlyHead(_AtTheEnd):
    """Every stage trained the head alone."""

    def judge(self) -> bool:
        return all(stage.frozen for stage in self.stages)


class OneSize(_AtTheEnd):
    """The whole network was trained, at one size, and that is no large one; texts have no such size."""

    def judge(self) -> bool:
        sizes = {(stage.height, stage.width) for stage in self.stages}
        largest = max(max(size) for size in sizes)
        is_picture = all(stage.height > 1 for stage in self.stages)
        return is_picture and len(sizes) == 1 and largest <= SMALL_SIDE and not self.stages[-1].frozen


class LastEpochBest(_AtTheEnd):
    """The validation loss was still falling in the last epoch."""

    hears: ClassVar[frozenset[type]] = frozenset({Started, StageStarted, Finished, EpochEnd})

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0
        self.is_falling = False
        self.last = 0.0

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, (Started, StageStarted)):
            self.epochs, self.is_falling = 0, False
        if isinstance(event, EpochEnd):
            self.is_falling = self.epochs > 0 and event.valid_loss < STILL_FALLING * self.last
            self.epochs, self.last = self.epochs + 1, event.valid_loss
        return super().see(event)

    def judge(self) -> bool:
        return self.epochs >= LEAST_EPOCHS and self.is_falling
