"""Which few values an axis in powers of ten names, and how. No Qt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final

FARTHEST: Final = 300.0
"""Powers of ten beyond which floats end."""

_LEAST: Final = 2


def log_ticks(low: float, high: float, *, gap: float, whole: bool = False) -> list[float]:
    """Ascending values between 10**`low` and 10**`high`, each at least `gap` powers of ten from the last.

    1, 2 and 5 of every power where there is room, else the powers, else every so manieth of them; steps of equal size
    where the range holds too little of these. At least two where the range holds any two: they stand as far apart as
    can be where `gap` asks for more. `whole` names whole numbers only, which may leave fewer.
    """
    low, high = max(low, -FARTHEST), min(high, FARTHEST)
    if not low < high:
        return []
    finest: list[float] = []
    for ticks in _candidates(low, high, whole=whole):
        if len(ticks) >= _LEAST and all(math.log10(b / a) >= gap for a, b in itertools.pairwise(ticks)):
            return ticks
        if len(ticks) > len(finest):
            finest = ticks
    return [finest[0], finest[-1]] if len(finest) >= _LEAST else finest


def number_text(value: float) -> str:
    """0.02, 5, 2,000; with an exponent, 5e-4 or 1e6, where plain digits would be many."""
    if 1e-2 <= value < 1e5 or value == 0:
        return f"{value:,.0f}" if value >= 1e3 else f"{value:.6g}"
    mantissa, exponent = f"{value:.5e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _candidates(low: float, high: float, *, whole: bool) -> Iterator[list[float]]:
    """The finest first, as far as they are in powers; equal steps, of the range's own size, last."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    yield _within([digit * 10.0**power for power in powers for digit in (1, 2, 5)], low, high, whole=whole)
    for every in (1, 2, 3, 5, 10, 20, 50, 100):
        yield _within([10.0**power for power in powers if power % every == 0], low, high, whole=whole)
    if high - low <= 1:
        for parts in (8, 4, 2):
            yield _within(_equal_steps(10.0**low, 10.0**high, parts), low, high, whole=whole)


def _equal_steps(low: float, high: float, parts: int) -> list[float]:
    """Multiples of 1, 2 or 5 of some power of ten, at least `parts` in the range."""
    wanted = (high - low) / parts
    power = 10.0 ** math.floor(math.log10(wanted)) if wanted > 0 else 0.0
    step = max((digit * power for digit in (1, 2, 5) if digit * power <= wanted), default=0.0)
    if step <= 0 or high / step > 2**52:
        return []
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _within(values: Sequence[float], low: float, high: float, *, whole: bool) -> list[float]:
    inside = [value for value in values if value > 0 and low <= math.log10(value) <= high]
    return [value for value in inside if round(value) == value] if whole else inside
