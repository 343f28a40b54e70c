"""What one run has said so far, as arrays that curves are drawn from: the same for a live run and a recorded one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from studio.core.events import (
    BatchFound,
    BatchTried,
    EpochAdded,
    EpochEnd,
    Failed,
    Finished,
    LrFound,
    LrPoint,
    LrSuggestion,
    Metric,
    Paused,
    Progress,
    RateLowered,
    Resumed,
    RunEvent,
    SamplePrediction,
    Samples,
    StageStarted,
    Started,
    Step,
    Warned,
    WentBack,
)

GROUPS: Final = 4
"""Parameter groups whose rates are kept; a run has three at most."""

_MEASURES: Final = 6 + GROUPS
"""The first of the columns that only some steps fill: gradient norm, memory, reserved memory."""

_STEP_COLUMNS: Final = _MEASURES + 3
_FIRST_CAPACITY: Final = 1024


class GrowingTable:
    """Rows of float64 appended at the end; each column is one contiguous array, so that a plot can use it as it is."""

    def __init__(self, columns: int) -> None:
        self._data = np.empty((columns, _FIRST_CAPACITY))
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: np.ndarray) -> None:
        """Add `rows`, (n, columns) float64."""
        needed = self._rows + len(rows)
        if needed > self._data.shape[1]:
            grown = np.empty((self._data.shape[0], max(needed, 2 * self._data.shape[1])))
            grown[:, : self._rows] = self._data[:, : self._rows]
            self._data = grown
        self._data[:, self._rows : needed] = rows.T
        self._rows = needed

    def column(self, index: int) -> np.ndarray:
        """(n,) float64: a view that later rows do not change."""
        return self._data[index, : self._rows]

    def cut(self, rows: int) -> None:
        """Keep the first `rows` rows only."""
        if rows < self._rows:
            self._data = self._data.copy()
            self._rows = rows


class RunHistory:
    """The events of one run, applied in order by `apply`. Steps and epochs count from 1 over the whole run.

    A run that was resumed says again what it had said after its last checkpoint; the older saying is dropped.
    """

    def __init__(self) -> None:
        self.started: Started | None = None
        self.stages: list[tuple[int, StageStarted]] = []
        """Each stage with the number of steps that were done before it."""
        self.epochs: list[EpochEnd] = []
        self.samples: dict[int, list[SamplePrediction]] = {}
        self.suggestions: list[LrSuggestion] = []
        self.lr_stopped = ""
        self.batches_tried: list[BatchTried] = []
        """The sizes that a probe tried."""
        self.batch_found: BatchFound | None = None
        self.warnings: list[str] = []
        self.progress: Progress | None = None
        self.last_step: Step | None = None
        self.paused = False
        self.ending: Finished | Failed | None = None
        self.resumed_at: list[int] = []
        self.went_back: WentBack | None = None
        """The last time that the run went back to lower rates."""
        self.rate_divisor = 1.0
        """By how much a person lowered all rates while the run went on."""
        self.epochs_added = 0
        """How many epochs a person added to those of the recipe."""
        self._steps = GrowingTable(_STEP_COLUMNS)
        self._lr_points = GrowingTable(3)

    @classmethod
    def of(cls, events: Iterable[RunEvent]) -> RunHistory:
        history = cls()
        history.apply(events)
        return history

    def apply(self, events: Iterable[RunEvent]) -> None:
        """Add what the run said; the work is proportional to these events, not to what came before."""
        steps: list[Step] = []
        points: list[LrPoint] = []
        for event in events:
            if isinstance(event, Step):
                steps.append(event)
            elif isinstance(event, LrPoint):
                points.append(event)
            else:
                self._append(steps, points)
                steps, points = [], []
                self._take(event)
        self._append(steps, points)

    @property
    def batch_tried(self) -> BatchTried | None:
        """The last size that a probe tried."""
        return self.batches_tried[-1] if self.batches_tried else None

    @property
    def trains(self) -> bool:
        """Whether batches are being trained: it has begun, and not come to its scores or its end."""
        return self.last_step is not None and self.progress is None and self.ending is None

    def go_on(self) -> None:
        """The run is about to be resumed: its end was not its end."""
        self.ending = None
        self.progress = None
        self.paused = False

    # ------------------------------------------------------------------------------------------------ batches
    @property
    def step_count(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> np.ndarray:
        """(n,) the steps' numbers."""
        return self._steps.column(0)

    @property
    def step_epochs(self) -> np.ndarray:
        """(n,) the epoch that each step belongs to."""
        return self._steps.column(1)

    @property
    def losses(self) -> np.ndarray:
        return self._steps.column(2)

    @property
    def smoothed(self) -> np.ndarray:
        return self._steps.column(3)

    @property
    def momenta(self) -> np.ndarray:
        return self._steps.column(4)

    @property
    def speeds(self) -> np.ndarray:
        """(n,) images a second."""
        return self._steps.column(5)

    @property
    def groups(self) -> int:
        """How many parameter groups have a rate of their own."""
        return min(GROUPS, len(self.last_step.lrs)) if self.last_step is not None else 0

    def rates(self, group: int) -> np.ndarray:
        """(n,) the learning rate of one parameter group; NaN where a step had no such group."""
        return self._steps.column(6 + group)

    def gradient_norms(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and the 2-norms of their gradients, each (n,), where they were measured."""
        return self._measured(_MEASURES)

    def memory(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and bytes, each (n,): the GPU's peak, or the process's where there is no GPU."""
        return self._measured(_MEASURES + 1)

    def memory_reserved(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and the bytes that PyTorch holds of the GPU, each (n,)."""
        return self._measured(_MEASURES + 2)

    def _measured(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        values = self._steps.column(column)
        known = np.isfinite(values)
        return self.steps[known], values[known]

    # ------------------------------------------------------------------------------------------------ rate finder
    @property
    def lr_rates(self) -> np.ndarray:
        return self._lr_points.column(0)

    @property
    def lr_losses(self) -> np.ndarray:
        return self._lr_points.column(1)

    @property
    def lr_smoothed(self) -> np.ndarray:
        return self._lr_points.column(2)

    def suggestion(self, rule: str) -> float | None:
        return next((s.lr for s in self.suggestions if s.rule == rule), None)

    # ------------------------------------------------------------------------------------------------ epochs
    @property
    def metric_names(self) -> list[str]:
        """In the order in which the run reports them; the first is its main one."""
        return [metric.name for metric in self.epochs[-1].metrics] if self.epochs else []

    def metric_curve(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs and values of the metric, each (n,)."""
        found = [(end.epoch, metric.value) for end in self.epochs for metric in end.metrics if metric.name == name]
        table = np.array(found, float).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def loss_curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Epochs, train losses and valid losses, each (n,)."""
        table = np.array([(end.epoch, end.train_loss, end.valid_loss) for end in self.epochs], float).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]

    def end(self) -> tuple[Metric, int] | None:
        """The main metric after the last epoch, as the model that the run leaves has it, and that epoch."""
        ends = [end for end in self.epochs if end.metrics]
        return (ends[-1].metrics[0], ends[-1].epoch) if ends else None

    def best(self) -> tuple[Metric, int] | None:
        """The main metric at its best and the epoch that reached it."""
        ends = [end for end in self.epochs if end.metrics]
        if not ends:
            return None
        best = max(ends, key=lambda end: end.metrics[0].value * end.metrics[0].better)
        return best.metrics[0], best.epoch

    def epoch_boundaries(self) -> list[int]:
        """The steps after which an epoch ended."""
        return [end.step for end in self.epochs]

    def stage_boundaries(self) -> list[int]:
        """The steps after which a stage began, the first one left out."""
        return [before for before, _stage in self.stages if before > 0]

    # ------------------------------------------------------------------------------------------------ taking events
    def _append(self, steps: Sequence[Step], points: Sequence[LrPoint]) -> None:
        if steps:
            self._steps.append(_rows_of(steps))
            self.last_step = steps[-1]
            self.progress = None
        if points:
            self._lr_points.append(np.array([(p.lr, p.loss, p.smoothed) for p in points]))
            self.progress = None

    def _take(self, event: RunEvent) -> None:
        match event:
            case Started():
                self._start(event)
            case StageStarted():
                self._begin_stage(event)
            case EpochEnd():
                self.epochs.append(event)
            case Samples():
                self.samples[event.epoch] = event.predictions
            case LrFound():
                self.suggestions = event.suggestions
                self.lr_stopped = event.stopped
            case Warned():
                self.warnings.append(event.sentence)
            case Progress():
                self.progress = event
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
            case Finished() | Failed():
                self.ending = event
            case BatchTried():
                self.batches_tried.append(event)
                self.progress = None
            case BatchFound():
                self.batch_found = event
            case _:
                self._take_change(event)

    def _take_change(self, event: RunEvent) -> None:
        """What makes the run go on otherwise than its recipe says."""
        match event:
            case WentBack():
                self.went_back = event
                self.warnings.append(event.sentence)
                self._forget_after(event.to_step)
            case RateLowered():
                self.rate_divisor = event.rate_divisor
            case EpochAdded():
                self._grow(event)
            case _:
                pass

    def _grow(self, event: EpochAdded) -> None:
        if self.started is not None:
            self.epochs_added += event.total_epochs - self.started.epochs
            self.started = replace(self.started, epochs=event.total_epochs, steps=event.total_steps)
        self.stages = [
            (before, replace(stage, epochs=event.epochs) if stage.stage == event.stage else stage)
            for before, stage in self.stages
        ]

    def _begin_stage(self, event: StageStarted) -> None:
        if all(stage.stage != event.stage for _before, stage in self.stages):
            self.stages.append((int(self.steps[-1]) if self.step_count else 0, event))

    def _start(self, event: Started) -> None:
        if self.started is not None:
            self._forget_after(event.resumed_at)
        self.started = event
        self.ending = None
        self.paused = False
        if event.resumed_at:
            self.resumed_at.append(event.resumed_at)

    def _forget_after(self, step: int) -> None:
        self._steps.cut(int(np.searchsorted(self.steps, step, side="right")))
        self._lr_points.cut(0)
        self.epochs = [end for end in self.epochs if end.step <= step]
        last_epoch = self.epochs[-1].epoch if self.epochs else 0
        self.samples = {epoch: shown for epoch, shown in self.samples.items() if epoch <= last_epoch}
        self.stages = [(before, stage) for before, stage in self.stages if before < step]
        self.last_step = None


def _rows_of(steps: Sequence[Step]) -> np.ndarray:
    """(n, columns) float64, NaN where a step has no such value."""
    rows = np.full((len(steps), _STEP_COLUMNS), np.nan)
    rows[:, :6] = [(s.step, s.epoch, s.loss, s.smoothed, s.momentum, s.images_per_second) for s in steps]
    rows[:, _MEASURES:] = np.array([(s.gradient_norm, s.memory, s.memory_reserved) for s in steps], dtype=float)
    groups = min(GROUPS, len(steps[0].lrs))
    if all(len(step.lrs) == len(steps[0].lrs) for step in steps):
        rows[:, 6 : 6 + groups] = [step.lrs[:GROUPS] for step in steps]
    else:
        for row, step in zip(rows, steps, strict=True):
            row[6 : 6 + len(step.lrs[:GROUPS])] = step.lrs[:GROUPS]
    return rows
