"""How sure a network was of its answer: highest probability, lead over the second, entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Sureness:
    """Each 0 to 1, rounded to so many digits that a file of them stays short; see `core.review.ItemScore`."""

    confidence: float
    margin: float
    entropy: float


def sureness_of_choice(log_shares: NDArray[np.float32]) -> Sureness:
    """Of one class among C at each place; (C, …) log probabilities. Means over the places.

    Goes through the classes one by one, so that it needs five pictures of memory and not C."""
    first = np.exp(log_shares[0])
    second = np.zeros_like(first)
    entropy = -first * log_shares[0]
    for logs in log_shares[1:]:
        share = np.exp(logs)
        entropy -= share * logs
        second = np.maximum(second, np.minimum(first, share))
        first = np.maximum(first, share)
    return Sureness(
        confidence=_mean(first), margin=_mean(first - second), entropy=_mean(entropy / math.log(len(log_shares)))
    )


def sureness_of_tags(log_yes: NDArray[np.float32], log_no: NDArray[np.float32]) -> Sureness:
    """Of a yes or no for each tag; (K,) log probabilities."""
    yes, no = np.exp(log_yes), np.exp(log_no)
    entropy = -(yes * log_yes + no * log_no) / math.log(2)
    return Sureness(confidence=_mean(np.maximum(yes, no)), margin=_mean(np.abs(yes - no).min()), entropy=_mean(entropy))


def _mean(values: NDArray[np.float32] | np.float32) -> float:
    return round(min(1.0, max(0.0, float(np.mean(values, dtype=np.float64)))), DIGITS)
