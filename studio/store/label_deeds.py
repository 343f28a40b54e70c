"""What a deed of review means for a label: the edit that it would make. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED, LabelClass, void_ids
from studio.core.counting import counted
from studio.core.deciding import AcceptRegion, Correcting, GiveClass, PlacePoint
from studio.core.difference_regions import region_at
from studio.core.document import Document
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.errors import BadMask
from studio.core.mask_document import kept
from studio.core.masks import read_mask
from studio.core.points import Keypoint, Points
from studio.core.proposals import without_strangers
from studio.core.review import ItemScore
from studio.core.tags import NONE_OF_THEM, Tags, ids_of
from studio.store.journal import Journal
from studio.store.predictions import Predictions

_ACCEPTING: Final = "accepted prediction"
_ACCEPTING_REGION: Final = "accepted region"


@dataclass(frozen=True)
class Surroundings:
    """What deciding needs of the project. `folder` of a run; `classes`, of which an accepted prediction says no others
    and leaves the pixels of void ones alone; `keypoints` are the names of keypoints; `current_mask` of an item, None
    without a label; `open_document` where the item is open in the window."""

    folder: Callable[[str], Path]
    classes: Callable[[], tuple[LabelClass, ...]]
    keypoints: Callable[[], tuple[str, ...]]
    current_mask: Callable[[int], Mask | None]
    open_document: Callable[[int], Document | None]


@dataclass(frozen=True)
class Acceptance:
    """What accepting an item's predicted mask, or a region of it, changes while the item stands at the edit `head`,
    ready for the journal; `edit` is None for nothing. `what` says it in words."""

    edit: MaskEdit | None
    head: int
    what: str = ""


class LabelDeeds:
    def __init__(self, journal: Journal, predictions: Predictions, around: Surroundings) -> None:
        self._journal = journal
        self._predictions = predictions
        self._around = around

    def accepting(self, run_id: str, score: ItemScore) -> Edit | None:
        """What taking the whole prediction in a score over changes; None for nothing. Raises BadMask."""
        item_id, predicted = score.item, self._predictions.said_by(run_id, score)
        if predicted.tags is not None:
            return self._accepting_tags(item_id, predicted.tags)
        if predicted.mask is not None:
            return self._accepting_mask(item_id, predicted.mask)
        return self._accepting_points(item_id, predicted.points or Points())

    def correcting(self, run_id: str, item_id: int, deed: Correcting) -> tuple[Edit | None, str]:
        """The deed's edit, None where nothing changes, and what it changes in words. Raises NoPrediction, BadMask."""
        match deed:
            case AcceptRegion():
                return self._accepting_region(run_id, item_id, deed)
            case GiveClass():
                return self._giving(item_id, deed)
            case PlacePoint():
                return self._placing(item_id, deed.point)

    def masks(self, item_id: int, path: Path) -> tuple[Mask, Mask]:
        """The label as it is now and a prediction of it, both (H, W) uint8. Raises BadMask."""
        predicted = read_mask(path)[0]
        now = self._around.current_mask(item_id)
        if now is None:
            now = np.full_like(predicted, UNLABELLED)
        if now.shape != predicted.shape:
            raise BadMask(path, "it has another size than the label", "train again on the images as they are now")
        return now, predicted

    def _accepting_mask(self, item_id: int, path: Path) -> MaskEdit | None:
        now, predicted = self.masks(item_id, path)
        classes = self._around.classes()
        known = without_strangers(predicted, classes)
        predicted = np.where(known == UNLABELLED, now, known)
        edit = MaskEdit.between(now, kept(now, predicted, void_ids(classes)), _ACCEPTING)
        return edit if edit.patches else None

    def _accepting_region(self, run_id: str, item_id: int, deed: AcceptRegion) -> tuple[MaskEdit | None, str]:
        predicted = self._predictions.prediction_of(run_id, item_id)
        if predicted.mask is None:
            return None, ""
        now, said = self.masks(item_id, predicted.mask)
        height, width = now.shape
        if not (0 <= deed.x < width and 0 <= deed.y < height):
            return None, ""
        classes = self._around.classes()
        region = region_at(now, said, void_ids(classes), x=deed.x, y=deed.y)
        if region is None or region.predicted not in {c.id for c in classes}:
            return None, ""
        new = now.copy()
        new[region.rect.slices][region.region] = region.predicted
        names = f"{self._name(region.label)} → {self._name(region.predicted)}"
        return MaskEdit.between(now, new, _ACCEPTING_REGION), f"{names}, {counted(region.pixels, 'pixel')}"

    def _accepting_points(self, item_id: int, predicted: Points) -> PointsEdit | None:
        now = self._journal.points(item_id) or Points()
        then = now.with_prediction(predicted)
        return PointsEdit(_ACCEPTING, now, then) if now != then else None

    def _accepting_tags(self, item_id: int, predicted: Tags) -> TagsEdit | None:
        """A void class, which is never predicted, stays where it stands beside others. None where all that the model
        says is retired."""
        classes = self._around.classes()
        known = frozenset(c.id for c in classes)
        said = Tags.of(known & frozenset(predicted.ids))
        if predicted.ids and not said.ids:
            return None
        now = self._journal.tags(item_id)
        beside = void_ids(classes) & frozenset(ids_of(now))
        new = said if len(beside) == len(ids_of(now)) else Tags.of({*said.ids, *beside})
        return TagsEdit(_ACCEPTING, now, new) if now != new else None

    def _giving(self, item_id: int, deed: GiveClass) -> tuple[TagsEdit | None, str]:
        now = self._journal.tags(item_id)
        name = self._name(deed.class_id)
        if deed.alone:
            then, what = Tags((deed.class_id,)), f"choosing {name}"
        elif deed.has:
            then, what = (now or NONE_OF_THEM).with_class(deed.class_id), f"adding {name}"
        else:
            then, what = (now or NONE_OF_THEM).without_class(deed.class_id), f"removing {name}"
        if now == then:
            return None, ""
        return TagsEdit(what, now, then), f"{self._names(now)} → {self._names(then)}"

    def _placing(self, item_id: int, point: Keypoint) -> tuple[PointsEdit | None, str]:
        now = self._journal.points(item_id) or Points()
        then = now.with_point(point)
        if now == then:
            return None, ""
        names = self._around.keypoints()
        name = names[point.index] if point.index < len(names) else f"point {point.index + 1}"
        before = now.get(point.index, point.instance)
        far = f"{name} by {np.hypot(point.x - before.x, point.y - before.y):.1f} pixels" if before else f"{name}, new"
        return PointsEdit(f"placing {name}", now, then), far

    def _name(self, class_id: int) -> str:
        return next((c.name for c in self._around.classes() if c.id == class_id), str(class_id))

    def _names(self, tags: Tags | None) -> str:
        if tags is None:
            return "unlabelled"
        return ", ".join(self._name(i) for i in tags.ids) or "none of them"
