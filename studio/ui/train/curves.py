"""Which curves a plot of one run, or of several runs side by side, consists of. No Qt: arrays in, curves out."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from studio.core.running_mean import running_mean
from studio.ui.run_history import RunHistory
from studio.ui.train.rates import rate_text

SERIES: Final = 6
"""How many runs can be told apart by colour, and how many colours the themes have."""

RECORDED_SMOOTHING: Final = 0.98
"""How much of the mean of the losses each batch keeps in what a run records."""

ALL_METRICS: Final = "All metrics"

_GROUP_NAMES: Final = {1: ("rate",), 2: ("early layers", "head"), 3: ("first layers", "middle", "head")}


class Look(enum.StrEnum):
    """Faint: thin and pale, behind the others. Points: a marker a value, joined by a line."""

    LINE = "line"
    FAINT = "faint"
    POINTS = "points"
    DASHED = "dashed"


class Measure(enum.StrEnum):
    """What the third plot shows, by the names that a person reads."""

    RATES = "Rate, momentum"
    GRADIENTS = "Gradient norm"
    SPEED = "Images a second"
    MEMORY = "Memory (GiB)"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a plot. `key` stays the same while the curve grows; `series` 1–6 picks its colour."""

    key: str
    name: str
    x: np.ndarray
    y: np.ndarray
    series: int = 1
    look: Look = Look.LINE
    right_axis: bool = False
    variant: float = 0.0
    """Another number means other values at the same points."""
    named: bool = True
    """Whether the legend and the readout mention it."""


@dataclass(frozen=True, kw_only=True)
class ShownRun:
    """A run that the plots show; `series` is its colour when there are several."""

    run: str
    history: RunHistory
    series: int = 1


@dataclass(frozen=True, kw_only=True)
class Boundaries:
    """Where epochs and stages end, in steps or in epochs, whatever the plot counts."""

    epochs: Sequence[float] = field(default=())
    stages: Sequence[float] = field(default=())


def batch_losses(shown: Sequence[ShownRun], smoothing: float = RECORDED_SMOOTHING) -> list[Curve]:
    """One run: each batch's loss, pale, and the smoothed one. Several: the smoothed one of each. `smoothing` is how
    much of the mean a batch keeps, 0 to below 1."""
    smoothed = [
        Curve(
            key=f"{s.run} smoothed",
            name="smoothed" if len(shown) == 1 else s.run,
            x=s.history.steps,
            y=_smoothed(s.history, smoothing),
            series=1 if len(shown) == 1 else s.series,
            variant=smoothing,
        )
        for s in shown
    ]
    if len(shown) != 1:
        return smoothed
    history = shown[0].history
    raw = Curve(key=f"{shown[0].run} raw", name="batch", x=history.steps, y=history.losses, look=Look.FAINT)
    return [raw, *smoothed]


def measure_choices(shown: Sequence[ShownRun]) -> list[Measure]:
    """What else the steps of these runs tell."""
    histories = [run.history for run in shown]
    offered = [Measure.RATES]
    if any(len(history.gradient_norms()[0]) for history in histories):
        offered.append(Measure.GRADIENTS)
    if any(history.step_count for history in histories):
        offered.append(Measure.SPEED)
    if any(len(history.memory()[0]) for history in histories):
        offered.append(Measure.MEMORY)
    return offered


def measure_curves(shown: Sequence[ShownRun], measure: Measure) -> list[Curve]:
    """One curve a run; memory of a single run has two on a GPU."""
    match measure:
        case Measure.RATES:
            return rate_curves(shown)
        case Measure.GRADIENTS:
            return [_measured(run, shown, "gradient norm", run.history.gradient_norms()) for run in shown]
        case Measure.SPEED:
            return [_measured(r, shown, "images a second", (r.history.steps, r.history.speeds)) for r in shown]
        case Measure.MEMORY:
            return _memory_curves(shown)


def _memory_curves(shown: Sequence[ShownRun]) -> list[Curve]:
    """In GiB."""
    curves: list[Curve] = []
    for run in shown:
        steps, reserved = run.history.memory_reserved()
        on_gpu = len(steps) > 0
        x, most = run.history.memory()
        curves.append(_measured(run, shown, "most used" if on_gpu else "process", (x, most / 2**30)))
        if on_gpu and len(shown) == 1:
            name = f"{run.run} reserved"
            curves.append(Curve(key=name, name="reserved", x=steps, y=reserved / 2**30, series=2, look=Look.DASHED))
    return curves


def _measured(run: ShownRun, shown: Sequence[ShownRun], name: str, points: tuple[np.ndarray, np.ndarray]) -> Curve:
    alone = len(shown) == 1
    x, y = points
    key, label = f"{run.run} {name}", name if alone else run.run
    return Curve(key=key, name=label, x=x, y=y, series=1 if alone else run.series)


