"""Choosing what to label next: uncertain items that are unlike each other and unlike what is labelled already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

POOL_FACTOR: Final = 5
"""The queue is chosen among this many times as many of the most uncertain items."""

Features = npt.NDArray[np.float32]
"""(items, numbers) float32: what a model sees in each item; alike items have alike numbers."""


def choose(
    uncertainty: npt.NDArray[np.float64],
    features: Features,
    groups: Sequence[str],
    *,
    known: Features,
    places: int,
) -> list[int]:
    """The positions of the items to label next, the first one first.

    Among the most uncertain items each next one is that which is farthest from all chosen and all `known` ones: the
    greedy k-centre of core-set selection (Sener & Savarese 2018, “Active learning for convolutional neural networks”)
    on a pool that uncertainty makes, as BADGE (Ash et al. 2020) has both in one measure. So every beginning of the
    queue is as varied as it can be. Frames of one sequence do not follow each other while there is another one.
    """
    pool = np.argsort(-uncertainty, kind="stable")[: max(places, min(POOL_FACTOR * places, len(uncertainty) // 2))]
    chosen = [int(pool[position]) for position in _farthest_first(features[pool], known, places)]
    return _apart(chosen, features, groups)


def choose_at_random(items: int, *, places: int, seed: int) -> list[int]:
    """Positions out of so many items, each as likely as any other."""
    return np.random.default_rng(seed).permutation(items)[:places].tolist()


def distances(features: Features, other: Features) -> npt.NDArray[np.float32]:
    """(n,) the squared distance of `other` from each of n features."""
    return np.square(features - other).sum(axis=1)


def _farthest_first(features: Features, known: Features, places: int) -> list[int]:
    """Positions in the order of choosing; of equally far ones the first. Without anything known it begins there."""
    nearest = np.full(len(features), np.inf, np.float32)
    for other in known:
        np.minimum(nearest, distances(features, other), out=nearest)
    chosen: list[int] = []
    for _ in range(min(places, len(features))):
        farthest = int(nearest.argmax())
        chosen.append(farthest)
        np.minimum(nearest, distances(features, features[farthest]), out=nearest)
        nearest[chosen] = -np.inf
    return chosen


def _apart(chosen: Sequence[int], features: Features, groups: Sequence[str]) -> list[int]:
    """The same items in about their order, so that one is followed by one of another sequence, else by the least alike
    of its own. Items without a sequence are alike to nobody."""
    left, order = list(chosen), list(chosen[:1])
    left = left[1:]
    while left:
        last = order[-1]
        others = [item for item in left if not groups[item] or groups[item] != groups[last]]
        following = others[0] if others else left[int(distances(features[left], features[last]).argmax())]
        left.remove(following)
        order.append(following)
    return order
