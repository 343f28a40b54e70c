"""Whether the change from one model to another could be chance, by tests that compare them item by item.

Whole items that are right or wrong: McNemar's exact test, which asks only the items on which the models differ
(McNemar, "Note on the sampling error of the difference between correlated proportions", 1947). Errors of a size: the
percentile bootstrap of the mean difference (Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio.core.counting import counted
from studio.core.settings import TAG_TASKS, Task

RESAMPLES: Final = 10_000
SEED: Final = 42
LEVEL: Final = 0.05
"""What happens less often than this by chance is taken for more than chance."""

FEWEST: Final = 6
"""With fewer items nothing can be told: even if all of them got better, each one doing so half of the time by chance
would come to that in 2 of 2⁵ cases, which is more than `LEVEL`."""

_DRAWS: Final = 200_000_000
_FEWEST_RESAMPLES: Final = 2_000
_BLOCK: Final = 2_000_000
_NO_WIDTH: Final = 1e-9
"""Of an interval whose ends differ by rounding alone."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """`change` is the mean of error after − error before, so below 0 is better. `p` of McNemar's test where items are
    right or wrong; else `low` and `high`, between which the change lies in 95 of 100 such sets of items, None where
    there are too few to say."""

    items: int
    better: int
    worse: int
    change: float
    p: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def could_be_chance(self) -> bool | None:
        """None where there are too few items to say."""
        if self.p is not None:
            return self.p > LEVEL
        if self.low is None or self.high is None:
            return None
        return self.low <= 0 <= self.high


def paired_test(before: Numbers, after: Numbers, task: Task) -> PairedTest | None:
    """Compare the errors of the same items, (n,) each and in the same order; None without any."""
    if not len(before):
        return None
    differences = after - before
    better, worse = int((differences < 0).sum()), int((differences > 0).sum())
    change = float(differences.mean())
    if is_right_or_wrong(task):
        p = mcnemar(better, worse)
        return PairedTest(items=len(before), better=better, worse=worse, change=change, p=p)
    low, high = bootstrap_interval(differences) if len(before) >= FEWEST else (None, None)
    return PairedTest(items=len(before), better=better, worse=worse, change=change, low=low, high=high)


def is_right_or_wrong(task: Task) -> bool:
    """Whether an item's error is 0 or 1: its one class is right or wrong."""
    return task in TAG_TASKS and task is not Task.MULTI_LABEL


def mcnemar(better: int, worse: int) -> float:
    """How often chance alone would make two equal models differ at least as unevenly, exactly and to both sides."""
    if not better + worse:
        return 1.0
    import scipy.stats  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] - takes a second; few look at a report

    test: Any = scipy.stats.binomtest  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return float(test(better, better + worse, 0.5).pvalue)


def bootstrap_interval(differences: Numbers) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the mean of (n,) differences drawn anew with replacement, always alike.

    Means over so many items that all resamples would take minutes come from fewer, 2,000 at least: the percentiles of
    so smooth a distribution do not need more.
    """
    count = len(differences)
    resamples = min(RESAMPLES, max(_FEWEST_RESAMPLES, _DRAWS // count))
    generator = np.random.default_rng(SEED)
    rows = max(1, _BLOCK // count)
    means = np.empty(resamples)
    for start in range(0, resamples, rows):
        drawn = generator.integers(0, count, (min(rows, resamples - start), count), np.uint32)
        means[start : start + rows] = differences[drawn].mean(axis=1)
    low, high = np.percentile(means, (100 * LEVEL / 2, 100 - 100 * LEVEL / 2))
    return float(low), float(high)


def chance_in_words(test: PairedTest, task: Task) -> str:
    """`5 of 45 items better, 1 worse: could be chance (p = 0.22).` or `The error falls by 1.2 points, 95 % between 0.4
    and 2.1.`"""
    if not test.better and not test.worse:
        return f"Nothing changed on {counted(test.items, 'item')}."
    if test.p is not None:
        judged = "could be chance" if test.could_be_chance else "hardly chance"
        return (
            f"{test.better:,} of {counted(test.items, 'item')} better, {test.worse:,} worse: {judged} ({_p(test.p)})."
        )
    if test.low is None or test.high is None:
        return f"{counted(test.items, 'item is', 'items are')} too few to tell the change from chance."
    sign = 1 if test.change > 0 else -1
    low, high = sorted((sign * test.low, sign * test.high))
    scale, unit = (100, "points") if task is Task.SEGMENTATION else (1, "px" if task is Task.KEYPOINTS else "tags")
    moved = "rises" if sign > 0 else "falls"
    by, low, high = _figures(scale * abs(test.change), scale * low, scale * high)
    judged = ": could be chance" if test.could_be_chance else ""
    return f"The error {moved} by {by} {unit}, 95 % between {low} and {high}{judged}."


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def _figures(by: float, low: float, high: float) -> tuple[str, str, str]:
    """All with as many decimals as two digits of the distance between `low` and `high` take."""
    width = high - low
    decimals = min(6, max(0, 1 - math.floor(math.log10(width)))) if width > _NO_WIDTH else 2
    by, low, high = (round(value, decimals) + 0.0 for value in (by, low, high))
    return f"{by:,.{decimals}f}", f"{low:,.{decimals}f}".replace("-", "−"), f"{high:,.{decimals}f}".replace("-", "−")
