"""Learning rates and other numbers as a person reads and writes them, and the recipe's remedies that change them."""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from studio.core.recipe import LearningRate, RunSpec

MAX_RATE: Final = 10.0
MIN_RATE: Final = 1e-8

_GROUP_RATIO: Final = 10.0
"""The earlier layers' rate is this much lower when a stage names one rate only (fastai's `slice(high)`)."""


def low_rate(rate: LearningRate) -> float | None:
    """The rate of the earliest layers, or None where the whole network has one rate."""
    if rate.low is not None:
        return rate.low
    return rate.high / _GROUP_RATIO if rate.discriminative else None


def read_rate(text: str) -> float:
    """A learning rate as people write it: 1e-3, 0.001, 2,5e-4. Raises ValueError on anything else or out of range."""
    rate = float(text.strip().replace(",", "."))
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ValueError(f"{text} is not between {MIN_RATE:g} and {MAX_RATE:g}")
    return rate


def rate_text(rate: float) -> str:
    """1e-3, 2.5e-4, 0.01: three digits at most, exponents without padding."""
    if rate >= 0.01:
        return f"{rate:.3g}"
    mantissa, exponent = f"{rate:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def number_text(value: float, decimals: int) -> str:
    """With so many decimals, or where these would show another number as short as it can be told: 0.0100, 1e-5."""
    fixed = f"{value:.{decimals}f}"
    if math.isclose(float(fixed), value, rel_tol=1e-9):
        return fixed
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def with_half_the_batch(spec: RunSpec) -> RunSpec:
    """The remedy for a full memory."""
    return replace(spec, stages=tuple(replace(s, batch_size=max(1, s.batch_size // 2)) for s in spec.stages))


def with_lower_rate(spec: RunSpec) -> RunSpec:
    """The remedy for a loss that grew without bound: a tenth of every rate."""
    return replace(spec, stages=tuple(replace(s, lr=_a_tenth(s.lr)) for s in spec.stages))


def _a_tenth(rate: LearningRate) -> LearningRate:
    return LearningRate(
        high=max(rate.high / 10, MIN_RATE),
        low=None if rate.low is None else max(rate.low / 10, MIN_RATE),
        discriminative=rate.discriminative,
    )
