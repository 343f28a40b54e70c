"""Taking over what another mask says, as an edit ready for the journal: worked out in rows of tiles, on any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED, LabelClass
from studio.core.edits import MaskEdit
from studio.core.flood import Flood
from studio.core.proposals import offered
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.tile_edits import edit_of_parts, edit_of_patches, set_in_tiles
from studio.core.tiles import TILE, TilePatch

Stop = Callable[[], bool]


def acceptance(
    mask: Mask,
    proposed: Mask,
    classes: tuple[LabelClass, ...],
    protection: Protection,
    what: str,
    *,
    replace: bool,
    class_id: int | None = None,
    stopped: Stop = lambda: False,
) -> MaskEdit | None:
    """What is `offered`, all of it or one class; None for nothing. Both masks are (H, W) uint8. Raises RegionTooLarge,
    and Stopped once `stopped` says so."""

    def wanted(now: Mask, other: Mask) -> Region:
        offer = offered(now, other, classes, replace=replace)
        return offer != UNLABELLED if class_id is None else (offer == class_id) & (offer != UNLABELLED)

    return _taken_over(mask, proposed, wanted, protection, what, stopped)


def acceptance_at(
    mask: Mask,
    proposed: Mask,
    pixel: tuple[int, int],
    classes: tuple[LabelClass, ...],
    protection: Protection,
    what: str,
    *,
    replace: bool,
    stopped: Stop = lambda: False,
) -> MaskEdit | None:
    """The connected region around `pixel` (column, row) where one and the same class is `offered`; None for nothing.
    Raises IndexError, RegionTooLarge, and Stopped once `stopped` says so."""
    offer = np.empty_like(mask)
    for band in _bands(mask):
        offer[band.slices] = offered(mask[band.slices], proposed[band.slices], classes, replace=replace)
    value = int(offer[pixel[1], pixel[0]])
    if value == UNLABELLED:
        return None
    parts = Flood(offer, *pixel, stopped=stopped).parts()
    return edit_of_parts(mask, parts, value, protection, what, stopped)


def copy_of(
    mask: Mask,
    other: Mask,
    protection: Protection,
    what: str,
    *,
    value: int | None = None,
    only_unlabelled: bool = True,
    stopped: Stop = lambda: False,
) -> MaskEdit | None:
    """What another mask of the same shape says: one value or all, onto unlabelled pixels or onto everything; None for
    nothing. What is unlabelled there stays as it is here. Raises RegionTooLarge, and Stopped."""

    def wanted(now: Mask, there: Mask) -> Region:
        region = ((there != UNLABELLED) if value is None else (there == value)) & (now != there)
        return region & (now == UNLABELLED) if only_unlabelled else region

    return _taken_over(mask, other, wanted, protection, what, stopped)


def _taken_over(
    mask: Mask,
    other: Mask,
    wanted: Callable[[Mask, Mask], Region],
    protection: Protection,
    what: str,
    stopped: Stop,
) -> MaskEdit | None:
    """`wanted` says of a part of both masks where the other one is taken over."""
    is_anything_wanted = False

    def patches() -> Iterator[TilePatch]:
        nonlocal is_anything_wanted
        for band in _bands(mask):
            there = other[band.slices]
            region = wanted(mask[band.slices], there)
            if region.any():
                is_anything_wanted = True
                yield from set_in_tiles(mask, band, region, there, protection, stopped)

    edit = edit_of_patches(mask, patches(), what)
    return edit if is_anything_wanted else None


def _bands(mask: Mask) -> Iterator[Rect]:
    height, width = mask.shape
    return (Rect(0, y, width, min(TILE, height - y)) for y in range(0, height, TILE))
