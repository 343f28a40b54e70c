"""How much each class weighs in the training loss, so that rare ones are learnt beside common ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.core.recipe import ClassWeights, RunSpec
from studio.core.snapshot import SnapshotItem
from studio.ml.data.threads import each_in_threads
from studio.ml.tasks.base import Task

MOST_COUNTED: Final = 2000
"""Labels, evenly spread over the training items; more change a share by next to nothing."""


def class_weights(
    spec: RunSpec,
    task: Task,
    items: Sequence[SnapshotItem],
    folder: Path,
    *,
    report: Callable[[int, int], None],
    check: Callable[[], None],
) -> dict[str, float]:
    """By class in the order of the outputs, from the training `items` of the run in `folder`; empty where the recipe
    asks for none. The same items give the same weights. Raises BadMask; `check` may raise to give up early."""
    if spec.class_weights is ClassWeights.OFF or not items:
        return {}
    counted = items[:: math.ceil(len(items) / MOST_COUNTED)]
    counts: list[NDArray[np.float64]] = [np.empty(0)] * len(counted)

    def count(row: int) -> None:
        counts[row] = task.class_counts(counted[row], folder) * counted[row].weight

    each_in_threads(count, len(counted), report=report, check=check)
    return task.balanced_weights(np.sum(counts, axis=0), items=sum(item.weight for item in counted))
