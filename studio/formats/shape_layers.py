"""Which of several shapes that cover each other is seen, where their format does not say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from studio.core.shape_painting import bounds
from studio.core.shapes import Shape, ShapeKind


def smaller_above_larger(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """The same shapes in the same order, smaller ones in higher layers, so that each is seen."""
    order = sorted(range(len(shapes)), key=lambda index: -_box_area(shapes[index]))
    layers = {index: layer for layer, index in enumerate(order)}
    return tuple(msgspec.structs.replace(shape, layer=layers[index]) for index, shape in enumerate(shapes))


def _box_area(shape: Shape) -> float:
    points = shape.points if shape.kind is not ShapeKind.POLYGON else [p for part in shape.parts for p in part[0]]
    if not points:
        return 0.0
    left, top, right, bottom = bounds(points)
    return (right - left) * (bottom - top)
