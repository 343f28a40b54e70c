"""Vector annotations as other programs keep them, carried beside the mask that was painted from them.

A project's label is a mask or points. Other formats hold more: instances, overlaps, holes, flags, groups, attributes.
An importer turns each annotation into a `Shape`, all those of an image into a `Carried`, and hands both over as a
`Shaped`; `shape_painting.painted(carried)` makes it. The project keeps the `Carried` of each item. On export
`shape_changes.shapes_now(mask, carried)` returns the very same shapes wherever nobody changed the pixels that they
painted, and new ones for what a person changed.

Coordinates are pixels of the image, (0, 0) its top left corner, so a pixel's centre lies at +0.5.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.points import Points
from studio.core.run_lengths import compress, expand, lengths_of, region_from

XY = tuple[float, float]
Ring = tuple[XY, ...]
"""A closed line; the last point is joined to the first."""

Part = tuple[Ring, ...]
"""An outline and its holes, filled by the even-odd rule."""


class ShapeKind(enum.StrEnum):
    """What a shape's geometry is and where it stands.

    `POLYGON`: in `parts`. `MASK`: in `bitmap`. The others in `points`: `RECTANGLE` two opposite corners, `CIRCLE` its
    centre and a point of its rim, `ELLIPSE` its centre and the right lower corner of its box; `LINE` two points,
    `LINESTRIP`, `POINT` one, `POINTS` any number. `NOTHING` has no geometry (a record kept for its other values).
    """

    POLYGON = "polygon"
    RECTANGLE = "rectangle"
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    LINE = "line"
    LINESTRIP = "linestrip"
    POINT = "point"
    POINTS = "points"
    MASK = "mask"
    NOTHING = "nothing"


STROKES = frozenset({ShapeKind.LINE, ShapeKind.LINESTRIP, ShapeKind.POINT, ShapeKind.POINTS})
"""Kinds without an area of their own; they paint with the width `Shape.stroke`."""


class Bitmap(msgspec.Struct, frozen=True):
    """A binary mask at (x, y), whole pixels; `counts` are its run lengths as compressed text (`run_lengths.py`)."""

    x: int
    y: int
    width: int
    height: int
    counts: str

    @classmethod
    def of(cls, region: Region, *, x: int = 0, y: int = 0) -> Bitmap:
        """From a (height, width) bool region whose top left pixel is (x, y)."""
        height, width = region.shape
        return cls(x, y, width, height, compress(lengths_of(region)))

    @property
    def region(self) -> Region:
        """(height, width) bool. Raises ValueError where the counts do not fill it."""
        return region_from(expand(self.counts), self.width, self.height)


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One annotation of an image.

    `label` is the class's name in the source, `class_id` the project's class that it paints; None: it paints nothing.
    `rotation` turns rectangles and ellipses around their centre, degrees, clockwise as seen. `stroke` is the width in
    pixels that lines and the diameter that points are painted with; 0: they are only carried. Shapes are painted from
    the lowest `layer` up, within a layer in their order. `instance` is `Keypoint.instance` of the points that belong
    to it. `group` joins several shapes to one object. `crowd`: a region of several objects (COCO's iscrowd). `rest`:
    what the source says beyond that, JSON values by the source's own keys, written back by the same format's exporter.
    """

    kind: ShapeKind
    label: str
    class_id: int | None = None
    points: tuple[XY, ...] = ()
    parts: tuple[Part, ...] = ()
    bitmap: Bitmap | None = None
    rotation: float = 0.0
    stroke: float = 0.0
    layer: int = 0
    instance: int | None = None
    group: int | str | None = None
    crowd: bool = False
    flags: dict[str, bool] = {}
    attributes: dict[str, Any] = {}
    description: str | None = None
    rest: dict[str, Any] = {}


class Carried(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All shapes of one image as a source had them. `source` is the format's name; `fill` the mask value of pixels that
    no shape paints; `flags` and `rest` are what the source says about the image."""

    source: str
    width: int
    height: int
    shapes: tuple[Shape, ...] = ()
    fill: int = UNLABELLED
    flags: dict[str, bool] = {}
    rest: dict[str, Any] = {}


@dataclasses.dataclass(frozen=True)
class Shaped:
    """A label together with the shapes that it was made from."""

    label: Mask | Points
    carried: Carried


SourceNotes = Mapping[str, Mapping[str, Any]]
"""What sources say about a whole data set (licences, categories, versions): JSON values by the format's name."""
