"""labelme's shapes as this program's, and back."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any, Final

import numpy as np
from PIL import Image

from studio.core.arrays import Region
from studio.core.images import MAX_PIXELS
from studio.core.shape_painting import covered
from studio.core.shapes import STROKES, Bitmap, Shape, ShapeKind
from studio.formats.labelme_file import LabelmeShape

LABELME: Final = "labelme"
_OWN: Final = ("label", "points", "shape_type", "group_id", "description", "flags")
_CREATED: Final = "polygon"
_KINDS: Final = {
    "polygon": (ShapeKind.POLYGON, 3),
    "rectangle": (ShapeKind.RECTANGLE, 2),
    "circle": (ShapeKind.CIRCLE, 2),
    "line": (ShapeKind.LINE, 2),
    "linestrip": (ShapeKind.LINESTRIP, 2),
    "point": (ShapeKind.POINT, 1),
    "points": (ShapeKind.POINTS, 1),
    "mask": (ShapeKind.MASK, 1),
}
_NAMES: Final = {kind: name for name, (kind, _) in _KINDS.items()}


def to_shape(found: LabelmeShape, values: dict[str, Any], *, class_id: int | None, stroke: float) -> Shape:
    """`values` is the shape as it stands; what the shape does not name stays in `rest`. Raises ValueError."""
    name = found.shape_type or _CREATED
    if name not in _KINDS:
        raise ValueError(f"there is no shape type {name}")
    kind, least = _KINDS[name]
    if len(found.points) < least:
        raise ValueError(f"a {name} needs {least} points and has {len(found.points)}")
    if kind is ShapeKind.RECTANGLE and len(found.points) > 2:
        kind = ShapeKind.POLYGON
    points = tuple(found.points)
    return Shape(
        kind=kind,
        label=found.label,
        class_id=class_id,
        points=() if kind is ShapeKind.POLYGON else points,
        parts=((points,),) if kind is ShapeKind.POLYGON else (),
        bitmap=_bitmap(found) if kind is ShapeKind.MASK else None,
        stroke=stroke if kind in STROKES else 0.0,
        group=found.group_id,
        flags=found.flags or {},
        description=found.description,
        rest={**{key: value for key, value in values.items() if key not in _OWN}, "shape_type": name},
    )


def original_values(shape: Shape) -> dict[str, Any]:
    """labelme's values of a shape that `to_shape` made and nobody changed."""
    points = shape.parts[0][0] if shape.kind is ShapeKind.POLYGON else shape.points
    return {**_common(shape), **shape.rest, "points": [list(point) for point in points]}


def drawn_values(shape: Shape, width: int, height: int) -> list[dict[str, Any]]:
    """labelme's values of any other shape; nothing where it covers no pixel.

    An outline without holes is a polygon and what labelme has a type for keeps it. Every other region, for labelme's
    polygons have neither holes nor parts, is a mask.
    """
    common = _common(shape)
    whole = shape.kind is ShapeKind.POLYGON and len(shape.parts) == 1 and len(shape.parts[0]) == 1
    if whole or (shape.kind in _NAMES and shape.kind not in (ShapeKind.POLYGON, ShapeKind.MASK) and not shape.rotation):
        points = shape.parts[0][0] if whole else shape.points
        kind = "polygon" if whole else _NAMES[shape.kind]
        return [{**common, "points": [list(point) for point in points], "shape_type": kind, "mask": None}]
    found = covered(shape, width, height)
    if found is None or not found[1].any():
        return []
    rect, region = found
    corners = [[rect.x, rect.y], [rect.right - 1, rect.bottom - 1]]
    return [{**common, "points": corners, "shape_type": "mask", "mask": _png(region)}]


def _common(shape: Shape) -> dict[str, Any]:
    return {
        "label": shape.label,
        "group_id": shape.group,
        "description": shape.description,
        "flags": shape.flags,
    }


def _bitmap(found: LabelmeShape) -> Bitmap:
    """The mask's PNG lies with its top left pixel on the first point's whole part. Raises ValueError."""
    if not found.mask:
        raise ValueError("a mask needs a PNG in base64")
    try:
        data = base64.b64decode(found.mask, validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"its mask has {image.width}×{image.height} pixels")
            region = np.asarray(image.convert("L")) > 0
    except (binascii.Error, OSError, SyntaxError) as error:
        raise ValueError(f"its mask is no PNG in base64 ({error})") from error
    x, y = found.points[0]
    return Bitmap.of(region, x=int(x), y=int(y))


def _png(region: Region) -> str:
    buffer = io.BytesIO()
    Image.fromarray(region).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
