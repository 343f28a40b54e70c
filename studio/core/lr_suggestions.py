"""Learning rates read off an LR finder's curve, by the four rules of fastai 2.8 (`fastai/callback/schedule.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.events import LrSuggestion

SKIP_FIRST: Final = 10
"""fastai drops a tenth of its 100 steps: the loss there is still settling."""

SKIP_LAST: Final = 5
"""The last points lie where the loss explodes."""

SLIDE_INTERVAL: Final = 15
SLIDE_THRESHOLD: Final = 0.005

Curve = NDArray[np.float32]
"""As in fastai, whose suggestions move where two neighbouring losses are the same number in float32."""

Rule = Callable[[Curve, Curve], float | None]


def suggestions(lrs: Sequence[float], losses: Sequence[float]) -> list[LrSuggestion]:
    """What each rule suggests for a finder's rates and smoothed losses, in the order of its steps.

    The first ten and last five points are dropped, and all from the first NaN on. A rule that needs more points than
    are left is missing from the answer, so that a sweep that was cancelled early suggests little or nothing.
    """
    if len(lrs) != len(losses):
        raise ValueError(f"{len(lrs)} rates do not fit {len(losses)} losses")
    kept = slice(SKIP_FIRST, max(len(lrs) - SKIP_LAST, 0))
    rates = np.asarray(lrs, np.float32)[kept]
    values = np.asarray(losses, np.float32)[kept]
    unfit = np.flatnonzero(np.isnan(values))
    if unfit.size:
        rates, values = rates[: unfit[0]], values[: unfit[0]]
    found = ((name, rule(rates, values)) for name, rule in RULES.items())
    return [LrSuggestion(name, lr) for name, lr in found if lr is not None]


def valley(lrs: Curve, losses: Curve) -> float | None:
    """Half way down the longest falling run: at its start + L // 3 + L // 6.

    The run is the longest falling subsequence, found by dynamic programming over all pairs of points.
    """
    count = len(losses)
    if not count:
        return None
    lengths = [1] * count
    start = end = 0
    for i in range(1, count):
        for j in range(i):
            if losses[i] < losses[j] and lengths[i] < lengths[j] + 1:
                lengths[i] = lengths[j] + 1
            if lengths[end] < lengths[i]:
                end = i
                start = end - lengths[end]
    third = (end - start) / 3
    return float(lrs[start + int(third) + int(third / 2)])


def steep(lrs: Curve, losses: Curve) -> float | None:
    """The rate at which the loss falls fastest by the logarithm of the rate."""
    if len(losses) < 2:
        return None
    logarithms = np.log(lrs, dtype=np.float64).astype(np.float32)  # NumPy's own float32 logarithm is less exact
    slopes = np.diff(losses) / np.diff(logarithms)
    return float(lrs[slopes.argmin()])


def minimum(lrs: Curve, losses: Curve) -> float | None:
    """A tenth of the rate at which the loss is lowest."""
    return float(lrs[losses.argmin()]) / 10 if len(losses) else None


def slide(lrs: Curve, losses: Curve) -> float | None:
    """Slides an interval of 15 points from the right until the slopes at its two ends agree within 0.005."""
    if len(losses) < SLIDE_INTERVAL + 1:
        return None
    slopes = np.gradient(losses)
    right = -1
    left = right - SLIDE_INTERVAL
    found = float(lrs[left])
    while left >= -len(losses) and abs(slopes[right] - slopes[left]) > SLIDE_THRESHOLD:
        found = float(lrs[left])
        right -= 1
        left -= 1
    return found


RULES: Final[dict[str, Rule]] = {"valley": valley, "steep": steep, "minimum": minimum, "slide": slide}
