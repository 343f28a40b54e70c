"""The one class of a picture or a text: how much a network that had not seen it believes in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from studio.core.tags import ids_of
from studio.ml.label_errors.answers import Answer, Judged, suspicion_of
from studio.ml.label_errors.cleanlab_quality import class_qualities
from studio.ml.tasks.single_label import SingleLabel
from studio.ml.tasks.whole_items import WholeItems


def judge_classes(task: SingleLabel, answers: Sequence[Answer]) -> Iterator[Judged]:
    """What is proposed is the most probable class."""
    labels = np.array([task.position[ids_of(answer.item.tags)[0]] for answer in answers], np.int64)
    qualities = class_qualities(labels, shares_of(task, answers, sums_to_one=True))
    for answer, quality, is_issue in zip(answers, qualities.values, qualities.issues, strict=True):
        said = ids_of(answer.score.tags.tags) if answer.score.tags is not None else ()
        differs = said != ids_of(answer.item.tags)
        suspicion = suspicion_of(
            answer,
            quality=quality,
            is_issue=is_issue and differs,
            method=qualities.method,
            tags=said if differs else (),
        )
        yield Judged(score=answer.scored(), suspicion=suspicion)


def shares_of(task: WholeItems, answers: Sequence[Answer], *, sums_to_one: bool) -> NDArray[np.float64]:
    """(N, K) probabilities in the order of the task's outputs."""
    table = np.zeros((len(answers), task.outputs))
    for row, answer in enumerate(answers):
        assert answer.score.tags is not None
        for class_id, share in answer.score.tags.shares:
            table[row, task.position[class_id]] = share
    return table / table.sum(1, keepdims=True) if sums_to_one else table
