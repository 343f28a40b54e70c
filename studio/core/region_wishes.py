"""What a person may want done to a region, as data, so that it can be worked out on any thread."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.edits import MaskEdit
from studio.core.flood import Flood
from studio.core.masks import is_huge
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.regions import (
    Change,
    Chosen,
    grown,
    region_at,
    replaced,
    shrunk,
    smoothed,
    whole_class,
    without_holes,
    without_specks,
)
from studio.core.tile_edits import edit_of_parts
from studio.core.tiles import TILE


class RegionOperation(enum.StrEnum):
    GROW = "grow"
    SHRINK = "shrink"
    SMOOTH = "smooth"
    FILL_HOLES = "fill holes"
    REMOVE_SPECKS = "remove specks"
    REPLACE = "replace the class"


@dataclass(frozen=True, kw_only=True)
class RegionWish:
    """`pixel` (column, row) names the region, or with `whole` the class, that is there; without it `class_id` does.

    `amount` is in pixels: how far to grow or shrink, the radius to smooth by, the area below which a speck goes. With
    `whole`, specks of every class go. REPLACE gives `class_id`.
    """

    operation: RegionOperation
    class_id: int
    pixel: tuple[int, int] | None = None
    whole: bool = False
    amount: int = 1

    def change(self, mask: Mask) -> Change | None:
        """What would have to be painted on `mask`, (H, W) uint8; None for nothing."""
        if self.operation is RegionOperation.REMOVE_SPECKS:
            return without_specks(mask, None if self.whole else self.value(mask), self.amount)
        chosen = self._chosen(mask)
        return _carry_out(self, mask, chosen) if chosen is not None else None

    def edit(
        self, mask: Mask, protection: Protection, what: str, stopped: Callable[[], bool] = lambda: False
    ) -> MaskEdit | None:
        """`change` as an edit that is ready for the journal; None for nothing. Raises RegionTooLarge, and Stopped once
        `stopped` says so, which is asked now and then."""
        if self.operation is RegionOperation.REPLACE and is_huge((mask.shape[1], mask.shape[0])):
            edit = edit_of_parts(mask, self._parts(mask, stopped), self.class_id, protection, what, stopped)
            return edit if edit.patches else None
        change = self.change(mask)
        if change is None:
            return None
        return edit_of_parts(mask, [(change.rect, change.region)], change.values, protection, what, stopped)

    def value(self, mask: Mask) -> int:
        """The mask value that it is about."""
        return int(mask[self.pixel[1], self.pixel[0]]) if self.pixel is not None else self.class_id

    def is_about_nothing(self, mask: Mask) -> bool:
        """Whether it is to do with unlabelled pixels what only a label can have done to it."""
        fits = self.operation in (RegionOperation.REMOVE_SPECKS, RegionOperation.REPLACE)
        return not fits and self.value(mask) == UNLABELLED

    def _parts(self, mask: Mask, stopped: Callable[[], bool]) -> Iterable[tuple[Rect, Region | None]]:
        """What it is about, in pieces that share no tile."""
        if self.pixel is not None and not self.whole:
            return Flood(mask, *self.pixel, stopped=stopped).parts()
        height, width = mask.shape
        bands = (Rect(0, y, width, min(TILE, height - y)) for y in range(0, height, TILE))
        value = self.value(mask)
        return ((band, mask[band.slices] == value) for band in bands)

    def _chosen(self, mask: Mask) -> Chosen | None:
        if self.pixel is not None and not self.whole:
            return region_at(mask, *self.pixel)
        return whole_class(mask, self.value(mask))


def _carry_out(wish: RegionWish, mask: Mask, chosen: Chosen) -> Change | None:
    match wish.operation:
        case RegionOperation.GROW:
            return grown(mask, chosen, wish.amount)
        case RegionOperation.SHRINK:
            return shrunk(mask, chosen, wish.amount)
        case RegionOperation.SMOOTH:
            return smoothed(mask, chosen, wish.amount)
        case RegionOperation.FILL_HOLES:
            return without_holes(mask, chosen)
        case _:
            return replaced(mask, chosen, wish.class_id)
