"""How long a person has been labelling, told from when each edit and decision was made.

Between two of them a person was at work where less than `LONGEST_PAUSE` lies between; longer gaps were something else.
What was thought before the first and after the last of a sitting is not seen, so this is a little less than it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

LONGEST_PAUSE: Final = 120.0
"""Seconds."""

Times = npt.NDArray[np.float64]


class LabellingTime:
    """`acts` are the times of edits and decisions, `firsts` those at which each item got its first edit, both in
    seconds since the epoch and in any order."""

    def __init__(self, acts: Sequence[float], firsts: Sequence[float]) -> None:
        self._acts: Times = np.sort(np.array(acts, np.float64))
        self._firsts: Times = np.sort(np.array(firsts, np.float64))
        gaps = np.diff(self._acts)
        worked = np.where(gaps < LONGEST_PAUSE, gaps, 0.0)
        self._seconds: Times = np.concatenate([[0.0], np.cumsum(worked)])

    def minutes(self, until: float) -> float:
        """Spent on everything done up to that time."""
        done = int(np.searchsorted(self._acts, until, side="right"))
        return float(self._seconds[max(0, done - 1)]) / 60

    def labels(self, until: float) -> int:
        """How many items a person had labelled or changed by then."""
        return int(np.searchsorted(self._firsts, until, side="right"))
