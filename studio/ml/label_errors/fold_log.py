"""What a fold says, retold as a part of the whole search: its curves and its progress go on from fold to fold."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from studio.core.events import (
    CheckpointSaved,
    EpochEnd,
    Progress,
    RunEvent,
    SamplePrediction,
    Samples,
    Scored,
    StageStarted,
    Started,
    Step,
    Warned,
)
from studio.core.kept_state import FOLDS_FOLDER
from studio.core.recipe import Purpose
from studio.ml.event_log import RunLog


class FoldLog:
    """Hands on to the run's log. `begin_fold` comes before a fold says anything."""

    def __init__(self, log: RunLog, *, folds: int, stages: int, epochs: int, items: int) -> None:
        """`stages` and `epochs` of one fold; `items` are judged in all."""
        self._log = log
        self._folds = folds
        self._stages = stages
        self._epochs = epochs
        self._items = items
        self._fold = 1
        self._steps_before = 0
        self._last_step = 0
        self._has_started = False
        self._warned: set[str] = set()
        self._retold: dict[type[RunEvent], Callable[..., RunEvent | None]] = {
            Started: self._started,
            StageStarted: lambda e: replace(e, stage=e.stage + self._done * self._stages),
            Step: self._step,
            EpochEnd: lambda e: replace(e, epoch=self._epoch(e.epoch), step=e.step + self._steps_before),
            Samples: self._samples,
            Progress: lambda e: replace(e, what=f"fold {self._fold} of {self._folds}: {e.what}"),
            Warned: self._warn,
            CheckpointSaved: lambda _event: None,
            Scored: lambda _event: None,
        }

    @property
    def step(self) -> int:
        """How many steps have been said."""
        return self._last_step

    def begin_fold(self, number: int, *, steps_before: int | None = None) -> None:
        """`steps_before` where the folds before it were trained earlier, by an interrupted run."""
        self._fold = number
        self._steps_before = self._last_step = self._last_step if steps_before is None else steps_before

    def emit(self, event: RunEvent) -> None:
        retold = self._retold.get(type(event))
        said = event if retold is None else retold(event)
        if said is not None:
            self._log.emit(said)

    def sync(self) -> None:
        self._log.sync()

    @property
    def _done(self) -> int:
        return self._fold - 1

    def _epoch(self, epoch: int) -> int:
        return epoch + self._done * self._epochs

    def _started(self, event: Started) -> Started | None:
        """Of the first fold only: the whole search has one beginning."""
        if self._has_started:
            return None
        self._has_started = True
        left = self._folds - self._done
        return replace(
            event,
            purpose=Purpose.LABEL_ERRORS.value,
            train_items=self._items,
            valid_items=0,
            steps=self._steps_before + event.steps * left,
            epochs=self._epochs * self._folds,
            resumed_at=self._steps_before + event.resumed_at,
        )

    def _step(self, event: Step) -> Step:
        self._last_step = event.step + self._steps_before
        return replace(event, step=self._last_step, epoch=self._epoch(event.epoch))

    def _samples(self, event: Samples) -> Samples:
        return replace(
            event, epoch=self._epoch(event.epoch), predictions=[self._placed(sample) for sample in event.predictions]
        )

    def _placed(self, sample: SamplePrediction) -> SamplePrediction:
        """Its picture lies in the fold's folder."""
        return sample if sample.mask is None else replace(sample, mask=f"{FOLDS_FOLDER}/{self._fold}/{sample.mask}")

    def _warn(self, event: Warned) -> Warned | None:
        """Each sentence once, however many folds say it."""
        if event.sentence in self._warned:
            return None
        self._warned.add(event.sentence)
        return event
