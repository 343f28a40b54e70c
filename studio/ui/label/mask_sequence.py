"""Labels of neighbouring frames, for another thread: each function opens the project itself and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.edits import MaskEdit
from studio.core.images import image_size
from studio.core.interpolation import ShapesBetween, counterpart
from studio.core.items import Item, LabelState
from studio.core.regions import Chosen, region_at, whole_class
from studio.store import ItemFilter, Store

INTERPOLATION: Final = "interpolation"
"""What the edits of frames between two others are called; such a frame counts as nobody's own work."""

_REACH: Final = 2_000
"""Frames to either side that are looked at."""


@dataclass(frozen=True)
class Frame:
    """A frame with its label, (H, W) uint8; None where it has none."""

    name: str
    mask: Mask | None


@dataclass(frozen=True)
class Gap:
    """A region in two frames, and the items between with their share (0–1) of the way from one to the other."""

    value: int
    size: tuple[int, int]
    shapes: ShapesBetween
    first: str
    last: str
    items: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Filled:
    """What an item between gets, and the edit that it stood at."""

    edit: MaskEdit
    head: int


def frame_before(root: Path, item: Item) -> Frame | None:
    """The item before `item` in the project where it belongs to the same group."""
    with Store.open(root) as store:
        frames, here = store.sequence(item, 1)
        return Frame(frames[here - 1].name, store.read_mask(frames[here - 1].id)) if here > 0 else None


def chosen_at(mask: Mask, class_id: int, pixel: tuple[int, int] | None) -> Chosen | None:
    """What is to be followed: the region at `pixel`, or without one the whole class. Raises RegionTooLarge."""
    if pixel is None:
        return whole_class(mask, class_id)
    return region_at(mask, *pixel) if mask[pixel[1], pixel[0]] != UNLABELLED else None


def find_gap(root: Path, item: Item, chosen: Chosen | None, size: tuple[int, int], *, is_region: bool) -> Gap | str:
    """The frames between `item`, of that size, and the nearest other one in which somebody labelled the class, before
    it or else after it; a sentence where there are none. `chosen` is one region, or the whole class."""
    if chosen is None or chosen.value == UNLABELLED:
        return "Point at a region that is labelled here and in another frame of the sequence."
    value = chosen.value
    with Store.open(root) as store:
        frames, here = store.sequence(item, _REACH)
        other = _other_end(store, frames, here, value)
        if other is None:
            return "No other frame of this sequence has this class with frames in between."
        known = store.read_mask(frames[other].id)
        if known is None or known.shape != (size[1], size[0]):
            return f"{frames[other].name} has another size than this frame."
        there = counterpart(known, chosen) if is_region else whole_class(known, value)
        if there is None:
            return f"{frames[other].name} has nothing of this class."
    step = 1 if here > other else -1
    between = range(other + step, here, step)
    shares = tuple(
        (frames[p].id, abs(p - other) / abs(here - other))
        for p in between
        if frames[p].state is not LabelState.LEFT_OUT
    )
    return Gap(value, size, ShapesBetween(there, chosen), frames[other].name, item.name, shares)


def fill(root: Path, gap: Gap, item_id: int, share: float) -> Filled | None:
    """What the interpolation paints on one item: on unlabelled pixels only. None where it paints nothing, because the
    item has the class by somebody's own hand, another size, or no room."""
    with Store.open(root) as store:
        item = store.item(item_id)
        head = store.journal.head(item_id)
        mask = store.read_mask(item_id)
        if mask is None:
            if image_size(item.path) != gap.size:
                return None
            mask = np.full((gap.size[1], gap.size[0]), UNLABELLED, np.uint8)
        is_own = (mask == gap.value).any() and store.journal.history(item_id).undo_text != INTERPOLATION
    found = gap.shapes.at(share, *gap.size)
    if found is None or is_own or mask.shape != (gap.size[1], gap.size[0]):
        return None
    rect, region = found
    new = mask.copy()
    np.copyto(new[rect.slices], np.uint8(gap.value), where=region & (mask[rect.slices] == UNLABELLED))
    edit = MaskEdit.between(mask, new, INTERPOLATION)
    return Filled(edit.prepared(), head) if edit.patches else None


def _other_end(store: Store, frames: Sequence[Item], here: int, value: int) -> int | None:
    """The nearest frame before, or else after, in which somebody labelled the class, with frames in between."""
    labelled = set(store.item_ids(ItemFilter(class_id=value)))
    for places in (range(here - 1, -1, -1), range(here + 1, len(frames))):
        for place in places:
            item_id = frames[place].id
            if item_id in labelled and store.journal.history(item_id).undo_text != INTERPOLATION:
                if abs(place - here) > 1:
                    return place
                break
    return None
