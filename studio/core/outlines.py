"""Outlines of a region along the edges of its pixels: filling them gives back the region, pixel for pixel."""

from __future__ import annotations

import numpy as np

from studio.core.arrays import Region
from studio.core.shapes import Part, Ring


def outline(region: Region, *, x: int = 0, y: int = 0) -> Part:
    """The closed lines around a (H, W) bool region whose top left pixel is (x, y), largest box first; empty for an
    empty region. They turn only at corners and run along whole pixels; filled by the even-odd rule they are the region.

    Corners in one row are joined in pairs by horizontal lines, those in one column by vertical ones: between the first
    and the second corner of a row the pixels above and below differ, between the second and the third they do not.
    """
    padded = np.pad(region, 1).astype(np.int8)
    quads = padded[:-1, :-1] - padded[:-1, 1:] - padded[1:, :-1] + padded[1:, 1:]
    rows, columns = np.nonzero(quads)
    # Where two pixels meet at a corner only, two lines turn in the same place.
    times = np.abs(quads[rows, columns])
    rows, columns = np.repeat(rows, times), np.repeat(columns, times)
    across = _partners(np.lexsort((columns, rows)))
    down = _partners(np.lexsort((rows, columns)))
    points = list(zip((columns + x).astype(float).tolist(), (rows + y).astype(float).tolist(), strict=True))
    rings = _follow(across.tolist(), down.tolist(), points)
    return tuple(sorted(rings, key=_box_area, reverse=True))


def _partners(order: np.ndarray) -> np.ndarray:
    """By corner, the corner that its line leads to: the first of `order` to the second, the third to the fourth …"""
    partners = np.empty_like(order)
    partners[order[0::2]] = order[1::2]
    partners[order[1::2]] = order[0::2]
    return partners


def _follow(across: list[int], down: list[int], points: list[tuple[float, float]]) -> list[Ring]:
    seen = bytearray(len(points))
    rings: list[Ring] = []
    for start in range(len(points)):
        if seen[start]:
            continue
        corner = start
        ring: list[tuple[float, float]] = []
        while not seen[corner]:
            neighbour = across[corner]
            seen[corner] = seen[neighbour] = 1
            ring += [points[corner], points[neighbour]]
            corner = down[neighbour]
        rings.append(tuple(ring))
    return rings


def _box_area(ring: Ring) -> float:
    xs, ys = zip(*ring, strict=True)
    return (max(xs) - min(xs)) * (max(ys) - min(ys))
