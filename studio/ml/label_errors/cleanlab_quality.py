"""Label quality by cleanlab (Northcutt et al. 2021, "Confident learning"), or where it is not installed by the
probability of the given label alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.optional_packages import is_installed
from studio.core.suspicions import Method
from studio.ml.label_errors.calibration import calibrated

DOUBTED_BELOW: Final = 0.25
"""The probability of a tag's yes or no below which it is worth a look; with many tags a nearly even one is nothing."""

_LEAST: Final = 1e-6


@dataclass(frozen=True)
class Qualities:
    """`values` (N,) 0–1; `issues` (N,) or of tags (N, K) bool: which labels are probably wrong."""

    values: NDArray[np.float64]
    issues: NDArray[np.bool_]
    method: Method


def has_cleanlab() -> bool:
    return is_installed("cleanlab")


def class_qualities(labels: NDArray[np.int64], shares: NDArray[np.float64]) -> Qualities:
    """`labels` (N,) positions of classes, `shares` (N, K) probabilities that sum to 1."""
    given = shares[np.arange(len(labels)), labels]
    if not has_cleanlab():
        return Qualities(given, shares.argmax(1) != labels, Method.SELF_CONFIDENCE)
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 - takes seconds, and only this needs it
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415

    values = get_label_quality_scores(labels, shares, method="normalized_margin")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class that one item has: nothing can be found, and nothing is
        issues = find_label_issues(labels, shares, n_jobs=1)
    return Qualities(np.asarray(values, np.float64), np.asarray(issues, np.bool_), Method.CLEANLAB)


def tag_qualities(labels: Sequence[Sequence[int]], shares: NDArray[np.float64]) -> Qualities:
    """`labels` positions of each item's tags, `shares` (N, K) a probability for each tag by itself."""
    having = np.zeros(shares.shape, np.bool_)
    for row, positions in enumerate(labels):
        having[row, list(positions)] = True
    fitted = calibrated(having, shares)
    given = np.where(having, fitted, 1 - fitted)
    if not has_cleanlab():
        return Qualities(_geometric_mean(given), given < DOUBTED_BELOW, Method.SELF_CONFIDENCE)
    from cleanlab.filter import find_label_issues  # noqa: PLC0415
    from cleanlab.multilabel_classification import get_label_quality_scores  # noqa: PLC0415

    values = get_label_quality_scores(
        [list(positions) for positions in labels], fitted, aggregator_kwargs={"method": _geometric_mean}
    )
    issues = np.zeros(shares.shape, np.bool_)
    rarer = np.minimum(having.sum(0), (~having).sum(0))
    for tag in np.flatnonzero(rarer > 1):  # where a yes or a no stands alone, no network has learnt it from others
        yes_or_no = np.stack([1 - fitted[:, tag], fitted[:, tag]], 1)
        issues[:, tag] = find_label_issues(having[:, tag].astype(np.int64), yes_or_no, n_jobs=1)
    return Qualities(np.asarray(values, np.float64), issues & (given < DOUBTED_BELOW), Method.CLEANLAB)


def _geometric_mean(scores: NDArray[np.float64], axis: int = 1) -> NDArray[np.float64]:
    """(N, K) qualities of tags → (N,) of items: several tags that are a little doubtful add up."""
    return np.exp(np.log(np.maximum(scores, _LEAST)).mean(axis))
