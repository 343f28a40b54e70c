"""A curve smoothed as strongly as a person likes, all of it at once."""

from __future__ import annotations

import math

import numpy as np

_LARGEST_EXPONENT = 18.0
"""Weights within a block span e to this power; double precision still has eight digits left then."""


def running_mean(values: np.ndarray, beta: float) -> np.ndarray:
    """(n,) float64: the exponential running mean of `values`, bias-corrected as fastai's; `beta` 0 changes nothing.

    s_i = beta s_(i-1) + (1 - beta) v_i, divided by 1 - beta^(i+1). A value that is no number counts as the one before.
    """
    count = len(values)
    if beta <= 0 or count == 0:
        return values
    size = min(max(int(_LARGEST_EXPONENT / -math.log(beta)), 1), count)
    blocks = -(-count // size)
    padded = np.zeros(blocks * size)
    padded[:count] = _filled(values)
    powers = beta ** np.arange(1, size + 1)
    inside = np.cumsum(padded.reshape(blocks, size) * ((1 - beta) / powers), axis=1) * powers
    carried = np.empty(blocks)
    state = 0.0
    for block, end in enumerate(inside[:, -1].tolist()):
        carried[block] = state
        state = state * float(powers[-1]) + end
    means = (inside + carried[:, None] * powers).ravel()[:count]
    return means / -np.expm1(np.arange(1, count + 1) * math.log(beta))


def _filled(values: np.ndarray) -> np.ndarray:
    """Each value that is no number replaced by the last one before it, or by 0."""
    finite = np.isfinite(values)
    if finite.all():
        return values
    place = np.maximum.accumulate(np.where(finite, np.arange(len(values)), -1))
    return np.where(place >= 0, values[np.maximum(place, 0)], 0.0)
