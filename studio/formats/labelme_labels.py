"""The shapes of one labelme file: painted as a mask, or its points placed as keypoints."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.points import Keypoint, Points, Visibility
from studio.core.shapes import Carried, Shape, Shaped, ShapeKind
from studio.formats.complaints import Complaints
from studio.formats.label_masks import picture_size
from studio.formats.labelme_file import LabelmeFile
from studio.formats.labelme_shapes import LABELME, to_shape
from studio.formats.shape_import import check_size

HIDDEN_FLAG: Final = "hidden"
"""labelme has no visibility; a shape's flag of this name says that a point is hidden."""


@dataclasses.dataclass(frozen=True)
class LabelmeShapes:
    """`ids` has class ids by label name; `stroke` is the width in pixels of lines and points, 0: not painted."""

    path: Path
    ids: Mapping[str, int]
    fill: int
    stroke: float

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Raises BadInput, BadTable."""
        return _carried(self.path, size, problems, ids=self.ids, fill=self.fill, stroke=self.stroke)


@dataclasses.dataclass(frozen=True)
class LabelmePoints:
    """`labels` are the project's keypoints. Points of one group are an instance; every further point of a name within
    a group, or of those without one, begins another."""

    path: Path
    image: Path
    labels: tuple[str, ...]
    size: tuple[int, int] | None

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises UnreadableImage, BadInput, BadTable."""
        width, height = size = self.size or picture_size(self.image)
        carried = _carried(self.path, size, problems, ids={}, fill=0, stroke=0.0)
        instances: dict[tuple[int | str | None, int], int] = {}
        seen: Counter[tuple[int | str | None, int]] = Counter()
        points = Points()
        shapes: list[Shape] = []
        for shape in carried.shapes:
            if shape.kind is not ShapeKind.POINT or shape.label not in self.labels:
                shapes.append(shape)
                continue
            x, y = shape.points[0]
            if not (0 <= x <= width and 0 <= y <= height):
                problems.append(f"{self.path}: the point {shape.label} at ({x:.1f}, {y:.1f}) lies outside; left out.")
                continue
            index = self.labels.index(shape.label)
            instance = instances.setdefault((shape.group, seen[shape.group, index]), len(instances))
            seen[shape.group, index] += 1
            hidden = shape.flags.get(HIDDEN_FLAG, False)
            points = points.with_point(
                Keypoint(
                    index=index,
                    x=x,
                    y=y,
                    visibility=Visibility.HIDDEN if hidden else Visibility.VISIBLE,
                    instance=instance,
                )
            )
            shapes.append(msgspec.structs.replace(shape, instance=instance))
        return Shaped(points, msgspec.structs.replace(carried, shapes=tuple(shapes)))


def _carried(
    path: Path, size: tuple[int, int], problems: list[str], *, ids: Mapping[str, int], fill: int, stroke: float
) -> Carried:
    file = LabelmeFile(path)
    check_size(path, file.image_path or "the picture", file.size, size)
    complaints = Complaints(path)
    shapes: list[Shape] = []
    for number, (found, values) in enumerate(file.shapes(complaints), start=1):
        try:
            shapes.append(to_shape(found, values, class_id=ids.get(found.label), stroke=stroke))
        except ValueError as error:
            complaints.add(f"shape {number} ({found.label})", str(error))
    problems += complaints.sentences
    rest: dict[str, Any] = {"version": file.version} if file.version else {}
    return Carried(
        source=LABELME,
        width=size[0],
        height=size[1],
        shapes=tuple(shapes),
        fill=fill,
        flags=file.flags,
        rest=rest,
    )
