"""Connected regions of huge masks, sought block by block, so that what is searched is the region and not the mask."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.edits import MaskEdit
from studio.core.protection import Protection
from studio.core.raster import Rect
from studio.core.tile_edits import Stopped, edit_of_parts
from studio.core.tiles import TILE

BLOCK: Final = 8 * TILE
"""Side of the squares, in pixels, that are searched at a time."""

_Block = tuple[int, int]
"""Row and column."""

_NEIGHBOURS: Final = (
    ((-1, 0), (0, slice(None)), (-1, slice(None))),
    ((1, 0), (-1, slice(None)), (0, slice(None))),
    ((0, -1), (slice(None), 0), (slice(None), -1)),
    ((0, 1), (slice(None), -1), (slice(None), 0)),
)
"""The way to each neighbour, this block's pixels along it, and the neighbour's."""


class Flood:
    """The pixels that are joined through sides to (x, y) and have its value.

    Memory is needed for a bit a pixel of the region. `stopped` is asked from block to block; once it says yes, Stopped
    is raised. Raises IndexError where (x, y) lies outside of `mask`, (H, W) uint8.
    """

    def __init__(
        self, mask: Mask, x: int, y: int, *, stopped: Callable[[], bool] = lambda: False, block: int = BLOCK
    ) -> None:
        height, width = mask.shape
        if not (0 <= x < width and 0 <= y < height):
            raise IndexError(f"({x}, {y}) lies outside an image of {width}×{height}")
        self.value = int(mask[y, x])
        self._mask = mask
        self._side = block
        self._size = -(-height // block), -(-width // block)
        self._found: dict[_Block, bytes | None] = {}
        """The region's bits in each block that it reaches; None where it is the whole block."""
        self._rims: dict[_Block, tuple[Region, ...]] = {}
        """Which pixels along the four sides of a block, in the order of the neighbours, belong to the region."""
        self._search((y // block, x // block), (y % block, x % block), stopped)

    def parts(self) -> Iterator[tuple[Rect, Region | None]]:
        """The region block by block: (rect.height, rect.width) bool, None for every pixel of `rect`."""
        for block in sorted(self._found):
            rect = self._rect(block)
            yield rect, self._region(block, rect)

    def box(self) -> Rect:
        """The smallest rectangle around the region."""
        boxes = [_box(rect, region) for rect, region in self.parts()]
        x, y = min(b.x for b in boxes), min(b.y for b in boxes)
        return Rect(x, y, max(b.right for b in boxes) - x, max(b.bottom for b in boxes) - y)

    def _search(self, block: _Block, seed: tuple[int, int], stopped: Callable[[], bool]) -> None:
        waiting = deque([block])
        self._take(block, [seed])
        while waiting:
            if stopped():
                raise Stopped
            block = waiting.popleft()
            for number, (way, _, across) in enumerate(_NEIGHBOURS):
                other = block[0] + way[0], block[1] + way[1]
                if not (0 <= other[0] < self._size[0] and 0 <= other[1] < self._size[1]):
                    continue
                fresh = self._rims[block][number] & (self._mask[self._rect(other).slices][across] == self.value)
                if other in self._rims:
                    fresh &= ~self._rims[other][number ^ 1]
                if fresh.any():
                    self._take(other, _places(fresh, across))
                    waiting.append(other)

    def _take(self, block: _Block, seeds: list[tuple[int, int]]) -> None:
        """Add what is joined to the seeds (row, column) within a block."""
        import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

        rect = self._rect(block)
        here = self._mask[rect.slices] == self.value
        if not here.all():
            numbers = np.asarray(cv2.connectedComponents(here.view(np.uint8), connectivity=4)[1], np.int32)
            wanted = np.zeros(int(numbers.max()) + 1, np.bool_)
            rows, columns = zip(*seeds, strict=True)
            wanted[numbers[list(rows), list(columns)]] = True
            here = wanted[numbers]
            before = self._found.get(block)
            if before is not None:
                here |= _unpacked(before, rect)
        self._found[block] = None if here.all() else np.packbits(here).tobytes()
        self._rims[block] = tuple(here[along].copy() for _, along, _ in _NEIGHBOURS)

    def _region(self, block: _Block, rect: Rect) -> Region | None:
        packed = self._found[block]
        return None if packed is None else _unpacked(packed, rect)

    def _rect(self, block: _Block) -> Rect:
        height, width = self._mask.shape
        x, y = block[1] * self._side, block[0] * self._side
        return Rect(x, y, min(self._side, width - x), min(self._side, height - y))


def flood_edit(
    mask: Mask, x: int, y: int, value: int, protection: Protection, stopped: Callable[[], bool] = lambda: False
) -> MaskEdit:
    """What filling the region at (x, y) with `value` changes, ready for the journal; without a tile where all of it is
    protected or has the value. Raises IndexError, RegionTooLarge, and Stopped."""
    flood = Flood(mask, x, y, stopped=stopped)
    return edit_of_parts(mask, flood.parts(), value, protection, "fill", stopped)


def _places(along: Region, side: tuple[int | slice, int | slice]) -> list[tuple[int, int]]:
    """The (row, column) of a block's pixels along one of its sides; one a run, which is joined."""
    starts = np.flatnonzero(along & ~np.concatenate([[False], along[:-1]])).tolist()
    row, column = side
    return [(row, at) if isinstance(row, int) else (at, column) for at in starts]  # pyright: ignore


def _unpacked(bits: bytes, rect: Rect) -> Region:
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=rect.width * rect.height)
    return flat.reshape(rect.height, rect.width).view(np.bool_)


def _box(rect: Rect, region: Region | None) -> Rect:
    if region is None:
        return rect
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return Rect(rect.x + x, rect.y + y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)
