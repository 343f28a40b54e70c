"""In which order items are drawn: shuffled by a seed, corrections more often than the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def draws_per_epoch(weights: Sequence[float]) -> int:
    """How many items an epoch draws: the sum of the weights, rounded; the same in every epoch."""
    return sum(int(w) for w in weights) + round(sum(w % 1 for w in weights))


def epoch_order(weights: Sequence[float], seed: int) -> list[int]:
    """Rows in the order of one epoch: row i is drawn `weights[i]` times, a fraction of a time by chance.

    Fractions are drawn systematically (one random offset, even steps), so that an epoch's length never varies.
    """
    generator = np.random.default_rng(seed)
    values = np.asarray(weights, np.float64)
    whole = np.repeat(np.arange(len(values)), values.astype(np.int64))
    rows = np.concatenate([whole, _fraction_draws(values % 1, draws_per_epoch(weights) - len(whole), generator)])
    generator.shuffle(rows)
    return [int(row) for row in rows]


def batches_of(rows: Sequence[int], batch_size: int) -> list[list[int]]:
    """Consecutive batches. A last batch of one item would break batch norm at the coarsest map: its item joins the
    batch before, or, where it is all there is, comes twice."""
    batches = [list(rows[i : i + batch_size]) for i in range(0, len(rows), batch_size)]
    if batch_size > 1 and batches and len(batches[-1]) == 1:
        single = batches.pop()
        if batches:
            batches[-1] += single
        else:
            batches.append(single * 2)
    return batches


def batch_count(draws: int, batch_size: int) -> int:
    """How many batches `batches_of` makes out of so many rows."""
    return len(batches_of(range(draws), batch_size))


def _fraction_draws(fractions: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    if count == 0:
        return np.empty(0, np.int64)
    shuffled = generator.permutation(len(fractions))
    reach = np.cumsum(fractions[shuffled])
    marks = (generator.random() + np.arange(count)) * (reach[-1] / count)
    return shuffled[np.minimum(np.searchsorted(reach, marks, side="right"), len(fractions) - 1)]
