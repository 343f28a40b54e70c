"""How much each class weighs in the training loss, so that rare ones are learnt beside common ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.recipe import ClassWeights, RunSpec
from studio.core.snapshot import SnapshotItem
from studio.ml.data.threads import each_in_threads
from studio.ml.random_state import derived_seed
from studio.ml.tasks.base import Task

MOST_READ: Final = 2000
"""Masks, drawn at random from the training items; more change a share by next to nothing."""


def class_weights(
    spec: RunSpec,
    task: Task,
    items: Sequence[SnapshotItem],
    folder: Path,
    *,
    report: Callable[[int, int], None],
    check: Callable[[], None],
) -> list[float]:
    """In the order of the outputs, from the training `items` of the run in `folder`; empty where the recipe asks for
    none. The same items give the same weights. Raises BadMask; `check` may raise to give up early."""
    if spec.class_weights is ClassWeights.OFF or not items:
        return []
    read, at_hand = _drawn(items, seed=spec.seed), [item for item in items if item.mask is None]
    counts: list[NDArray[np.float64]] = [np.empty(0)] * len(read)

    def count(row: int) -> None:
        counts[row] = task.class_counts(read[row], folder) * read[row].weight

    if read:
        each_in_threads(count, len(read), report=report, check=check)
    counts += [task.class_counts(item, folder) * item.weight for item in at_hand]
    counted = [*read, *at_hand]
    return task.balanced_weights(np.sum(counts, axis=0), items=sum(item.weight for item in counted))


def weights_by_name(names: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    """For people; of several classes with one name the later ones are told by their place, counted from 1."""
    said: dict[str, float] = {}
    for place, (name, weight) in enumerate(zip(names, weights, strict=True), start=1):
        said[f"{name} (class {place})" if name in said else name] = weight
    return said


def _drawn(items: Sequence[SnapshotItem], *, seed: int) -> list[SnapshotItem]:
    """Of those whose label is a file as many as may be read, in their order. A draw, as a stride could fall in
    with labels that alternate."""
    masks = [item for item in items if item.mask is not None]
    if len(masks) <= MOST_READ:
        return masks
    rows = np.random.default_rng(derived_seed(seed, len(masks))).choice(len(masks), MOST_READ, replace=False)
    return [masks[row] for row in np.sort(rows)]
