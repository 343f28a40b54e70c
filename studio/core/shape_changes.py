"""What an image's shapes are now: the carried ones where nobody changed what they painted, new ones for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.masks import values_in
from studio.core.outlines import outline
from studio.core.raster import Rect
from studio.core.shape_painting import Covered, covered, painting_order
from studio.core.shapes import Bitmap, Carried, Part, Shape, ShapeKind

_Components = tuple[int, npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]
"""Their number, the number of each pixel, their boxes (x, y, width, height, area) and their centres."""

_NOBODY = -1
_NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)


@dataclass(frozen=True, kw_only=True)
class ShapesNow:
    """The shapes of a mask: carried ones first, in their order, then new ones. `same` says for each whether it is as
    the source had it; `dropped` counts carried shapes of which no pixel is left."""

    shapes: tuple[Shape, ...]
    same: tuple[bool, ...]
    dropped: int = 0


def shapes_now(mask: Mask, carried: Carried | None, *, fill: int = UNLABELLED) -> ShapesNow:
    """The shapes that make `mask`, (H, W) uint8; painted in their order they give it back.

    A carried shape whose pixels all have the value that painting gave them is handed out as it was. One of which pixels
    were changed keeps what is left of it, what it hides behind others included; a new region of its class that touches
    it becomes a part of it. It stays a bitmap where it was one, else it becomes a polygon. Every other new region is a
    shape of its own, one for each connected piece. Pixels of `fill` (without `carried`; else `carried.fill`) and
    unlabelled ones are in no shape. Labels of new shapes are empty; the caller knows the classes.
    """
    if carried is None or mask.shape != (carried.height, carried.width):
        new = [_new_shape(rect, region, value) for rect, region, value in _pieces(mask, _paintable(mask, fill))]
        return ShapesNow(shapes=tuple(new), same=(False,) * len(new), dropped=len(carried.shapes) if carried else 0)
    return _Comparison(mask, carried).result()


def _paintable(mask: Mask, fill: int) -> Region:
    return (mask != fill) & (mask != UNLABELLED)


class _Comparison:
    """One mask against what was carried."""

    def __init__(self, mask: Mask, carried: Carried) -> None:
        self._mask = mask
        self._shapes = carried.shapes
        self._found = [
            covered(shape, carried.width, carried.height) if shape.class_id is not None else None
            for shape in carried.shapes
        ]
        self._owner = np.full(mask.shape, _NOBODY, np.int32)
        was = np.full(mask.shape, carried.fill, np.uint8)
        for index in painting_order(carried.shapes):
            found, class_id = self._found[index], carried.shapes[index].class_id
            if found is not None and class_id is not None:
                np.copyto(was[found[0].slices], np.uint8(class_id), where=found[1])
                np.copyto(self._owner[found[0].slices], index, where=found[1])
        self._changed = mask != was
        self._new = self._changed & _paintable(mask, carried.fill)

    def result(self) -> ShapesNow:
        if not self._changed.any():
            return ShapesNow(shapes=self._shapes, same=(True,) * len(self._shapes))
        grown: dict[int, list[Covered]] = {}
        fresh: list[Shape] = []
        for rect, region, value in _pieces(self._mask, self._new):
            owner = self._neighbour(rect, region, value)
            if owner is None:
                fresh.append(_new_shape(rect, region, value))
            else:
                grown.setdefault(owner, []).append((rect, region))
        shapes: list[Shape] = []
        same: list[bool] = []
        for index, shape in enumerate(self._shapes):
            now, untouched = self._now(index, shape, grown.get(index, []))
            if now is not None:
                shapes.append(now)
                same.append(untouched)
        top = max((shape.layer for shape in self._shapes), default=0)
        fresh = [msgspec.structs.replace(shape, layer=top) for shape in fresh]
        return ShapesNow(
            shapes=(*shapes, *fresh),
            same=(*same, *(False for _ in fresh)),
            dropped=len(self._shapes) - len(shapes),
        )

    def _now(self, index: int, shape: Shape, grown: Sequence[Covered]) -> tuple[Shape | None, bool]:
        """A carried shape as it is now, None when nothing is left of it, and whether it is as it was."""
        found = self._found[index]
        if found is None:
            return shape, True
        rect, region = found
        changed = self._changed[rect.slices] & region
        if not grown and not changed.any():
            return shape, True
        pieces = [(rect, region & ~changed), *grown]
        whole = rect
        for piece, _ in grown:
            whole = whole.union(piece)
        pixels = np.zeros((whole.height, whole.width), np.bool_)
        for piece, covers in pieces:
            pixels[Rect(piece.x - whole.x, piece.y - whole.y, piece.width, piece.height).slices] |= covers
        return (_redrawn(shape, whole, pixels) if pixels.any() else None), False

    def _neighbour(self, rect: Rect, region: Region, value: int) -> int | None:
        """The carried shape of class `value` that a new piece touches along most of its pixels."""
        height, width = self._mask.shape
        rows, columns = np.nonzero(region)
        votes: Counter[int] = Counter()
        for dy, dx in _NEIGHBOURS:
            y, x = rows + (rect.y + dy), columns + (rect.x + dx)
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            y, x = y[inside], x[inside]
            owners = self._owner[y, x][~self._changed[y, x]]
            for owner, count in zip(*np.unique(owners[owners != _NOBODY], return_counts=True), strict=True):
                if self._shapes[int(owner)].class_id == value:
                    votes[int(owner)] += int(count)
        return votes.most_common(1)[0][0] if votes else None


def _pieces(mask: Mask, where: Region) -> Iterator[tuple[Rect, Region, int]]:
    """The connected pieces (through sides and corners) of one value among the pixels `where`: their box, which of its
    pixels they are, and their value."""
    for value in values_in(mask[where]):
        for rect, region in _connected((mask == value) & where):
            yield rect, region, value


def _connected(region: Region) -> Iterator[Covered]:
    """The pieces of a region that are connected through sides and corners, each in its box."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    found = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    number, labels, boxes, _ = cast("_Components", found)
    for piece in range(1, number):
        x, y, width, height = (int(side) for side in boxes[piece][:4])
        rect = Rect(x, y, width, height)
        yield rect, labels[rect.slices] == piece


def _new_shape(rect: Rect, region: Region, value: int) -> Shape:
    return Shape(kind=ShapeKind.POLYGON, label="", class_id=value, parts=_parts(rect, region))


def _redrawn(shape: Shape, rect: Rect, region: Region) -> Shape:
    """`shape` with another region; everything else that the source said about it stays."""
    if shape.kind is ShapeKind.MASK or shape.crowd:
        return msgspec.structs.replace(
            shape, kind=ShapeKind.MASK, points=(), parts=(), bitmap=Bitmap.of(region, x=rect.x, y=rect.y)
        )
    return msgspec.structs.replace(
        shape, kind=ShapeKind.POLYGON, points=(), parts=_parts(rect, region), bitmap=None, rotation=0.0, stroke=0.0
    )


def _parts(rect: Rect, region: Region) -> tuple[Part, ...]:
    """One part, an outline with its holes, for each connected piece."""
    return tuple(outline(piece, x=rect.x + box.x, y=rect.y + box.y) for box, piece in _connected(region))
