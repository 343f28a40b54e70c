"""What a run says the label of an item should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import NoPrediction
from studio.core.points import Points
from studio.core.review import ItemScore
from studio.core.tags import Tags
from studio.core.thresholds import score_at
from studio.store.items import Items
from studio.store.scores import Scores


@dataclass(frozen=True, kw_only=True)
class PredictedLabel:
    """One of them is there, by the project's task: a mask's PNG of class ids, points, or classes of the whole item."""

    mask: Path | None = None
    points: Points | None = None
    tags: Tags | None = None


class Predictions:
    """`folder` is that of a run."""

    def __init__(self, scores: Scores, items: Items, folder: Callable[[str], Path]) -> None:
        self._scores = scores
        self._items = items
        self._folder = folder

    def score(self, run_id: str, item_id: int, *, threshold: float | None = None) -> ItemScore:
        """With a `threshold` as though tags were predicted from it on. Raises NoPrediction."""
        score = self._scores.get(run_id, item_id)
        if score is None:
            raise NoPrediction(run_id, self._items.get(item_id).name)
        return score if threshold is None else score_at(score, threshold)

    def prediction_of(self, run_id: str, item_id: int) -> PredictedLabel:
        """What accepting takes over. Raises NoPrediction, UnknownRun."""
        return self.said_by(run_id, self.score(run_id, item_id))

    def said_by(self, run_id: str, score: ItemScore) -> PredictedLabel:
        """The label in a score of the run. Raises UnknownRun."""
        if score.tags is not None:
            return PredictedLabel(tags=score.tags.tags)
        if score.mask is not None:
            return PredictedLabel(mask=self._folder(run_id) / score.mask)
        return PredictedLabel(points=score.points or Points())
