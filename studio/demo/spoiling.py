"""Labels made wrong on purpose, as people make them wrong, so that Review has something to find."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.points import Points
from studio.demo.street_picture import BUILDING, CAR, CLASSES, PAVEMENT_ID, ROAD, SKY, TREE

SMALLEST_SHARE: Final = 0.06
"""A mistake covers at least this share of the picture, or another kind is made."""

MOVED_BY: Final = 60.0
"""How far wrong points lie from where they belong, in pixels."""


@dataclasses.dataclass(frozen=True)
class SpoiltMask:
    mask: Mask
    what: str


def spoil_mask(mask: Mask, dice: random.Random) -> SpoiltMask:
    """A copy with one mistake that covers at least `SMALLEST_SHARE` of the picture, and what it is."""
    kinds: list[Callable[[Mask], SpoiltMask]] = [
        lambda m: _swap(m, ROAD, PAVEMENT_ID),
        lambda m: _swap(m, SKY, BUILDING),
        lambda m: _paint_over(m, CAR, BUILDING),
        lambda m: _paint_over(m, TREE, BUILDING),
        lambda m: _half_forgotten(m, dice),
    ]
    dice.shuffle(kinds)
    for kind in kinds:
        spoilt = kind(mask)
        if np.count_nonzero(spoilt.mask != mask) >= SMALLEST_SHARE * mask.size:
            return spoilt
    return _swap(mask, ROAD, SKY)


def _swap(mask: Mask, first: int, second: int) -> SpoiltMask:
    table = np.arange(256, dtype=np.uint8)
    table[first], table[second] = second, first
    return SpoiltMask(table[mask], f"{CLASSES[first][0]} and {CLASSES[second][0]} are swapped")


def _paint_over(mask: Mask, what: int, by: int) -> SpoiltMask:
    table = np.arange(256, dtype=np.uint8)
    table[what] = by
    return SpoiltMask(table[mask], f"every {CLASSES[what][0]} is painted as {CLASSES[by][0]}")


def _half_forgotten(mask: Mask, dice: random.Random) -> SpoiltMask:
    """One side of the street painted over as if a flood fill had run out."""
    spoilt = mask.copy()
    middle = mask.shape[1] // 2
    left = dice.random() < 0.5
    side = spoilt[:, :middle] if left else spoilt[:, middle:]
    side[(side == BUILDING) | (side == TREE)] = SKY
    return SpoiltMask(spoilt, f"building and tree on the {'left' if left else 'right'} are painted as sky")


@dataclasses.dataclass(frozen=True)
class SpoiltPoints:
    points: Points
    what: str


def spoil_points(points: Points, names: Sequence[str], size: tuple[int, int], dice: random.Random) -> SpoiltPoints:
    """One point, or all of them, moved by `MOVED_BY` pixels to where the picture has room; and which."""
    moved = [dice.randrange(len(points.placed))] if dice.random() < 0.5 else list(range(len(points.placed)))
    width, height = size
    placed = list(points.placed)
    x, y = points.placed[moved[0]].x, points.placed[moved[0]].y
    dx, dy = ((1, 0) if x < width / 2 else (-1, 0)) if dice.random() < 0.5 else ((0, 1) if y < height / 2 else (0, -1))
    for index in moved:
        point = placed[index]
        placed[index] = type(point)(
            index=point.index, x=point.x + dx * MOVED_BY, y=point.y + dy * MOVED_BY, visibility=point.visibility
        )
    which = " and ".join(names[i] for i in moved) if len(moved) < len(placed) else "every point"
    return SpoiltPoints(Points(tuple(placed)), f"{which} moved by {MOVED_BY:.0f} pixels")
