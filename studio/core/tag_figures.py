"""How each tag fares at every threshold: how often it is found, missing or too many, and its precision and recall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.review import ItemScore
from studio.core.thresholds import STEPS


@dataclass(frozen=True, kw_only=True)
class TagFigures:
    """Of one tag at one threshold, in items. `missing`: the label has it and the prediction does not; `too_many`: the
    other way round."""

    class_id: int
    found: int
    missing: int
    too_many: int

    @property
    def precision(self) -> float | None:
        """The share of its predictions that are right; None without any."""
        predicted = self.found + self.too_many
        return self.found / predicted if predicted else None

    @property
    def recall(self) -> float | None:
        """The share of its labels that are found; None without any."""
        labelled = self.found + self.missing
        return self.found / labelled if labelled else None


@dataclass(frozen=True, kw_only=True, eq=False)
class TagCounts:
    """Of `items` labelled ones: `found` and `predicted` (STEPS - 1, tags) int64 at the thresholds 0.01 to 0.99,
    `labelled` (tags,). Two of the same tags add up."""

    class_ids: tuple[int, ...]
    found: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.int64]
    items: int

    def at(self, threshold: float) -> list[TagFigures]:
        """Of each tag, in their order, at the nearest of the thresholds."""
        row = min(STEPS - 2, max(0, round(threshold * STEPS) - 1))
        return [
            TagFigures(class_id=class_id, found=found, missing=labelled - found, too_many=predicted - found)
            for class_id, found, predicted, labelled in zip(
                self.class_ids,
                self.found[row].tolist(),
                self.predicted[row].tolist(),
                self.labelled.tolist(),
                strict=True,
            )
        ]


def tag_counts(scores: Iterable[ItemScore]) -> TagCounts:
    """Over those that have a label. A threshold is passed from above, as in the run's metrics."""
    usable = [score for score in scores if score.tags is not None and score.label is not None]
    class_ids = sorted({class_id for score in usable if score.tags for class_id, _ in score.tags.shares})
    shares, labels = _tables(usable, class_ids)
    thresholds = np.arange(1, STEPS) / STEPS
    passed = np.searchsorted(thresholds, shares, side="left")  # how many thresholds lie below each probability
    return TagCounts(
        class_ids=tuple(class_ids),
        found=_above(passed, labels),
        predicted=_above(passed, np.ones_like(labels)),
        labelled=labels.sum(0, dtype=np.int64),
        items=len(usable),
    )


def summed(counts: Sequence[TagCounts]) -> TagCounts:
    """Of all of them together; they may know different tags."""
    class_ids = sorted({class_id for one in counts for class_id in one.class_ids})
    found = np.zeros((STEPS - 1, len(class_ids)), np.int64)
    predicted, labelled = np.zeros_like(found), np.zeros(len(class_ids), np.int64)
    for one in counts:
        columns = [class_ids.index(class_id) for class_id in one.class_ids]
        found[:, columns] += one.found
        predicted[:, columns] += one.predicted
        labelled[columns] += one.labelled
    return TagCounts(
        class_ids=tuple(class_ids),
        found=found,
        predicted=predicted,
        labelled=labelled,
        items=sum(one.items for one in counts),
    )


def _tables(
    scores: Sequence[ItemScore], class_ids: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Probabilities and labels, each (items, tags); a tag that an item's model does not know has neither."""
    columns = {class_id: column for column, class_id in enumerate(class_ids)}
    shares = np.zeros((len(scores), len(class_ids)))
    labels = np.zeros(shares.shape, np.bool_)
    for row, score in enumerate(scores):
        assert score.tags is not None
        assert score.label is not None
        for class_id, share in score.tags.shares:
            shares[row, columns[class_id]] = share
            labels[row, columns[class_id]] = class_id in score.label.ids
    return shares, labels


def _above(passed: npt.NDArray[np.intp], counts: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(STEPS - 1, tags): how many of the entries that count lie above each threshold."""
    table = np.zeros((STEPS, passed.shape[1]), np.int64)
    rows, columns = np.nonzero(counts)
    np.add.at(table, (passed[rows, columns], columns), 1)
    return table[::-1].cumsum(0)[::-1][1:]
