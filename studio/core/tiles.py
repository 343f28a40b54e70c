"""The squares in which a mask's changes are kept, and finding those that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.raster import Rect

TILE: Final = 128
"""Side of the squares, in pixels, in which a mask's changes are kept."""

_LARGEST: Final = 255
"""Where this is the least there is nothing else; it is what a pixel without a label has."""


@dataclass(frozen=True, slots=True)
class TilePatch:
    """One tile before and after, each (rect.height, rect.width) uint8."""

    rect: Rect
    old: Mask
    new: Mask


def tiles_over(rect: Rect) -> Iterator[tuple[int, int]]:
    """(row, column) of each tile that `rect` touches."""
    for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
            yield row, column


def tile_rect(row: int, column: int, width: int, height: int) -> Rect:
    """Where a tile lies in a mask of that size; tiles at the right and the bottom may be smaller."""
    x, y = column * TILE, row * TILE
    return Rect(x, y, min(TILE, width - x), min(TILE, height - y))


@lru_cache(maxsize=2048)
def plain(value: int, height: int, width: int) -> Mask:
    """(height, width) uint8 of one value, for which one pixel is kept; not to be written."""
    return np.broadcast_to(np.uint8(value), (height, width))


def is_plain(plane: Mask) -> bool:
    """Whether a plane is known to be of one value because one pixel is kept for it."""
    return plane.strides == (0, 0)


def plain_value(plane: Mask) -> int | None:
    """The value of a plane that is known to be of one; None where it is not."""
    return int(plane[0, 0]) if is_plain(plane) else None


def flattened(plane: Mask) -> Mask:
    """A copy of a plane that is known to be of one value where it is."""
    value = int(plane[0, 0])
    return plain(value, *plane.shape) if is_plain(plane) or bool((plane == value).all()) else plane.copy()


def keep_tiles(mask: Mask, rect: Rect, kept: dict[tuple[int, int], Mask]) -> None:
    """Add the tiles under `rect`, which lies inside, to `kept` unless they are there, safe from changes of `mask`.
    Where several neighbours have one value, nothing is copied."""
    for row, first, last in _runs(key for key in tiles_over(rect) if key not in kept):
        pixels = mask[row * TILE : (row + 1) * TILE, first * TILE : last * TILE]
        height, width = pixels.shape
        value = int(pixels.min())
        whole = value == _LARGEST or value == int(pixels.max())
        pixels = pixels if whole else pixels.copy()
        for column in range(first, last):
            x = (column - first) * TILE
            tile = plain(value, height, min(TILE, width - x)) if whole else pixels[:, x : x + TILE]
            kept[row, column] = tile


def changed_tiles(mask: Mask, before: Mapping[tuple[int, int], Mask]) -> Iterator[TilePatch]:
    """Those of the kept tiles in which `mask` differs by now, from the top; planes of one value as such."""
    for run in _runs(sorted(before)):
        yield from _changed_in(mask, run, [before[run[0], column] for column in range(*run[1:])])


def _changed_in(mask: Mask, run: tuple[int, int, int], before: Sequence[Mask]) -> Iterator[TilePatch]:
    row, first, last = run
    now = mask[row * TILE : (row + 1) * TILE, first * TILE : last * TILE]
    height, width = now.shape
    starts = list(range(0, width, TILE))
    lowest = np.minimum.reduceat(now.min(axis=0), starts).tolist()
    highest = np.maximum.reduceat(now.max(axis=0), starts).tolist()
    for number, old in enumerate(before):
        x = number * TILE
        rect = Rect(first * TILE + x, row * TILE, min(TILE, width - x), height)
        if lowest[number] == highest[number]:
            new = plain(lowest[number], height, rect.width)
            changed = old[0, 0] != new[0, 0] if is_plain(old) else not np.array_equal(old, new)
        else:
            new = now[:, x : x + TILE].copy()
            changed = is_plain(old) or not np.array_equal(old, new)
        if changed:
            yield TilePatch(rect, old, new)


def _runs(tiles: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Tiles (row, column), ordered, as runs of neighbours in a row: row, first column and the one behind the last."""
    run: tuple[int, int, int] | None = None
    for row, column in tiles:
        if run is not None and run[0] == row and run[2] == column:
            run = row, run[1], column + 1
        else:
            if run is not None:
                yield run
            run = row, column, column + 1
    if run is not None:
        yield run
