"""A run's prediction for the item that is shown, and taking it over into the label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.arrays import Mask
from studio.core.document import PointsDocument
from studio.core.masks import read_mask
from studio.core.points import Points
from studio.core.proposals import Proposal
from studio.core.review import ItemScore
from studio.core.tags import PredictedTags
from studio.store import Store


@dataclass(frozen=True)
class Prediction:
    """`mask` is that of a run for a segmented picture, `points` for one with keypoints, `tags` for one with classes as
    a whole; one of them is there. `run` is the source of a proposal where it is one."""

    run: str
    item: int
    mask: Mask | None = None
    points: Points | None = None
    tags: PredictedTags | None = None
    is_proposal: bool = False


def read_prediction(folder: Path, run: str, score: ItemScore) -> Prediction:
    """Read what `score` names, below the run's `folder`. For a background thread. Raises BadMask."""
    mask = read_mask(folder / score.mask)[0] if score.mask is not None else None
    return Prediction(run, score.item, mask, score.points, score.tags)


def read_proposal(folder: Path, proposal: Proposal) -> Prediction:
    """Read a proposal whose mask lies below `folder`. For a background thread. Raises BadMask."""
    mask = read_mask(folder / proposal.mask)[0] if proposal.mask is not None else None
    return Prediction(proposal.source, proposal.item, mask, proposal.points, proposal.tags, is_proposal=True)


def accept_points(document: PointsDocument, points: Points, *, replace: bool) -> bool:
    """Take over all of them; without `replace` points that are placed stay. One edit; says whether anything changed."""
    what = "accepting the prediction"
    if replace:
        return document.replace(document.points.with_prediction(points), what)
    missing = (p for p in points.placed if document.points.get(p.index, p.instance) is None)
    return document.replace(document.points.updated(tuple(missing)), what)


def nearest_point(points: Points, pixel: tuple[int, int]) -> int:
    """The index of the point nearest to a pixel (column, row); -1 where there is none."""
    x, y = pixel[0] + 0.5, pixel[1] + 0.5
    return min(points.placed, key=lambda p: (p.x - x) ** 2 + (p.y - y) ** 2).index if points.placed else -1


def accept_point(document: PointsDocument, prediction: Points, index: int, instance: int) -> bool:
    """Take over one keypoint of an instance; says whether the prediction has it."""
    point = prediction.get(index, instance)
    if point is None:
        return False
    document.place(point)
    return True


def find_prediction(store: Store, run: str, item: int) -> ItemScore | None:
    """What the run said about the item, if anything."""
    found = store.review.items(run, [item])
    return found[0].score if found else None
