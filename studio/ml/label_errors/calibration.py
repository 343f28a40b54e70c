"""How much a tag's probability is worth: a network that cannot see a tag is as sure about it as about the others."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SHARPEST: Final = 1e-3
"""A probability nearer to 0 or 1 counts as this near, so that no single answer bends the whole curve."""


def calibrated(having: NDArray[np.bool_], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """`having` (N, K) whether an item is labelled with a tag, `shares` (N, K) out-of-sample probabilities → the same as
    probabilities that hold on these items (Platt 1999, "Probabilistic outputs for support vector machines"): of a tag
    that the network cannot see they come near its frequency. A tag without two of either side stays as it is."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes seconds, and few runs need it

    clipped = np.clip(shares, _SHARPEST, 1 - _SHARPEST)
    log_odds = np.log(clipped / (1 - clipped))
    fitted = shares.astype(np.float64)
    for tag in range(shares.shape[1]):
        column, labels = log_odds[:, [tag]], having[:, tag]
        if min(labels.sum(), (~labels).sum()) > 1:
            fitted[:, tag] = LogisticRegression().fit(column, labels).predict_proba(column)[:, 1]
    return fitted
