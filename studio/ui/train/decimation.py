"""Long curves in as few points as a screen can show: the least and the greatest value of each column of pixels."""

from __future__ import annotations

from typing import Final

import numpy as np

POINTS_A_COLUMN: Final = 4
"""A curve with no more points than so many a column is drawn as it is."""


def decimated(
    x: np.ndarray, y: np.ndarray, *, low: float, high: float, columns: int, log: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The points of a curve between `low` and `high`, with the neighbour on each side, for so many pixel columns.

    `x` (n,) ascends. Of each column both extremes stay, at the column's first and last point: no peak is lost and none
    is invented. Values that are no number are left out where the column has others. `log` spaces the columns evenly in
    log x.
    """
    first = max(int(np.searchsorted(x, low, side="left")) - 1, 0)
    last = min(int(np.searchsorted(x, high, side="right")) + 1, len(x))
    x, y = x[first:last], y[first:last]
    if len(x) <= POINTS_A_COLUMN * columns:
        return x, y
    starts = _column_starts(x, columns, log=log)
    ends = np.append(starts[1:], len(x)) - 1
    places = np.stack([x[starts], x[ends]], axis=1).ravel()
    return places, np.stack([np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)], axis=1).ravel()


def _column_starts(x: np.ndarray, columns: int, *, log: bool) -> np.ndarray:
    """(m,) where each column that has a point begins."""
    edges = np.geomspace(max(x[0], 1e-12), x[-1], columns + 1) if log else np.linspace(x[0], x[-1], columns + 1)
    return np.unique(np.concatenate([[0], np.searchsorted(x, edges[1:-1])]))
