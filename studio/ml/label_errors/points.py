"""Points: how far a network that had not seen them puts them from where they are, beside the same of all others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.points import Points, Visibility
from studio.core.suspicions import Method
from studio.ml.label_errors.answers import Answer, Judged, suspicion_of
from studio.ml.tasks.keypoints import Keypoints

DOUBTED_FROM: Final = 5.0
"""Robust z-score: how many standard deviations beyond the median a distance must be. Distances of a network that is
right up to normal noise reach it once in 20,000."""

_MAD_TO_DEVIATION: Final = 1.4826
"""The median of absolute deviations times this is the standard deviation of normal numbers (Rousseeuw & Croux 1993)."""


def judge_points(task: Keypoints, answers: Sequence[Answer]) -> Iterator[Judged]:
    """What is proposed is the label with the doubted points where the network sees them."""
    distances = np.array([_distances(task, answer) for answer in answers])
    for number, (answer, row) in enumerate(zip(answers, robust_z(distances), strict=True)):
        worst = float(np.nanmax(row)) if np.isfinite(row).any() else 0.0
        doubted = [int(place) for place in np.flatnonzero(np.nan_to_num(row) > DOUBTED_FROM)]
        label, predicted = answer.item.points or Points(), answer.score.points or Points()
        proposed = label.updated(p for p in predicted.placed if p.instance == 0 and p.index in doubted)
        moved = [(i, float(d) if i in doubted else 0.0) for i, d in enumerate(distances[number]) if np.isfinite(d)]
        yield Judged(
            score=answer.scored(points=proposed, distances=tuple(moved), error=_mean([d for _, d in moved])),
            suspicion=suspicion_of(
                answer,
                quality=1 / (1 + (max(worst, 0.0) / DOUBTED_FROM) ** 2),
                is_issue=bool(doubted),
                method=Method.DISTANCE,
                points=tuple(doubted),
            ),
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def robust_z(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, K) distances, NaN where there is none → how many standard deviations each lies beyond its column's median."""
    scores = np.full(distances.shape, np.nan)
    for column in range(distances.shape[1]):
        known = distances[:, column][np.isfinite(distances[:, column])]
        if len(known):
            median = np.median(known)
            spread = _MAD_TO_DEVIATION * np.median(np.abs(known - median))
            scores[:, column] = (distances[:, column] - median) / max(spread, 1e-6)
    return scores


def _distances(task: Keypoints, answer: Answer) -> list[float]:
    """Of each keypoint in pixels of the original; NaN for those that are hidden or not there."""
    found = [math.nan] * len(task.names)
    predicted = (answer.score.points or Points()).of(0)
    for index, point in (answer.item.points or Points()).of(0).items():
        other = predicted.get(index)
        if other is not None and point.visibility is Visibility.VISIBLE:
            found[index] = math.hypot(point.x - other.x, point.y - other.y)
    return found