def _smoothed(history: RunHistory, smoothing: float) -> np.ndarray:
    """What the run recorded where it is just as smooth: that goes on over a resumption with what was before."""
    return history.smoothed if smoothing == RECORDED_SMOOTHING else running_mean(history.losses, smoothing)


def epoch_losses(shown: Sequence[ShownRun]) -> list[Curve]:
    """One run: train and valid. Several: the valid loss of each."""
    curves: list[Curve] = []
    for run in shown:
        epochs, train, valid = run.history.loss_curves()
        if len(shown) == 1:
            curves.append(Curve(key=f"{run.run} train", name="train", x=epochs, y=train, look=Look.POINTS))
        name, series = ("valid", 2) if len(shown) == 1 else (run.run, run.series)
        curves.append(Curve(key=f"{run.run} valid", name=name, x=epochs, y=valid, series=series, look=Look.POINTS))
    return curves


def metric_choices(shown: Sequence[ShownRun]) -> list[str]:
    """Names of the metrics, the main one first. All together comes first where one run's all lie between 0 and 1."""
    names = list(dict.fromkeys(name for run in shown for name in run.history.metric_names))
    if len(shown) == 1 and len(names) > 1:
        values = np.concatenate([shown[0].history.metric_curve(name)[1] for name in names])
        if np.all((values >= 0) & (values <= 1)):
            return [ALL_METRICS, *names]
    return names


def metric_curves(shown: Sequence[ShownRun], choice: str) -> list[Curve]:
    """Several runs: the chosen metric of each. One run: that metric, or all of them."""
    if len(shown) == 1:
        names = shown[0].history.metric_names if choice == ALL_METRICS else [choice]
        return [
            _metric_curve(shown[0], name, label=name, series=1 + i % SERIES) for i, name in enumerate(names) if name
        ]
    return [_metric_curve(run, choice, label=run.run, series=run.series) for run in shown]


def metric_detail(shown: Sequence[ShownRun], choice: str) -> str:
    """What the chosen number counts: split, classes, void rule, size."""
    for run in reversed(shown):
        for metric in run.history.epochs[-1].metrics if run.history.epochs else ():
            if choice in (metric.name, ALL_METRICS):
                return metric.detail
    return ""


def rate_curves(shown: Sequence[ShownRun]) -> list[Curve]:
    """One run: the rate of each parameter group, and the momentum on the right axis. Several: the head's rates."""
    if len(shown) != 1:
        return [
            Curve(key=f"{s.run} rate", name=s.run, x=s.history.steps, y=_head_rates(s.history), series=s.series)
            for s in shown
        ]
    run, history = shown[0].run, shown[0].history
    x = history.steps
    groups = 1 if _one_rate(history) else history.groups
    names = _GROUP_NAMES.get(groups, tuple(f"group {i + 1}" for i in range(groups)))
    rates = [
        Curve(key=f"{run} rate {i}", name=name, x=x, y=history.rates(i), series=1 + i) for i, name in enumerate(names)
    ]
    rates.reverse()  # the head's rate is the one that the recipe names
    momentum = Curve(
        key=f"{run} momentum", name="momentum", x=x, y=history.momenta, series=4, look=Look.DASHED, right_axis=True
    )
    return [*rates, momentum]


def step_boundaries(shown: Sequence[ShownRun]) -> Boundaries:
    """Of a single run; runs side by side have boundaries of their own."""
    if len(shown) != 1:
        return Boundaries()
    history = shown[0].history
    return Boundaries(epochs=history.epoch_boundaries(), stages=history.stage_boundaries())


def epoch_boundaries(shown: Sequence[ShownRun]) -> Boundaries:
    """Where a stage began, in epochs: half-way between its first epoch and the last one before it."""
    if len(shown) != 1:
        return Boundaries()
    ends, total = [], 0
    for _before, stage in shown[0].history.stages:
        total += stage.epochs
        ends.append(total + 0.5)
    return Boundaries(stages=ends[:-1])


def value_text(value: float) -> str:
    """Four digits that matter, plain where it can be: 0.4123, 12.35, 1.2e-5."""
    return rate_text(value) if 0 < value < 1e-3 else f"{value:.4g}"


def _metric_curve(run: ShownRun, name: str, *, label: str, series: int) -> Curve:
    epochs, values = run.history.metric_curve(name)
    return Curve(key=f"{run.run} {name}", name=label, x=epochs, y=values, series=series, look=Look.POINTS)


def _one_rate(history: RunHistory) -> bool:
    """Whether all parameter groups had the same rate in every step."""
    first = history.rates(0)
    return all(np.array_equal(first, history.rates(group)) for group in range(1, history.groups))


def _head_rates(history: RunHistory) -> np.ndarray:
    return history.rates(max(0, history.groups - 1))
