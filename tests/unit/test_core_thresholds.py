"""The threshold of tags: its curve against fastai's formula, and what choosing one changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.review import NO_CLASS, ItemScore
from studio.core.tags import NONE_OF_THEM, TAG_THRESHOLD, PredictedTags, Tags
from studio.core.thresholds import (
    THRESHOLD_FILE,
    joined,
    keep_threshold,
    kept_threshold,
    score_at,
    threshold_curve,
)


def score(item: int, label: Tags | None, *shares: float, split: Split = Split.VALID) -> ItemScore:
    ranked = tuple(sorted(enumerate(shares), key=lambda entry: -entry[1]))
    return ItemScore(
        item=item,
        name=f"{item}",
        split=split,
        revision=1,
        loss=0.0,
        error=0.0,
        tags=PredictedTags(tags=Tags(), shares=ranked).above(TAG_THRESHOLD),
        label=label,
    )


def fbeta_by_hand(label: set[int], predicted: set[int]) -> float:
    hits = len(label & predicted)
    if not hits:
        return 0.0
    precision, recall = hits / len(predicted), hits / len(label)
    return 5 * precision * recall / (4 * precision + recall)


def test_the_curve_is_the_mean_f2_of_the_validation_items_at_each_threshold() -> None:
    dice = np.random.default_rng(3)
    table = dice.random((20, 5)).round(3)
    labels = [Tags.of(np.flatnonzero(row).tolist()) for row in dice.random((20, 5)) < 0.4]
    scores = [score(i, labels[i], *table[i].tolist()) for i in range(20)]
    scores += [score(20, Tags((0,)), 0, 0, 0, 0, 0, split=Split.TRAIN), score(21, None, 1, 1, 1, 1, 1)]
    curve = threshold_curve(scores)
    assert curve is not None
    assert curve.items == 20
    for threshold, value in list(zip(curve.thresholds, curve.values, strict=True))[::9]:
        means = [
            fbeta_by_hand(set(labels[i].ids), set(np.flatnonzero(table[i] > threshold).tolist())) for i in range(20)
        ]
        assert value == pytest.approx(np.mean(means))
    assert curve.at(curve.best) == max(curve.values)
    assert curve.at(0.2049) == curve.values[19]
    parts = [part for part in (threshold_curve(scores[:7]), threshold_curve(scores[7:])) if part is not None]
    whole = joined(parts)
    assert whole is not None
    assert whole.items == 20
    assert whole.values == pytest.approx(curve.values)
    assert joined([]) is None


def test_without_a_labelled_validation_item_there_is_no_curve() -> None:
    assert threshold_curve([score(1, None, 0.5), score(2, Tags((0,)), 0.5, split=Split.TRAIN)]) is None


def test_a_score_at_another_threshold_has_other_tags_and_mistakes() -> None:
    before = score(1, Tags((0, 1)), 0.9, 0.3, 0.6)
    after = score_at(before, 0.5)
    assert after.tags is not None
    assert after.tags.tags == Tags((0, 2))
    assert (after.error, after.confusion) == (2, ((1, NO_CLASS, 1), (NO_CLASS, 2, 1)))
    assert score_at(score(1, NONE_OF_THEM, 0.3), 0.5).error == 0
    assert score_at(score(1, None, 0.3), 0.1).error == 0


def test_the_choice_is_kept_with_the_run(tmp_path: Path) -> None:
    assert kept_threshold(tmp_path) == TAG_THRESHOLD
    keep_threshold(tmp_path, 0.37)
    assert kept_threshold(tmp_path) == 0.37
    for wrong in (0.0, 1.0, float("nan")):
        with pytest.raises(BadInput, match="not between 0 and 1"):
            keep_threshold(tmp_path, wrong)
    assert kept_threshold(tmp_path) == 0.37
    (tmp_path / THRESHOLD_FILE).write_text("{")
    assert kept_threshold(tmp_path) == TAG_THRESHOLD
