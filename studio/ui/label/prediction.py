"""A run's prediction for the item that is shown, and taking it over into the label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED, LabelClass, void_ids
from studio.core.document import MaskDocument, PointsDocument
from studio.core.masks import read_mask
from studio.core.points import Points
from studio.core.raster import flood_region
from studio.store import Store

_SAME: Final = UNLABELLED
"""Where the prediction says what the label says, when looking for the region to take over."""


@dataclass(frozen=True)
class Prediction:
    """`mask` is that of a run for a segmented picture, `points` for one with keypoints; one of them is there."""

    run: str
    item: int
    mask: Mask | None = None
    points: Points | None = None


def read_prediction(folder: Path, run: str, item: int, mask: str | None, points: Points | None) -> Prediction:
    """Read what `ItemScore` names, below the run's `folder`. For a background thread. Raises BadMask."""
    return Prediction(run, item, read_mask(folder / mask)[0] if mask is not None else None, points)


def accept_here(
    document: MaskDocument, prediction: Mask, pixel: tuple[int, int], classes: tuple[LabelClass, ...]
) -> bool:
    """Take over the connected region around `pixel` (column, row) where the prediction says one and the same class and
    the label another; void pixels of the label stay. One edit; says whether there was anything to take over."""
    label = document.mask
    void = np.zeros(256, np.bool_)
    void[list(void_ids(classes))] = True
    differs = np.where((label != prediction) & ~void[label], prediction, np.uint8(_SAME))
    column, row = pixel
    if differs[row, column] == _SAME:
        return False
    region, rect = flood_region(differs, column, row)
    document.begin("accepting the prediction")
    document.paint(rect, region[rect.slices], int(prediction[row, column]))
    return document.commit()


def accept_all(
    document: MaskDocument | PointsDocument, prediction: Prediction, classes: tuple[LabelClass, ...]
) -> bool:
    """Take over the whole prediction; void pixels of the label stay. One edit; says whether anything changed."""
    if isinstance(document, MaskDocument):
        if prediction.mask is None or prediction.mask.shape != document.mask.shape:
            return False
        return document.replace(prediction.mask, "accepting the prediction", keep=void_ids(classes))
    if prediction.points is None:
        return False
    return document.replace(document.points.with_prediction(prediction.points), "accepting the prediction")


def accept_point(document: PointsDocument, prediction: Points, index: int, instance: int) -> bool:
    """Take over one keypoint of an instance; says whether the prediction has it."""
    point = prediction.get(index, instance)
    if point is None:
        return False
    document.place(point)
    return True


def find_prediction(store: Store, run: str, item: int) -> tuple[str | None, Points | None] | None:
    """The mask file (below the run's folder) and the points that the run's scores name for the item, if any."""
    found = store.review_items(run, [item])
    return (found[0].score.mask, found[0].score.points) if found else None
