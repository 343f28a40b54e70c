"""The shape of an instance, kept to be placed again with one drag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from studio.core.points import Keypoint, Points, Visibility

_LARGEST_ASPECT: Final = 1e6


class TemplatePoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a template; (0, 0) is the top left corner of the box around the shape, (1, 1) the bottom right one."""

    index: int
    x: float
    y: float
    visibility: Visibility = Visibility.VISIBLE


class PointsTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """`aspect` is the width of the shape's box by its height."""

    name: str
    points: tuple[TemplatePoint, ...]
    aspect: float = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    """In image pixels; width and height are never negative."""

    x: float
    y: float
    width: float
    height: float


def box_between(start: tuple[float, float], end: tuple[float, float], *, aspect: float | None = None) -> Box:
    """The box that a drag from `start` to `end` spans; with `aspect` the smallest of that shape which holds it, the
    corner at `start` staying where it is."""
    width, height = abs(end[0] - start[0]), abs(end[1] - start[1])
    if aspect is not None:
        width, height = max(width, height * aspect), max(height, width / aspect)
    x = start[0] if end[0] >= start[0] else start[0] - width
    y = start[1] if end[1] >= start[1] else start[1] - height
    return Box(x, y, width, height)


def template_of(name: str, points: Points, instance: int) -> PointsTemplate | None:
    """The shape of one instance; None where fewer than two of its points are in the picture."""
    shape = _shape(points, instance)
    if shape is None:
        return None
    return PointsTemplate(
        name=name,
        aspect=shape.aspect,
        points=tuple(
            TemplatePoint(index=i, x=x, y=y, visibility=shape.points[i].visibility)
            for i, (x, y) in shape.places.items()
        ),
    )


def mean_template(name: str, shapes: Sequence[tuple[Points, int]]) -> PointsTemplate | None:
    """The mean of many instances, each (points, instance) brought to the unit box first; only of those that have the
    most points, so that a half-labelled one does not bend it. A point is hidden where it mostly is."""
    found = [shape for points, instance in shapes if (shape := _shape(points, instance)) is not None]
    if not found:
        return None
    most = max(len(shape.places) for shape in found)
    found = [shape for shape in found if len(shape.places) == most]
    indices = sorted({index for shape in found for index in shape.places})
    return PointsTemplate(
        name=name,
        aspect=sorted(shape.aspect for shape in found)[len(found) // 2],
        points=tuple(_mean_point(index, [s for s in found if index in s.places]) for index in indices),
    )


def placed_in(template: PointsTemplate, box: Box, *, instance: int, size: tuple[int, int]) -> tuple[Keypoint, ...]:
    """The template's points in `box`, kept inside a picture of `size` (width, height)."""
    return tuple(
        Keypoint(
            index=p.index,
            x=min(max(box.x + p.x * box.width, 0.0), float(size[0])),
            y=min(max(box.y + p.y * box.height, 0.0), float(size[1])),
            visibility=p.visibility,
            instance=instance,
        )
        for p in template.points
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    points: dict[int, Keypoint]
    places: dict[int, tuple[float, float]]
    aspect: float


def _shape(points: Points, instance: int) -> _Shape | None:
    seen = {i: p for i, p in points.of(instance).items() if p.visibility is not Visibility.ABSENT}
    if len(seen) < 2:
        return None
    left, top = min(p.x for p in seen.values()), min(p.y for p in seen.values())
    width, height = max(p.x for p in seen.values()) - left, max(p.y for p in seen.values()) - top
    if width == height == 0:
        return None
    places = {i: (_part(p.x - left, width), _part(p.y - top, height)) for i, p in seen.items()}
    aspect = min(max(width / height, 1 / _LARGEST_ASPECT), _LARGEST_ASPECT) if height else _LARGEST_ASPECT
    return _Shape(seen, places, aspect if width else 1 / _LARGEST_ASPECT)


def _part(distance: float, whole: float) -> float:
    """Of a shape without any width (all points above each other) the middle."""
    return distance / whole if whole else 0.5


def _mean_point(index: int, shapes: Sequence[_Shape]) -> TemplatePoint:
    hidden = sum(shape.points[index].visibility is Visibility.HIDDEN for shape in shapes)
    return TemplatePoint(
        index=index,
        x=sum(shape.places[index][0] for shape in shapes) / len(shapes),
        y=sum(shape.places[index][1] for shape in shapes) / len(shapes),
        visibility=Visibility.HIDDEN if 2 * hidden > len(shapes) else Visibility.VISIBLE,
    )
