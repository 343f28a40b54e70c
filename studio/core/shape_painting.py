"""Which pixels a shape covers, and a semantic mask from many shapes. A pixel is judged by its centre."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.raster import Rect, ring_pixels
from studio.core.shapes import STROKES, XY, Carried, Ring, Shape, Shaped, ShapeKind
from studio.core.sweep import Sweep

Covered = tuple[Rect, Region]
"""A rectangle inside the image and which of its pixels are covered, (rect.height, rect.width) bool."""


def covered(shape: Shape, width: int, height: int) -> Covered | None:
    """The pixels of a shape inside an image of that size, whatever its class; None where there are none.

    Raises ValueError for a bitmap whose run lengths do not fill it.
    """
    image = Rect(0, 0, width, height)
    if shape.kind is ShapeKind.POLYGON:
        return _of_parts(shape, image)
    if shape.kind is ShapeKind.MASK:
        return _of_bitmap(shape, image)
    if shape.kind in STROKES:
        return _of_strokes(shape, image) if shape.stroke > 0 else None
    if len(shape.points) < 2:
        return None
    if shape.kind is ShapeKind.RECTANGLE:
        return _of_rings((rectangle_ring(shape),), image)
    return _of_ellipse(shape, image)


def painting_order(shapes: Sequence[Shape]) -> list[int]:
    """Indices of the shapes, the one to be painted first at the beginning."""
    return sorted(range(len(shapes)), key=lambda index: shapes[index].layer)


def paint(carried: Carried) -> Mask:
    """The mask that the shapes make, (height, width) uint8. Raises ValueError for a damaged bitmap."""
    mask = np.full((carried.height, carried.width), carried.fill, np.uint8)
    for index in painting_order(carried.shapes):
        shape = carried.shapes[index]
        found = covered(shape, carried.width, carried.height) if shape.class_id is not None else None
        if found is not None and shape.class_id is not None:
            np.copyto(mask[found[0].slices], np.uint8(shape.class_id), where=found[1])
    return mask


def painted(carried: Carried) -> Shaped:
    """The shapes and the mask that they make, as an importer hands them over. Raises ValueError."""
    return Shaped(paint(carried), carried)


def rectangle_ring(shape: Shape) -> Ring:
    """The four corners of a rectangle, its rotation applied."""
    (ax, ay), (bx, by) = shape.points[:2]
    corners = ((ax, ay), (bx, ay), (bx, by), (ax, by))
    if not shape.rotation:
        return corners
    cx, cy = (ax + bx) / 2, (ay + by) / 2
    cos, sin = math.cos(math.radians(shape.rotation)), math.sin(math.radians(shape.rotation))
    return tuple((cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos) for x, y in corners)


def ellipse_radii(shape: Shape) -> XY:
    """Horizontal and vertical radius, before the rotation, of a circle or an ellipse."""
    (cx, cy), (x, y) = shape.points[:2]
    if shape.kind is ShapeKind.CIRCLE:
        radius = math.hypot(x - cx, y - cy)
        return radius, radius
    return abs(x - cx), abs(y - cy)


def bounds(points: Iterable[XY]) -> tuple[float, float, float, float]:
    """Smallest and largest x, y of some points: (left, top, right, bottom)."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _pixels_around(points: Iterable[XY], image: Rect, margin: float = 0.0) -> Rect | None:
    left, top, right, bottom = bounds(points)
    left, top = max(left - margin, image.x), max(top - margin, image.y)
    right, bottom = min(right + margin, image.right), min(bottom + margin, image.bottom)
    if not (left < right and top < bottom):
        return None
    x, y = floor(left), floor(top)
    return Rect(x, y, ceil(right) - x, ceil(bottom) - y)


def _of_rings(rings: Iterable[Ring], image: Rect) -> Covered | None:
    rings = [ring for ring in rings if len(ring) > 2]
    rect = _pixels_around((point for ring in rings for point in ring), image) if rings else None
    return (rect, ring_pixels(rect, rings)) if rect is not None else None


def _of_parts(shape: Shape, image: Rect) -> Covered | None:
    return _together([found for part in shape.parts if (found := _of_rings(part, image))])


def _of_bitmap(shape: Shape, image: Rect) -> Covered | None:
    bitmap = shape.bitmap
    if bitmap is None:
        return None
    box = Rect(bitmap.x, bitmap.y, bitmap.width, bitmap.height)
    inside = box.intersect(image)
    if inside is None:
        return None
    return inside, bitmap.region[Rect(inside.x - box.x, inside.y - box.y, inside.width, inside.height).slices]


def _of_strokes(shape: Shape, image: Rect) -> Covered | None:
    found: list[Covered] = []
    for a, b in _segments(shape):
        rect = _pixels_around((a, b), image, shape.stroke / 2)
        if rect is not None:
            found.append((rect, Sweep.even(a, b, shape.stroke).pixels(rect)))
    return _together(found)


def _segments(shape: Shape) -> Iterator[tuple[XY, XY]]:
    if shape.kind in (ShapeKind.POINT, ShapeKind.POINTS) or len(shape.points) == 1:
        return ((point, point) for point in shape.points)
    return zip(shape.points, shape.points[1:], strict=False)


def _of_ellipse(shape: Shape, image: Rect) -> Covered | None:
    cx, cy = shape.points[0]
    rx, ry = ellipse_radii(shape)
    if not rx or not ry:
        return None
    cos, sin = math.cos(math.radians(shape.rotation)), math.sin(math.radians(shape.rotation))
    reach_x, reach_y = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
    rect = _pixels_around(((cx - reach_x, cy - reach_y), (cx + reach_x, cy + reach_y)), image)
    if rect is None:
        return None
    xs = np.arange(rect.x, rect.right) + (0.5 - cx)
    ys = (np.arange(rect.y, rect.bottom) + (0.5 - cy))[:, None]
    along, across = (xs * cos + ys * sin) / rx, (ys * cos - xs * sin) / ry
    return rect, along * along + across * across <= 1


def _together(found: Sequence[Covered]) -> Covered | None:
    """The union of several parts."""
    if len(found) < 2:
        return found[0] if found else None
    whole = found[0][0]
    for rect, _ in found[1:]:
        whole = whole.union(rect)
    region = np.zeros((whole.height, whole.width), np.bool_)
    for rect, pixels in found:
        region[Rect(rect.x - whole.x, rect.y - whole.y, rect.width, rect.height).slices] |= pixels
    return whole, region
