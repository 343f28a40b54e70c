"""One COCO annotation as a shape, and a shape as COCO's segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from studio.core.points import Keypoint, Visibility
from studio.core.run_lengths import compress, expand, lengths_of
from studio.core.shape_painting import bounds, covered, rectangle_ring
from studio.core.shapes import Bitmap, Part, Shape, ShapeKind
from studio.formats.coco_file import CocoAnnotation, CocoRuns

KEYPOINT_CENTRE: Final = 0.5
"""COCO counts whole pixels for keypoints; their place in this program is the pixel's centre."""

_FLAGS: Final = {0: Visibility.ABSENT, 1: Visibility.HIDDEN, 2: Visibility.VISIBLE}
_OWN: Final = ("image_id", "category_id", "segmentation", "iscrowd", "attributes")
_LISTED: Final = "counts_as_list"


def to_shape(annotation: CocoAnnotation, values: dict[str, Any], *, label: str, class_id: int | None) -> Shape:
    """`values` is the annotation as it stands; what the shape does not name stays in `rest`.

    Raises ValueError with what is wrong.
    """
    rest = {key: value for key, value in values.items() if key not in _OWN}
    found = annotation.segmentation
    shape = Shape(
        kind=ShapeKind.NOTHING,
        label=label,
        class_id=class_id,
        crowd=bool(annotation.iscrowd),
        attributes=annotation.attributes,
        rest=rest,
    )
    if isinstance(found, CocoRuns):
        if not isinstance(found.counts, str):
            rest[_LISTED] = True
        return msgspec.structs.replace(shape, kind=ShapeKind.MASK, bitmap=_bitmap(found))
    if found:
        return msgspec.structs.replace(shape, kind=ShapeKind.POLYGON, parts=tuple(_polygons(found)))
    if annotation.bbox:
        if len(annotation.bbox) != 4 or min(annotation.bbox[2:]) < 0:
            raise ValueError("its bbox is not x, y, width, height")
        x, y, width, height = annotation.bbox
        return msgspec.structs.replace(shape, kind=ShapeKind.RECTANGLE, points=((x, y), (x + width, y + height)))
    if annotation.keypoints:
        return shape
    raise ValueError("it has neither a segmentation nor a bbox")


def to_points(annotation: CocoAnnotation, *, instance: int, names: int) -> list[Keypoint]:
    """Its keypoints; none where none of them is labelled. Raises ValueError."""
    numbers = annotation.keypoints or []
    if len(numbers) != 3 * names:
        raise ValueError(f"it has {len(numbers):,} keypoint numbers and not three for each of {names} names")
    if not any(numbers[2::3]):
        return []
    points: list[Keypoint] = []
    for index in range(names):
        x, y, flag = numbers[3 * index : 3 * index + 3]
        if flag not in _FLAGS:
            raise ValueError(f"the visibility {flag:g} is not 0, 1 or 2")
        place = x + KEYPOINT_CENTRE, y + KEYPOINT_CENTRE
        points.append(Keypoint(index=index, x=place[0], y=place[1], visibility=_FLAGS[int(flag)], instance=instance))
    return points


def from_points(points: Sequence[Keypoint], names: int) -> list[float]:
    """x, y, v for each of `names` keypoints of one instance; zeros where a point was not placed."""
    flags = {visibility: flag for flag, visibility in _FLAGS.items()}
    numbers: list[float] = [0] * (3 * names)
    for point in points:
        numbers[3 * point.index : 3 * point.index + 3] = [
            _short(point.x - KEYPOINT_CENTRE),
            _short(point.y - KEYPOINT_CENTRE),
            flags[point.visibility],
        ]
    return numbers


def segmentation(shape: Shape, width: int, height: int) -> tuple[Any, int, list[float]] | None:
    """COCO's segmentation, area and bbox of a shape; None where it covers no pixel of the image.

    Polygons where the region is made of outlines without holes, else run lengths of the whole image, which hold any
    region. The area is in pixels that are covered, as pycocotools counts run lengths.
    """
    found = covered(shape, width, height)
    if found is None or not found[1].any():
        return None
    rect, region = found
    area = int(np.count_nonzero(region))
    if shape.kind is ShapeKind.RECTANGLE:
        shape = msgspec.structs.replace(shape, kind=ShapeKind.POLYGON, parts=((rectangle_ring(shape),),))
    if shape.kind is ShapeKind.POLYGON and not shape.crowd and all(len(part) == 1 for part in shape.parts):
        points = [point for part in shape.parts for point in part[0]]
        left, top, right, bottom = bounds(points)
        return (
            [[v for xy in part[0] for v in xy] for part in shape.parts],
            area,
            [left, top, right - left, bottom - top],
        )
    rows, columns = np.nonzero(region.any(axis=1))[0], np.nonzero(region.any(axis=0))[0]
    x, y = rect.x + int(columns[0]), rect.y + int(rows[0])
    box = [float(x), float(y), float(columns[-1] - columns[0] + 1), float(rows[-1] - rows[0] + 1)]
    whole = np.zeros((height, width), np.bool_)
    whole[rect.slices] = region
    counts = lengths_of(whole)
    runs = {"size": [height, width], "counts": counts if shape.rest.get(_LISTED) or shape.crowd else compress(counts)}
    return runs, area, box


def original_segmentation(shape: Shape) -> Any:
    """The segmentation that `to_shape` made the shape from."""
    if shape.kind is ShapeKind.POLYGON:
        return [[v for xy in part[0] for v in xy] for part in shape.parts]
    if shape.bitmap is not None:
        counts = expand(shape.bitmap.counts) if shape.rest.get(_LISTED) else shape.bitmap.counts
        return {"size": [shape.bitmap.height, shape.bitmap.width], "counts": counts}
    return []


def carried_values(shape: Shape) -> dict[str, Any]:
    """What the annotation said beyond the shape."""
    return {key: value for key, value in shape.rest.items() if key != _LISTED}


def _bitmap(runs: CocoRuns) -> Bitmap:
    height, width = runs.size
    bitmap = Bitmap(0, 0, width, height, runs.counts if isinstance(runs.counts, str) else compress(runs.counts))
    lengths = expand(bitmap.counts)
    if min(lengths, default=0) < 0 or sum(lengths) != width * height:
        raise ValueError("its run lengths do not fill its size")
    return bitmap


def _polygons(found: list[list[float] | float]) -> list[Part]:
    flat = [value for value in found if not isinstance(value, list)]
    polygons = [flat] if len(flat) == len(found) else [value for value in found if isinstance(value, list)]
    if any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
        raise ValueError("a polygon of it has fewer than three points or an odd count of numbers")
    return [(tuple(zip(polygon[::2], polygon[1::2], strict=True)),) for polygon in polygons]


def _short(value: float) -> float:
    rounded = round(value, 6)
    return int(rounded) if rounded.is_integer() else rounded
