"""CVAT's annotations as this program's shapes, and back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from studio.core.arrays import Region
from studio.core.images import MAX_PIXELS
from studio.core.shape_painting import covered, ellipse_radii
from studio.core.shapes import STROKES, XY, Bitmap, Part, Shape, ShapeKind
from studio.formats.xml_values import add, number, parse_xml, short, writable

CVAT: Final = "cvat"
OCCLUDED: Final = "occluded"
_KINDS: Final = {
    "box": ShapeKind.RECTANGLE,
    "polygon": ShapeKind.POLYGON,
    "polyline": ShapeKind.LINESTRIP,
    "points": ShapeKind.POINTS,
    "ellipse": ShapeKind.ELLIPSE,
    "mask": ShapeKind.MASK,
}
_LEAST: Final = {ShapeKind.POLYGON: 3, ShapeKind.LINESTRIP: 2, ShapeKind.POINTS: 1}
_CARRIED: Final = ("tag", "skeleton", "cuboid")
"""What has no area of its own: kept as its text and written again."""

_BOXED: Final = (ShapeKind.RECTANGLE, ShapeKind.ELLIPSE, ShapeKind.CIRCLE)
_GEOMETRY: Final = (
    *("points", "xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry", "rotation"),
    *("rle", "left", "top", "width", "height"),
)
_OWN: Final = ("label", "z_order", "group_id", OCCLUDED, *_GEOMETRY)
_TEXT: Final = "xml"
_VALUES: Final = "values"


def to_shape(element: ET.Element, *, class_id: int | None, stroke: float) -> Shape:
    """Raises ValueError with what is wrong."""
    kind = _KINDS.get(element.tag, ShapeKind.NOTHING)
    if kind is ShapeKind.NOTHING and element.tag not in _CARRIED:
        raise ValueError(f"there is no annotation of the kind {element.tag}")
    if kind is ShapeKind.NOTHING:
        rest: dict[str, Any] = {_TEXT: ET.tostring(element, encoding="unicode").strip()}
        return Shape(kind=kind, label=element.get("label", ""), class_id=None, rest=rest)
    points, parts, bitmap = _geometry(element, kind)
    values = {key: value for key, value in element.attrib.items() if key not in _OWN}
    return Shape(
        kind=kind,
        label=element.get("label", ""),
        class_id=class_id,
        points=points,
        parts=parts,
        bitmap=bitmap,
        rotation=number(element.get("rotation", "0"), "rotation"),
        stroke=stroke if kind in STROKES else 0.0,
        layer=int(number(element.get("z_order", "0"), "z_order")),
        group=int(number(element.get("group_id"), "group_id")) if element.get("group_id") else None,
        flags={OCCLUDED: True} if element.get(OCCLUDED) == "1" else {},
        attributes={each.get("name", ""): each.text or "" for each in element.iter("attribute")},
        rest={_VALUES: values} if values else {},
    )


def _geometry(element: ET.Element, kind: ShapeKind) -> tuple[tuple[XY, ...], tuple[Part, ...], Bitmap | None]:
    """The points, the parts and the bitmap of a shape. Raises ValueError."""
    if kind is ShapeKind.RECTANGLE:
        left, top, right, bottom = (number(element.get(side), side) for side in ("xtl", "ytl", "xbr", "ybr"))
        return ((left, top), (right, bottom)), (), None
    if kind is ShapeKind.ELLIPSE:
        cx, cy, rx, ry = (number(element.get(name), name) for name in ("cx", "cy", "rx", "ry"))
        return ((cx, cy), (cx + rx, cy + ry)), (), None
    if kind is ShapeKind.MASK:
        return (), (), _bitmap(element)
    points = tuple(read_points(element))
    if len(points) < _LEAST[kind]:
        raise ValueError(f"a {element.tag} needs {_LEAST[kind]} points and has {len(points)}")
    return ((), ((points,),), None) if kind is ShapeKind.POLYGON else (points, (), None)


def read_points(element: ET.Element) -> list[XY]:
    """`x,y;x,y`. Raises ValueError."""
    points: list[XY] = []
    for pair in filter(None, element.get("points", "").split(";")):
        x, _, y = pair.partition(",")
        points.append((number(x, "point's x"), number(y, "point's y")))
    return points


def _bitmap(element: ET.Element) -> Bitmap:
    """Run lengths row by row, beginning with how many pixels are not covered. Raises ValueError."""
    left, top, width, height = (int(number(element.get(side), side)) for side in ("left", "top", "width", "height"))
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"its mask has {width}×{height} pixels")
    runs = [part.strip() for part in element.get("rle", "").split(",")]
    if not all(run.isascii() and run.isdecimal() for run in runs):
        raise ValueError("its run lengths are not whole numbers")
    lengths = [int(run) for run in runs]
    if sum(lengths) != width * height:
        raise ValueError(f"its run lengths add up to {sum(lengths):,} pixels and not to {width}×{height}")
    region = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(height, width)
    return Bitmap.of(region, x=left, y=top)


def original_element(shape: Shape) -> ET.Element | None:
    """What `to_shape` kept as text; None for every other shape or where it is damaged."""
    text = shape.rest.get(_TEXT)
    return parse_xml(text) if isinstance(text, str) else None


def to_element(shape: Shape, width: int, height: int) -> ET.Element | None:
    """A shape as CVAT's annotation in an image of this size; None where CVAT has none for it or it covers no pixel.

    CVAT's polygons have neither holes nor parts: what has is a mask, which holds any region.
    """
    if shape.kind is ShapeKind.POLYGON and len(shape.parts) == 1 and len(shape.parts[0]) == 1:
        return _element(shape, "polygon", {"points": write_points(shape.parts[0][0])})
    if shape.kind in STROKES:
        line = shape.kind in (ShapeKind.LINE, ShapeKind.LINESTRIP)
        return _element(shape, "polyline" if line else "points", {"points": write_points(shape.points)})
    if shape.kind in _BOXED and len(shape.points) > 1:
        return _boxed(shape)
    return None if shape.kind is ShapeKind.NOTHING else _mask(shape, width, height)


def _boxed(shape: Shape) -> ET.Element:
    (ax, ay), (bx, by) = shape.points[:2]
    if shape.kind is ShapeKind.RECTANGLE:
        # CVAT's first corner is the upper left one.
        box = {"xtl": min(ax, bx), "ytl": min(ay, by), "xbr": max(ax, bx), "ybr": max(ay, by)}
        return _element(shape, "box", {name: short(value) for name, value in box.items()})
    rx, ry = ellipse_radii(shape)
    ellipse = {"cx": ax, "cy": ay, "rx": rx, "ry": ry}
    return _element(shape, "ellipse", {name: short(value) for name, value in ellipse.items()})


def write_points(points: Sequence[XY]) -> str:
    return ";".join(f"{short(x)},{short(y)}" for x, y in points)


def _mask(shape: Shape, width: int, height: int) -> ET.Element | None:
    bitmap = shape.bitmap
    if bitmap is not None:
        return _element(shape, "mask", _runs(bitmap.region, bitmap.x, bitmap.y))
    found = covered(shape, width, height)
    if found is None or not found[1].any():
        return None
    return _element(shape, "mask", _runs(found[1], found[0].x, found[0].y))


def _runs(region: Region, x: int, y: int) -> dict[str, str]:
    flat = region.ravel()
    ends = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]])
    lengths = np.diff(ends).tolist()
    runs = ", ".join(map(str, [0, *lengths] if flat[0] else lengths))
    return {"rle": runs, "left": str(x), "top": str(y), "width": str(region.shape[1]), "height": str(region.shape[0])}


def _element(shape: Shape, tag: str, geometry: Mapping[str, str]) -> ET.Element:
    kept = shape.rest.get(_VALUES)
    values: dict[str, str] = {"label": shape.label, "source": "manual", **(kept if isinstance(kept, dict) else {})}
    values |= {OCCLUDED: str(int(shape.flags.get(OCCLUDED, False))), **geometry, "z_order": str(shape.layer)}
    if shape.rotation:
        values["rotation"] = short(shape.rotation % 360)
    if isinstance(shape.group, int):
        values["group_id"] = str(shape.group)
    element = ET.Element(tag, {key: writable(value) for key, value in values.items()})
    for name, value in shape.attributes.items():
        add(element, "attribute", value).set("name", writable(name))
    return element
