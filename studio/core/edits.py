"""Edits: reversible changes of an annotation that hold only what changed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

import msgspec
import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.points import Points
from studio.core.raster import Rect
from studio.core.tags import Tags
from studio.core.tiles import TILE, TilePatch, is_plain, plain, plain_value, tile_rect

_HEADER: Final = struct.Struct("<4sIII")
_MAGIC: Final = b"MSK1"


@dataclass(frozen=True, slots=True)
class MaskEdit:
    """A change of a (height, width) mask: the tiles in which a pixel changed, before and after."""

    what: str
    width: int
    height: int
    patches: tuple[TilePatch, ...]
    _encoded: bytes | None = field(default=None, repr=False, compare=False)
    _delta: dict[int, int] | None = field(default=None, repr=False, compare=False)
    """What `encode` and `class_delta` say, where that was worked out already."""

    @classmethod
    def between(cls, old: Mask, new: Mask, what: str) -> MaskEdit:
        """What turns `old` into `new`, two masks of one shape."""
        height, width = old.shape
        bands = (
            (row, np.flatnonzero((old[y : y + TILE] != new[y : y + TILE]).any(axis=0)) // TILE)
            for row, y in enumerate(range(0, height, TILE))
        )
        rects = (tile_rect(row, int(column), width, height) for row, columns in bands for column in np.unique(columns))
        return cls(what, width, height, tuple(TilePatch(r, old[r.slices].copy(), new[r.slices].copy()) for r in rects))

    def prepared(self) -> MaskEdit:
        """The same, with what takes long for a journal to find out worked out on this thread."""
        return replace(self.counted(), _encoded=self.encode())

    def counted(self) -> MaskEdit:
        """The same, with `class_delta` worked out on this thread."""
        return replace(self, _delta=self.class_delta())

    @property
    def bounds(self) -> Rect | None:
        """A rectangle around everything that changed; None for an edit that changes nothing."""
        return bounds_of(patch.rect for patch in self.patches)

    def apply(self, mask: Mask) -> Rect | None:
        """Bring `mask` from before to after; pixels that the edit did not change stay as they are, whatever they are.

        Returns what to redraw.
        """
        self._check(mask)
        _put(mask, ((patch.rect, patch.old, patch.new) for patch in self.patches))
        return self.bounds

    def put(self, mask: Mask) -> Rect | None:
        """`apply`, sooner, for a mask that is known to be as it was before the edit."""
        self._check(mask)
        for value, tiles in groupby(self.patches, key=lambda patch: plain_value(patch.new)):
            for run in _runs(tiles):
                rect = run[0].rect.union(run[-1].rect)
                rows = np.concatenate([patch.new for patch in run], axis=1) if value is None else value
                mask[rect.slices] = rows
        return self.bounds

    def revert(self, mask: Mask) -> Rect | None:
        """Bring `mask` from after to before, the other way round."""
        self._check(mask)
        _put(mask, ((patch.rect, patch.new, patch.old) for patch in self.patches))
        return self.bounds

    def inverse(self, what: str) -> MaskEdit:
        return MaskEdit(what, self.width, self.height, tuple(TilePatch(p.rect, p.new, p.old) for p in self.patches))

    def onto(self, mask: Mask) -> MaskEdit:
        """This edit for a `mask` that was changed meanwhile: only pixels that are as it found them become new."""
        self._check(mask)
        now = [(patch, mask[patch.rect.slices].copy()) for patch in self.patches]
        patches = (TilePatch(p.rect, m, np.where((m == p.old) & (p.new != p.old), p.new, m)) for p, m in now)
        changing = tuple(patch for patch in patches if not np.array_equal(patch.old, patch.new))
        return MaskEdit(self.what, self.width, self.height, changing)

    def class_delta(self) -> dict[int, int]:
        """By mask value, how many pixels more (or fewer) have it afterwards."""
        if self._delta is not None:
            return self._delta
        delta: dict[int, int] = {}
        for patch in self.patches:
            for plane, sign in ((patch.new, 1), (patch.old, -1)):
                _tally(plane, delta, sign)
        return {value: count for value, count in delta.items() if count}

    def encode(self) -> bytes:
        """Tile numbers, then all old pixels, then all new ones, compressed; `what` is kept beside it.

        A tile of one value, as an unpainted one is, takes one byte; a flag for each tile and time says so.
        """
        if self._encoded is not None:
            return self._encoded
        columns = -(-self.width // TILE)
        numbers = np.array([p.rect.y // TILE * columns + p.rect.x // TILE for p in self.patches], "<u4")
        planes = [patch.old for patch in self.patches] + [patch.new for patch in self.patches]
        flat = [is_plain(plane) or bool((plane == plane[0, 0]).all()) for plane in planes]
        packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
        parts = [
            _HEADER.pack(_MAGIC, self.width, self.height, len(numbers)),
            packer.compress(numbers.tobytes()),
            packer.compress(bytes(flat)),
        ]
        for plane, is_flat in zip(planes, flat, strict=True):
            parts.append(packer.compress((plane[:1, :1] if is_flat else plane).tobytes()))
        parts.append(packer.flush())
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes, what: str) -> MaskEdit:
        """The inverse of `encode`. Raises ValueError when `data` is no such edit."""
        try:
            magic, width, height, number = _HEADER.unpack_from(data)
            body = zlib.decompress(memoryview(data)[_HEADER.size :])
        except (struct.error, zlib.error) as error:
            raise ValueError(f"not a mask edit ({error})") from error
        if magic != _MAGIC:
            raise ValueError(f"not a mask edit (it starts with {magic!r})")
        columns = -(-width // TILE)
        numbers = np.frombuffer(body, "<u4", number)
        flat = body[4 * number : 6 * number]
        rects = [tile_rect(int(n) // columns, int(n) % columns, width, height) for n in numbers]
        pixels = np.frombuffer(body, np.uint8, offset=6 * number)
        planes = list(_cut(pixels, [*rects, *rects], flat))
        patches = (TilePatch(*parts) for parts in zip(rects, planes[:number], planes[number:], strict=True))
        return cls(what, width, height, tuple(patches))

    def _check(self, mask: Mask) -> None:
        if mask.shape != (self.height, self.width):
            raise ValueError(f"an edit of a {self.width}×{self.height} mask does not fit one of shape {mask.shape}")


@dataclass(frozen=True, slots=True)
class PointsEdit:
    """All points of an item before and after."""

    what: str
    old: Points
    new: Points

    def inverse(self, what: str) -> PointsEdit:
        return PointsEdit(what, self.new, self.old)

    def onto(self, points: Points) -> PointsEdit:
        """This edit for `points` that were changed meanwhile: only what is as it found it becomes new."""
        now, old, new = points.by_key(), self.old.by_key(), self.new.by_key()
        touched = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        changed = {key for key in touched if now.get(key) == old.get(key)}
        rest = Points(tuple(point for key, point in now.items() if key not in changed))
        return PointsEdit(self.what, points, rest.updated(new[key] for key in changed if key in new))

    def encode(self) -> bytes:
        return msgspec.json.encode((self.old, self.new))

    @classmethod
    def decode(cls, data: bytes, what: str) -> PointsEdit:
        """The inverse of `encode`. Raises ValueError when `data` is no such edit."""
        old, new = msgspec.json.decode(data, type=tuple[Points, Points])
        return cls(what, old, new)


@dataclass(frozen=True, slots=True)
class TagsEdit:
    """The classes of an item before and after; None where nobody has said anything."""

    what: str
    old: Tags | None
    new: Tags | None

    def inverse(self, what: str) -> TagsEdit:
        return TagsEdit(what, self.new, self.old)

    def onto(self, tags: Tags | None) -> TagsEdit:
        """This edit for `tags` that were changed meanwhile: what somebody else said since stands."""
        return TagsEdit(self.what, tags, self.new if tags == self.old else tags)

    def encode(self) -> bytes:
        return msgspec.json.encode((self.old, self.new))

    @classmethod
    def decode(cls, data: bytes, what: str) -> TagsEdit:
        """The inverse of `encode`. Raises ValueError when `data` is no such edit."""
        old, new = msgspec.json.decode(data, type=tuple[Tags | None, Tags | None])
        return cls(what, old, new)


Edit = MaskEdit | PointsEdit | TagsEdit


def bounds_of(rects: Iterable[Rect]) -> Rect | None:
    """The smallest rectangle around all of them, or None when there are none."""
    corners = [(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height) for rect in rects]
    if not corners:
        return None
    lefts, tops, rights, bottoms = zip(*corners, strict=True)
    x, y = min(lefts), min(tops)
    return Rect(x, y, max(rights) - x, max(bottoms) - y)


def _runs(patches: Iterable[TilePatch]) -> Iterator[list[TilePatch]]:
    """Neighbours in a row together: long rows of pixels are written twice as fast as those of single tiles."""
    run: list[TilePatch] = []
    for patch in patches:
        if run and (patch.rect.y, patch.rect.x) != (run[-1].rect.y, run[-1].rect.right):
            yield run
            run = []
        run.append(patch)
    if run:
        yield run


def _cut(pixels: Mask, rects: Iterable[Rect], flat: bytes) -> Iterator[Mask]:
    """The planes that lie one behind the other in `pixels`; of a plain one there is one pixel."""
    start = 0
    for rect, is_flat in zip(rects, flat, strict=True):
        if is_flat:
            yield plain(int(pixels[start]), rect.height, rect.width)
            start += 1
        else:
            end = start + rect.width * rect.height
            yield pixels[start:end].reshape(rect.height, rect.width)
            start = end
    if start != pixels.size:
        raise ValueError("not a mask edit (its length is wrong)")


def _put(mask: Mask, tiles: Iterable[tuple[Rect, Mask, Mask]]) -> None:
    """Set the pixels in which the two planes of each tile differ. Tiles of one value that follow each other in a row
    are set at once, as most of a huge region are such."""
    for (is_flat, value), run in groupby(tiles, key=_becomes):
        if not is_flat:
            for rect, old, new in run:
                np.copyto(mask[rect.slices], new, where=old != new)
        elif value is not None:
            for rect in _joined(rect for rect, _, _ in run):
                mask[rect.slices] = value


def _becomes(tile: tuple[Rect, Mask, Mask]) -> tuple[bool, int | None]:
    """Whether a tile's planes have one value each, and the one that it takes on; None where that is the same."""
    _, old, new = tile
    if not (is_plain(old) and is_plain(new)):
        return False, None
    value = int(new[0, 0])
    return True, value if int(old[0, 0]) != value else None


def _joined(rects: Iterable[Rect]) -> Iterator[Rect]:
    """Those that follow each other from left to right as one."""
    run: Rect | None = None
    for rect in rects:
        if run is not None and (rect.x, rect.y, rect.height) == (run.x + run.width, run.y, run.height):
            run = Rect(run.x, run.y, run.width + rect.width, run.height)
            continue
        if run is not None:
            yield run
        run = rect
    if run is not None:
        yield run


def _tally(plane: Mask, counts: dict[int, int], sign: int) -> None:
    """Add to `counts` how many pixels have each value. Fast where few values occur."""
    if is_plain(plane):
        value = int(plane[0, 0])
        counts[value] = counts.get(value, 0) + sign * plane.size
        return
    seen: Region = np.zeros(plane.shape, np.bool_)
    left = plane.size
    while left:
        value = int(plane.flat[np.argmin(seen)])
        same = plane == value
        number = int(np.count_nonzero(same))
        counts[value] = counts.get(value, 0) + sign * number
        left -= number
        seen |= same
