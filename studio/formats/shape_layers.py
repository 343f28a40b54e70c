"""Which of several shapes that cover each other is seen, where their format does not say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from studio.core.shape_painting import bounds
from studio.core.shapes import Ring, Shape, ShapeKind


def smaller_above_larger(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """The same shapes in the same order, smaller ones in higher layers, so that each is seen."""
    order = sorted(range(len(shapes)), key=lambda index: -_area(shapes[index]))
    layers = {index: layer for layer, index in enumerate(order)}
    return tuple(msgspec.structs.replace(shape, layer=layers[index]) for index, shape in enumerate(shapes))


def _area(shape: Shape) -> float:
    """Of a polygon what its outlines enclose, of everything else its box."""
    if shape.kind is ShapeKind.POLYGON:
        return sum(_enclosed(part[0]) for part in shape.parts)
    left, top, right, bottom = bounds(shape.points) if shape.points else (0.0, 0.0, 0.0, 0.0)
    return (right - left) * (bottom - top)


def _enclosed(ring: Ring) -> float:
    pairs = zip(ring, (*ring[1:], *ring[:1]), strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2
