"""Tags: each yes and no of an item by itself, as networks that had not seen them believe in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from studio.core.tags import Tags, ids_of
from studio.core.thresholds import tag_differences
from studio.ml.label_errors.answers import Answer, Judged, suspicion_of
from studio.ml.label_errors.classes import shares_of
from studio.ml.label_errors.cleanlab_quality import tag_qualities
from studio.ml.tasks.multi_label import MultiLabel


def judge_tags(task: MultiLabel, answers: Sequence[Answer]) -> Iterator[Judged]:
    """What is proposed is the label with the doubted tags the other way round."""
    shares = shares_of(task, answers, sums_to_one=False)
    labels = [[task.position[i] for i in ids_of(answer.item.tags) if i in task.position] for answer in answers]
    qualities = tag_qualities(labels, shares)
    for row, answer in enumerate(answers):
        doubted = [task.counted_classes[place].id for place in np.flatnonzero(qualities.issues[row])]
        label = Tags.of(i for i in ids_of(answer.item.tags) if i in task.position)
        proposed = Tags.of(set(label.ids) ^ set(doubted))
        differences = tag_differences(label, proposed)
        assert answer.score.tags is not None
        yield Judged(
            score=answer.scored(
                tags=msgspec.structs.replace(answer.score.tags, tags=proposed),
                confusion=differences,
                error=float(len(differences)),
            ),
            suspicion=suspicion_of(
                answer,
                quality=qualities.values[row],
                is_issue=bool(doubted),
                method=qualities.method,
                tags=tuple(sorted(doubted)),
            ),
        )
