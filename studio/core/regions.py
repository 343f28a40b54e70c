"""Regions of a label and what can be done to them: grow, shrink, smooth, fill holes, remove specks, change the class.

Everything here reads a (H, W) uint8 mask, works on the region's bounding box and returns what would have to be painted;
nothing changes the mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.edits import bounds_of
from studio.core.errors import RegionTooLarge
from studio.core.flood import Flood
from studio.core.mask_document import MaskDocument
from studio.core.masks import HUGE_MASK, is_huge, values_in
from studio.core.raster import Rect, box_around, flood_region

MOST_PIXELS: Final = HUGE_MASK
"""Rectangles of more pixels are not worked on, as that takes up to twelve bytes a pixel."""

_BAND_ROWS: Final = 256


@dataclass(frozen=True, eq=False)
class Chosen:
    """The pixels of one value that something is to be done to: `region`, (rect.height, rect.width) bool."""

    rect: Rect
    region: Region
    value: int


@dataclass(frozen=True, eq=False)
class Change:
    """The pixels of `rect` to set, (rect.height, rect.width) bool, and what each becomes."""

    rect: Rect
    region: Region
    values: Mask

    def apply(self, document: MaskDocument, what: str) -> bool:
        """Paint it as one edit; says whether a pixel changed."""
        document.begin(what)
        document.paint(self.rect, self.region, self.values)
        return document.commit()


def region_at(mask: Mask, x: int, y: int) -> Chosen:
    """The pixels that are joined to (x, y) through sides and have its value. Raises IndexError outside of the mask,
    RegionTooLarge."""
    if is_huge((mask.shape[1], mask.shape[0])):
        return _huge_region_at(mask, x, y)
    region, rect = flood_region(mask, x, y)
    return Chosen(rect, region[rect.slices], int(mask[y, x]))


def whole_class(mask: Mask, value: int) -> Chosen | None:
    """All pixels with that value; None when there are none. Raises RegionTooLarge."""
    rect = _box_of(mask, value)
    if rect is None:
        return None
    _bound(rect)
    return Chosen(rect, mask[rect.slices] == value, value)


def grown(mask: Mask, chosen: Chosen, amount: float) -> Change | None:
    """Take in every pixel whose centre is within `amount` pixels of one of the region's."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    rect, region = _with_margin(mask, chosen, int(np.ceil(amount)))
    away = cv2.distanceTransform((~region).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return _change(mask, rect, ~region & (away <= amount), np.full(region.shape, chosen.value, np.uint8))


def shrunk(mask: Mask, chosen: Chosen, amount: float) -> Change | None:
    """Give away every pixel whose centre is within `amount` pixels of one outside: to what lies nearest there, be it
    another class or nothing. The picture's own border is no outside."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    rect, region = _with_margin(mask, chosen, 1)
    if region.all():
        return None
    inside = cv2.distanceTransform(region.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return _change(mask, rect, region & (inside <= amount), _surroundings(mask[rect.slices], region))


def smoothed(mask: Mask, chosen: Chosen, radius: int) -> Change | None:
    """Let each pixel belong to the region where most of the square of 2 * radius + 1 around it do. What is given away
    goes to what lies nearest."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    rect, region = _with_margin(mask, chosen, radius)
    smooth = cv2.medianBlur(region.astype(np.uint8), 2 * radius + 1).astype(np.bool_)
    if not smooth.any() or region.all():
        return None
    either = region | smooth
    values = _surroundings(mask[rect.slices], region if either.all() else either)
    values[smooth] = chosen.value
    return _change(mask, rect, smooth != region, values)


def without_holes(mask: Mask, chosen: Chosen) -> Change | None:
    """Fill what the region encloses on all sides, whatever it is."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    around = np.pad((~chosen.region).view(np.uint8), 1, constant_values=1)
    _, pieces = cv2.connectedComponents(around, connectivity=8)
    numbers = np.asarray(pieces, np.int32)
    inside: Region = numbers[1:-1, 1:-1] != numbers[0, 0]
    holes = inside & ~chosen.region
    return _change(mask, chosen.rect, holes, np.full(holes.shape, chosen.value, np.uint8))


def without_specks(mask: Mask, value: int | None, smallest: int) -> Change | None:
    """Give every connected piece of fewer than `smallest` pixels to what lies nearest around: pieces of one value, or
    of all classes where that is None."""
    values = [value] if value is not None else values_in(mask)
    specks = np.zeros(mask.shape, np.bool_)
    for each in values:
        if value is None and each == UNLABELLED:
            continue
        chosen = whole_class(mask, each)
        if chosen is not None:
            specks[chosen.rect.slices] |= _small_pieces(chosen.region, smallest)
    box = box_around(specks)
    if box is None:
        return None
    rect, region = _with_margin(mask, Chosen(box, specks[box.slices], 0), 1)
    if region.all():
        return None
    return _change(mask, rect, region, _surroundings(mask[rect.slices], region))


def replaced(mask: Mask, chosen: Chosen, value: int) -> Change | None:
    """Give the region another class."""
    return _change(mask, chosen.rect, chosen.region, np.full(chosen.region.shape, value, np.uint8))


def _huge_region_at(mask: Mask, x: int, y: int) -> Chosen:
    flood = Flood(mask, x, y)
    box = flood.box()
    _bound(box)
    whole = np.zeros((box.height, box.width), np.bool_)
    for rect, region in flood.parts():
        part = rect.intersect(box)
        assert part is not None
        whole[part.within(box)] = True if region is None else region[part.within(rect)]
    return Chosen(box, whole, flood.value)


def _box_of(mask: Mask, value: int) -> Rect | None:
    """The smallest rectangle around a value, sought in bands."""
    boxes: list[Rect] = []
    for y in range(0, mask.shape[0], _BAND_ROWS):
        box = box_around(mask[y : y + _BAND_ROWS] == value)
        if box is not None:
            boxes.append(Rect(box.x, box.y + y, box.width, box.height))
    return bounds_of(boxes)


def _bound(rect: Rect) -> None:
    if rect.width * rect.height > MOST_PIXELS:
        raise RegionTooLarge("one step", f"it spans {rect.width:,}×{rect.height:,} pixels")


def _with_margin(mask: Mask, chosen: Chosen, margin: int) -> tuple[Rect, Region]:
    """The region in a rectangle that is larger by `margin` on each side, as far as the mask goes."""
    rect = chosen.rect
    height, width = mask.shape
    larger = Rect(rect.x - margin, rect.y - margin, rect.width + 2 * margin, rect.height + 2 * margin)
    room = larger.clipped(width, height)
    assert room is not None
    _bound(room)
    region = np.zeros((room.height, room.width), np.bool_)
    region[Rect(rect.x - room.x, rect.y - room.y, rect.width, rect.height).slices] = chosen.region
    return room, region


def _surroundings(values: Mask, region: Region) -> Mask:
    """For each pixel of `region` the value of the nearest pixel outside; `values` elsewhere. Somewhere is outside."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    _, labels = cv2.distanceTransformWithLabels(
        region.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.asarray(labels, np.int32)
    table = np.zeros(int(nearest.max()) + 1, np.uint8)
    table[nearest[~region]] = values[~region]
    return table[nearest]


def _small_pieces(region: Region, smallest: int) -> Region:
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    _, numbers, stats, _ = cv2.connectedComponentsWithStats(region.view(np.uint8), connectivity=4)
    is_small = stats[:, cv2.CC_STAT_AREA] < smallest
    is_small[0] = False  # what is not in the region
    return np.asarray(is_small)[np.asarray(numbers, np.int32)]


def _change(mask: Mask, rect: Rect, region: Region, values: Mask) -> Change | None:
    """The change in the smallest rectangle, without pixels that have their value already; None when none is left."""
    region = region & (mask[rect.slices] != values)
    box = box_around(region)
    if box is None:
        return None
    return Change(Rect(rect.x + box.x, rect.y + box.y, box.width, box.height), region[box.slices], values[box.slices])
