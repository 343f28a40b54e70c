"""Which curves the rounds of the loop are drawn as. No Qt: rounds in, curves out."""

from __future__ import annotations

import enum
import zlib
from collections.abc import Sequence

import numpy as np

from studio.core.model_choices import Standing
from studio.reports import History, Round
from studio.ui.train.curves import Curve, Look

_ASIDE_SERIES = 5


class Against(enum.StrEnum):
    """What the rounds are drawn over, by the words that a person reads."""

    ROUND = "Round"
    LABELS = "Labels made"
    MINUTES = "Minutes spent"


def place_of(entry: Round, against: Against) -> float:
    """Where a round stands on the x axis."""
    match against:
        case Against.ROUND:
            return float(entry.number)
        case Against.LABELS:
            return float(entry.labels)
        case Against.MINUTES:
            return entry.minutes


def metric_curves(history: History, metric: str, against: Against) -> list[Curve]:
    """The rounds that have this metric, joined; those whose model was set aside stand beside the line."""
    measured = [entry for entry in history.rounds if entry.metric(metric) is not None]
    went_on = [entry for entry in measured if entry.standing is not Standing.SET_ASIDE]
    aside = [entry for entry in measured if entry.standing is Standing.SET_ASIDE]
    curves = [_metric_curve(went_on, metric, against, key=metric, name=metric)] if went_on else []
    return curves + [
        _metric_curve([entry], metric, against, key=f"aside {entry.run}", name=f"{entry.run} set aside")
        for entry in aside
    ]


def effort_curves(history: History, against: Against) -> list[Curve]:
    """Labels made and, on the right axis, minutes spent, without the one that the rounds are drawn over."""
    x = np.array([place_of(entry, against) for entry in history.rounds])
    labels = np.array([float(entry.labels) for entry in history.rounds])
    minutes = np.array([entry.minutes for entry in history.rounds])
    both = {
        Against.LABELS: _curve("labels", "labels made", x, labels, series=3),
        Against.MINUTES: _curve("minutes", "minutes spent", x, minutes, series=2, right_axis=True),
    }
    return [curve for kind, curve in both.items() if kind is not against]


def _metric_curve(entries: Sequence[Round], metric: str, against: Against, *, key: str, name: str) -> Curve:
    x = np.array([place_of(entry, against) for entry in entries])
    values = [found.value for entry in entries if (found := entry.metric(metric)) is not None]
    return _curve(key, name, x, np.array(values), series=_ASIDE_SERIES if key != metric else 1)


def _curve(key: str, name: str, x: np.ndarray, y: np.ndarray, *, series: int, right_axis: bool = False) -> Curve:
    """Its variant follows from all its points: those of a history change without growing."""
    variant = float(zlib.crc32(x.tobytes() + y.tobytes()))
    return Curve(key=key, name=name, x=x, y=y, series=series, look=Look.POINTS, right_axis=right_axis, variant=variant)
