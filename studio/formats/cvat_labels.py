"""The annotations of one picture in CVAT's XML: painted as a mask, or its skeletons placed as keypoints."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.points import Keypoint, Points, Visibility
from studio.core.shapes import Carried, Shape, Shaped
from studio.formats.complaints import Complaints
from studio.formats.cvat_file import CvatImage
from studio.formats.cvat_shapes import CVAT, OCCLUDED, read_points, to_shape
from studio.formats.label_masks import picture_size
from studio.formats.point_labels import PointsReader
from studio.formats.shape_import import check_size

IMAGE_REST: Final = "image"
SKELETON: Final = "skeleton"


@dataclasses.dataclass(frozen=True)
class Source:
    """What the file `path` says about one picture."""

    path: Path
    image: CvatImage


@dataclasses.dataclass(frozen=True)
class CvatShapes:
    """`ids` has class ids by label; `stroke` is the width in pixels of lines and points, 0: not painted."""

    source: Source
    ids: Mapping[str, int]
    fill: int
    stroke: float

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Raises BadInput where the annotations were made for a picture of another size."""
        complaints = Complaints(self.source.path)
        shapes = [shape for _, shape in _shapes(self.source, size, complaints, ids=self.ids, stroke=self.stroke)]
        problems += complaints.sentences
        return _carried(self.source, size, shapes, fill=self.fill)


@dataclasses.dataclass(frozen=True)
class CvatPoints:
    """Each skeleton called `skeleton` becomes an instance of the keypoints `names`."""

    picture: Path
    source: Source
    skeleton: str
    names: Sequence[str]

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises UnreadableImage, BadInput."""
        size = picture_size(self.picture)
        complaints = Complaints(self.source.path)
        shapes: list[Shape] = []
        placed: list[Keypoint] = []
        instances = 0
        for element, shape in _shapes(self.source, size, complaints, ids={}, stroke=0.0):
            points: list[Keypoint] = []
            if element.tag == SKELETON and shape.label == self.skeleton:
                try:
                    points = skeleton_points(element, self.names, instance=instances)
                except ValueError as error:
                    complaints.add(_called(self.source.image, element), str(error))
                    continue
            shapes.append(msgspec.structs.replace(shape, instance=instances) if points else shape)
            placed += points
            instances += bool(points)
        problems += complaints.sentences
        inside = PointsReader(self.picture, Points(tuple(placed)))(problems)
        return Shaped(inside, _carried(self.source, size, shapes, fill=0))


def skeleton_points(element: ET.Element, names: Sequence[str], *, instance: int) -> list[Keypoint]:
    """Raises ValueError with what is wrong."""
    found: dict[int, Keypoint] = {}
    for point in element.iter("points"):
        label = point.get("label", "")
        if label not in names:
            raise ValueError(f"the skeleton has no point {label}")
        places = read_points(point)
        if len(places) != 1:
            raise ValueError(f"its point {label} has {len(places)} places")
        x, y = places[0]
        seen = Visibility.HIDDEN if point.get(OCCLUDED) == "1" else Visibility.VISIBLE
        visibility = Visibility.ABSENT if point.get("outside") == "1" else seen
        index = names.index(label)
        found[index] = Keypoint(index=index, x=x, y=y, visibility=visibility, instance=instance)
    return [found[index] for index in sorted(found)]


def _shapes(
    source: Source, size: tuple[int, int], complaints: Complaints, *, ids: Mapping[str, int], stroke: float
) -> Iterator[tuple[ET.Element, Shape]]:
    """Every annotation that can be used. Raises BadInput for a picture of another size."""
    image = source.image
    check_size(source.path, image.name, (image.width, image.height), size)
    for element in image.elements:
        try:
            yield element, to_shape(element, class_id=ids.get(element.get("label", "")), stroke=stroke)
        except ValueError as error:
            complaints.add(_called(image, element), str(error))


def _called(image: CvatImage, element: ET.Element) -> str:
    place = image.elements.index(element) + 1
    return f"{image.name}, annotation {place} ({element.tag} {element.get('label', 'without a label')})"


def _carried(source: Source, size: tuple[int, int], shapes: Sequence[Shape], *, fill: int) -> Carried:
    rest: dict[str, Any] = {IMAGE_REST: dict(source.image.rest)} if source.image.rest else {}
    return Carried(source=CVAT, width=size[0], height=size[1], shapes=tuple(shapes), fill=fill, rest=rest)
