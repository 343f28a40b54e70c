"""The errors of items that nobody had labelled when a run answered them, against the labels that they have by now."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED, void_ids
from studio.core.masks import read_mask
from studio.core.points import Points, Visibility
from studio.core.review import ItemScore
from studio.core.settings import TAG_TASKS, Task
from studio.core.tags import PredictedTags, Tags
from studio.store import RunRecord, Store


def with_later_labels(store: Store, record: RunRecord, scores: Iterable[ItemScore]) -> list[ItemScore]:
    """`scores`, those without a label with their error against today's; without that, they are left out. Raises
    BadMask."""
    found: list[ItemScore] = []
    for score in scores:
        error = score.error if score.labelled else _error(store, record, score)
        if error is not None:
            found.append(msgspec.structs.replace(score, error=error))
    return found


def _error(store: Store, record: RunRecord, score: ItemScore) -> float | None:
    task = store.settings.task
    if task in TAG_TASKS:
        label = store.read_tags(score.item)
        return None if label is None or score.tags is None else _of_tags(label, score.tags, task)
    if task is Task.KEYPOINTS:
        points = store.read_points(score.item)
        return None if points is None or score.points is None else _of_points(points, score.points)
    mask = store.read_mask(score.item) if score.mask is not None else None
    if mask is None or score.mask is None:
        return None
    void = void_ids(store.settings.classes)
    return _of_mask(mask, read_mask(record.folder / score.mask)[0], [UNLABELLED, *void])


def _of_tags(label: Tags, predicted: PredictedTags, task: Task) -> float:
    known = {class_id for class_id, _ in predicted.shares}
    wrong = (set(label.ids) & known) ^ set(predicted.tags.ids)
    return float(len(wrong)) if task is Task.MULTI_LABEL else float(bool(wrong))


def _of_points(label: Points, predicted: Points) -> float | None:
    distances = [
        float(np.hypot(point.x - answer.x, point.y - answer.y))
        for point in label.placed
        if point.instance == 0
        and point.visibility is Visibility.VISIBLE
        and (answer := predicted.get(point.index)) is not None
    ]
    return float(np.mean(distances)) if distances else None


def _of_mask(label: Mask, predicted: Mask, uncounted: list[int]) -> float | None:
    counted = ~np.isin(label, uncounted)
    if label.shape != predicted.shape or not counted.any():
        return None
    return float((label != predicted)[counted].mean())
