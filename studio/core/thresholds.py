"""From which probability on a tag is predicted: what each choice would give, and the choice that is kept with a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from studio.core.atomic import write_atomically
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.review import NO_CLASS, ItemScore
from studio.core.tags import TAG_THRESHOLD, Tags

THRESHOLD_FILE: Final = "threshold.json"

STEPS: Final = 100
"""The curve has a point each hundredth, from 0.01 to 0.99."""

_BETA_SQUARED: Final = 4.0


class _Kept(msgspec.Struct, frozen=True):
    threshold: float


@dataclass(frozen=True, kw_only=True)
class ThresholdCurve:
    """The mean F2 by sample over `items` validation items at each of `thresholds`."""

    thresholds: tuple[float, ...]
    values: tuple[float, ...]
    items: int

    @property
    def best(self) -> float:
        """The threshold with the highest value; of equal ones the one in their middle, far from where it falls."""
        highest = max(self.values)
        found = [t for t, v in zip(self.thresholds, self.values, strict=True) if v >= highest - 1e-9]
        return found[len(found) // 2]

    def at(self, threshold: float) -> float:
        """The value at the nearest point of the curve."""
        nearest = min(range(len(self.thresholds)), key=lambda i: abs(self.thresholds[i] - threshold))
        return self.values[nearest]


def threshold_curve(scores: Iterable[ItemScore]) -> ThresholdCurve | None:
    """Over the labelled validation items; None where there is none. A threshold is passed from above, as in the run's
    metrics, and an item without any tag that has none counts 0, as there."""
    shares, labels = _tables(scores)
    if not len(labels):
        return None
    thresholds = tuple(step / STEPS for step in range(1, STEPS))
    values = tuple(_mean_fbeta(shares > threshold, labels) for threshold in thresholds)
    return ThresholdCurve(thresholds=thresholds, values=values, items=len(labels))


def joined(curves: Sequence[ThresholdCurve]) -> ThresholdCurve | None:
    """Of the items of all of them; None without any."""
    items = sum(curve.items for curve in curves)
    if not items:
        return None
    sums = np.sum([np.array(curve.values) * curve.items for curve in curves], axis=0)
    return ThresholdCurve(thresholds=curves[0].thresholds, values=tuple((sums / items).tolist()), items=items)


def score_at(score: ItemScore, threshold: float) -> ItemScore:
    """The score as it would be had the run predicted the tags above `threshold`."""
    if score.tags is None:
        return score
    answer = score.tags.above(threshold)
    if score.label is None:
        return msgspec.structs.replace(score, tags=answer)
    known = {class_id for class_id, _ in answer.shares}
    differences = tag_differences(Tags.of(known & set(score.label.ids)), answer.tags)
    return msgspec.structs.replace(score, tags=answer, error=float(len(differences)), confusion=differences)


def tag_differences(label: Tags, predicted: Tags) -> tuple[tuple[int, int, int], ...]:
    """As in `ItemScore.confusion`: (class, `NO_CLASS`, 1) for each that is missing, (`NO_CLASS`, class, 1) for each
    that is too many."""
    missing = [(class_id, NO_CLASS, 1) for class_id in label.ids if class_id not in predicted.ids]
    return (*missing, *((NO_CLASS, class_id, 1) for class_id in predicted.ids if class_id not in label.ids))


def keep_threshold(folder: Path, threshold: float) -> None:
    """Keep the choice in the run's folder. Raises BadInput where it is no probability, CannotWrite."""
    if not 0 < threshold < 1:
        raise BadInput(f"A threshold of {threshold:g} is not between 0 and 1; 0.2 is usual.")
    write_atomically(folder / THRESHOLD_FILE, msgspec.json.encode(_Kept(threshold)) + b"\n")


def kept_threshold(folder: Path) -> float:
    """What was chosen for the run or model in `folder`, else the usual one."""
    try:
        return msgspec.json.decode((folder / THRESHOLD_FILE).read_bytes(), type=_Kept).threshold
    except (OSError, msgspec.DecodeError):
        return TAG_THRESHOLD


def _tables(scores: Iterable[ItemScore]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Probabilities and labels, each (items, classes)."""
    shares: list[list[float]] = []
    labels: list[list[bool]] = []
    for score in scores:
        if score.split is Split.VALID and score.tags is not None and score.label is not None:
            known = sorted(score.tags.shares)
            shares.append([share for _, share in known])
            labels.append([class_id in score.label.ids for class_id, _ in known])
    return np.array(shares, np.float64), np.array(labels, np.bool_)


def _mean_fbeta(predicted: npt.NDArray[np.bool_], labels: npt.NDArray[np.bool_]) -> float:
    hits = (predicted & labels).sum(1)
    weight = _BETA_SQUARED * labels.sum(1) + predicted.sum(1)
    return float(((1 + _BETA_SQUARED) * hits / np.maximum(weight, 1)).mean())
