"""A picture too large for memory, as square tiles of itself and of ever smaller versions, in one file of plain pixels.

The file holds the levels one behind the other, each as rows of tiles, each tile as (tile, tile, 3) uint8 RGB; where a
tile reaches beyond its level it repeats the last row and column. So a tile's place follows from its number alone: the
rows that are written can be read while the others are still to come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import numpy as np

from studio.core.arrays import Picture
from studio.core.raster import Rect

TILE: Final = 512
"""Side of a tile in pixels."""

OVERVIEW_SIDE: Final = 2560
"""Halving ends with the first level that is at most so wide and high; it is small enough to be kept in memory."""


@dataclass(frozen=True, slots=True)
class Level:
    """A version of the picture whose pixels are 2**number pixels wide; `offset` is its place in the file in bytes."""

    number: int
    width: int
    height: int
    tile: int
    offset: int

    @property
    def columns(self) -> int:
        """Tiles across."""
        return -(-self.width // self.tile)

    @property
    def rows(self) -> int:
        """Tiles down."""
        return -(-self.height // self.tile)

    @property
    def scale(self) -> int:
        """Pixels of the picture that one of this level is wide."""
        return 1 << self.number


@dataclass(frozen=True)
class Layout:
    """The levels of a picture of `width` × `height` pixels."""

    width: int
    height: int
    tile: int = TILE
    overview_side: int = OVERVIEW_SIDE

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Largest first; each has half of the pixels a side of the one before, rounded up."""
        levels = [Level(0, self.width, self.height, self.tile, 0)]
        while max(levels[-1].width, levels[-1].height) > self.overview_side:
            last = levels[-1]
            end = last.offset + last.columns * last.rows * self.tile_bytes
            levels.append(Level(last.number + 1, -(-last.width // 2), -(-last.height // 2), self.tile, end))
        return tuple(levels)

    @property
    def tile_bytes(self) -> int:
        return self.tile * self.tile * 3

    def place(self, level: Level, column: int, row: int) -> int:
        """Where a tile begins in the file, in bytes."""
        return level.offset + (row * level.columns + column) * self.tile_bytes


class PyramidWriter:
    """Takes a picture in bands of rows from top to bottom and writes the tiles of all levels as soon as they are whole.

    Holds one row of tiles a level.
    """

    def __init__(self, file: BinaryIO, layout: Layout, wrote: Callable[[int], object] = lambda _: None) -> None:
        """`wrote` is told after every row of tiles of the largest level how many of those there are."""
        self._file = file
        self._layout = layout
        self._wrote = wrote
        self._waiting: list[list[Picture]] = [[] for _ in layout.levels]
        self._rows_done = [0] * len(layout.levels)

    def add(self, band: Picture) -> None:
        """(rows, width, 3) uint8, the rows that follow those before."""
        self._add(0, band)

    def _add(self, number: int, band: Picture) -> None:
        level, tile = self._layout.levels[number], self._layout.tile
        self._waiting[number].append(band)
        have = sum(part.shape[0] for part in self._waiting[number])
        while have >= tile or (have and self._rows_done[number] * tile + have == level.height):
            rows = np.concatenate(self._waiting[number]) if len(self._waiting[number]) > 1 else self._waiting[number][0]
            self._waiting[number] = [rows[tile:]] if have > tile else []
            have -= min(have, tile)
            self._write_row(level, rows[:tile])

    def _write_row(self, level: Level, rows: Picture) -> None:
        tile = self._layout.tile
        row = self._rows_done[level.number]
        padding = ((0, tile - rows.shape[0]), (0, level.columns * tile - level.width), (0, 0))
        padded = np.pad(rows, padding, mode="edge") if any(after for _, after in padding) else rows
        self._file.seek(self._layout.place(level, 0, row))
        cut = padded.reshape(tile, level.columns, tile, 3)
        for column in range(level.columns):
            self._file.write(np.ascontiguousarray(cut[:, column]).data)
        self._rows_done[level.number] = row + 1
        if level.number + 1 < len(self._layout.levels):
            self._add(level.number + 1, _halved(rows))
        if level.number == 0:
            self._file.flush()
            self._wrote(row + 1)


class PyramidFile:
    """Reads tiles; one thread at a time."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Raises OSError."""
        self.layout = layout
        self._file = path.open("rb", buffering=0)

    def tile(self, level: Level, column: int, row: int) -> Picture:
        """(height, width, 3) uint8 RGB, cut where the level ends. Raises OSError."""
        side = self.layout.tile
        pixels = np.empty((side, side, 3), np.uint8)
        self._file.seek(self.layout.place(level, column, row))
        if self._file.readinto(pixels.data) != pixels.size:
            raise OSError(f"{self._file.name} ends within a tile")
        return pixels[: min(side, level.height - row * side), : min(side, level.width - column * side)]

    def patch(self, level: Level, rect: Rect) -> Picture:
        """(rect.height, rect.width, 3) uint8 RGB: what the level has in `rect`, its own pixels. Raises OSError."""
        side = self.layout.tile
        pixels = np.empty((rect.height, rect.width, 3), np.uint8)
        for row in range(rect.y // side, (rect.bottom - 1) // side + 1):
            for column in range(rect.x // side, (rect.right - 1) // side + 1):
                part = Rect(column * side, row * side, side, side).intersect(rect)
                if part is not None:
                    inside = Rect(part.x - column * side, part.y - row * side, part.width, part.height)
                    place = Rect(part.x - rect.x, part.y - rect.y, part.width, part.height)
                    pixels[place.slices] = self.tile(level, column, row)[inside.slices]
        return pixels

    def rows_of(self, level: Level, finished: int) -> int:
        """How many rows of tiles of `level` are whole once `finished` of the largest level are."""
        largest = self.layout.levels[0]
        if finished >= largest.rows:
            return level.rows
        return (finished * self.layout.tile // level.scale) // self.layout.tile

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _halved(rows: Picture) -> Picture:
    """The mean of each 2 × 2 pixels; an odd last row or column stands for two."""
    import cv2  # noqa: PLC0415  takes 0.2 s, and only the process that makes tiles needs it

    height, width = rows.shape[:2]
    if height % 2 or width % 2:
        rows = np.pad(rows, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    half = cv2.resize(rows, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)
