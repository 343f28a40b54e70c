"""Edits of huge masks worked out tile by tile, on any thread, while the mask stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.edits import MaskEdit
from studio.core.errors import RegionTooLarge
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.tiles import TilePatch, flattened, is_plain, plain, tile_rect, tiles_over


class Stopped(Exception):
    """Nobody wants the answer any more."""


_MOST_BYTES: Final = 384 * 2**20
"""What the tiles of one edit may take; tiles of one value take next to nothing."""


def edit_of_parts(
    mask: Mask,
    parts: Iterable[tuple[Rect, Region | None]],
    value: int | Mask,
    protection: Protection,
    what: str,
    stopped: Callable[[], bool] = lambda: False,
) -> MaskEdit:
    """The edit, ready for the journal, that sets rectangles or regions in them, which share no tile; see
    `set_in_tiles`. Raises RegionTooLarge where so much has borders that the edit would not fit in memory."""
    found = (patch for rect, region in parts for patch in set_in_tiles(mask, rect, region, value, protection, stopped))
    return edit_of_patches(mask, found, what)


def edit_of_patches(mask: Mask, found: Iterable[TilePatch], what: str) -> MaskEdit:
    """The edit, ready for the journal, that changes these tiles. Raises RegionTooLarge."""
    patches: list[TilePatch] = []
    used = 0
    for patch in found:
        patches.append(patch)
        used += sum(plane.size for plane in (patch.old, patch.new) if not is_plain(plane))
        if used > _MOST_BYTES:
            raise RegionTooLarge("one step", "so much of it has borders")
    return MaskEdit(what, mask.shape[1], mask.shape[0], tuple(patches)).prepared()


def set_in_tiles(
    mask: Mask,
    rect: Rect,
    region: Region | None,
    value: int | Mask,
    protection: Protection,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[TilePatch]:
    """The tiles that change where the pixels of `rect` in `region`, (rect.height, rect.width) bool, None for all, get
    one value, or those of an array of the same shape; protected ones stay. Raises Stopped once `stopped` says so."""
    height, width = mask.shape
    for key in tiles_over(rect):
        if stopped():
            raise Stopped
        tile = tile_rect(*key, width, height)
        part = tile.intersect(rect)
        assert part is not None
        old = mask[tile.slices]
        if region is None and part == tile and isinstance(value, int) and not protection:
            new = plain(value, tile.height, tile.width)
        else:
            new = old.copy()
            _set(new[part.within(tile)], region, value, protection, part.within(rect))
        if not np.array_equal(old, new):
            yield TilePatch(tile, flattened(old), flattened(new))


def _set(now: Mask, region: Region | None, value: int | Mask, protection: Protection, at: tuple[slice, slice]) -> None:
    """Change the part of a tile that lies `at` these rows and columns of what is set."""
    new = value if isinstance(value, int) else value[at]
    where = np.ones(now.shape, np.bool_) if region is None else region[at]
    if protection:
        where = where & protection.allows(now, new)
    np.copyto(now, np.uint8(new) if isinstance(new, int) else new, where=where)
