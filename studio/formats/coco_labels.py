"""The annotations of one picture of a COCO set: painted as a mask, or placed as keypoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.points import Keypoint, Points
from studio.core.shape_painting import bounds
from studio.core.shapes import Carried, Shape, Shaped, ShapeKind
from studio.formats.coco_file import CocoAnnotation, CocoCategory, CocoFile, CocoImage, Id
from studio.formats.coco_shapes import to_points, to_shape
from studio.formats.complaints import Complaints
from studio.formats.label_masks import picture_size
from studio.formats.point_labels import PointsReader
from studio.formats.shape_import import check_size

COCO: Final = "coco"
IMAGE_REST: Final = "image"
_OWN_OF_IMAGE: Final = ("width", "height")


@dataclasses.dataclass(frozen=True)
class Source:
    """What one annotation file says about one picture; `values` is the image's entry as it stands."""

    file: CocoFile
    image: Id
    entry: CocoImage
    values: Mapping[str, Any]

    def annotations(self, problems: list[str]) -> Iterator[tuple[CocoAnnotation, dict[str, Any], Complaints]]:
        """The annotations, typed and as they stand, and where to complain about one. The complaints are told at the
        end."""
        complaints = Complaints(self.file.path)
        for annotation, values in self.file.annotations(self.image, complaints):
            yield annotation, values, complaints
        problems += complaints.sentences


@dataclasses.dataclass(frozen=True)
class InstancesReader:
    """`labels` has class names by annotation file and category, `ids` class ids by name."""

    sources: tuple[Source, ...]
    labels: Mapping[Path, Mapping[Id, str]]
    ids: Mapping[str, int]
    fill: int

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Raises BadInput where the annotations were made for a picture of another size."""
        shapes: list[Shape] = []
        for source in self.sources:
            check_size(source.file.path, source.entry.file_name, (source.entry.width, source.entry.height), size)
            labels = self.labels[source.file.path]
            for annotation, values, complaints in source.annotations(problems):
                try:
                    shapes.append(self._shape(annotation, values, labels, size))
                except ValueError as error:
                    complaints.add(_called(annotation), str(error))
        return Carried(
            source=COCO,
            width=size[0],
            height=size[1],
            shapes=_layered(shapes),
            fill=self.fill,
            rest=_rest_of(self.sources[0]),
        )

    def _shape(
        self, annotation: CocoAnnotation, values: dict[str, Any], labels: Mapping[Id, str], size: tuple[int, int]
    ) -> Shape:
        """Raises ValueError with what is wrong."""
        if annotation.category_id is None or annotation.category_id not in labels:
            raise ValueError(f"there is no category {annotation.category_id}")
        label = labels[annotation.category_id]
        shape = to_shape(annotation, values, label=label, class_id=self.ids[label])
        if shape.bitmap is not None and (shape.bitmap.width, shape.bitmap.height) != size:
            raise ValueError(f"its run lengths are for {shape.bitmap.width}×{shape.bitmap.height} pixels")
        return shape


@dataclasses.dataclass(frozen=True)
class KeypointsReader:
    """The annotations of one category; each that has a labelled point becomes an instance."""

    image: Path
    sources: tuple[Source, ...]
    category: CocoCategory

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises UnreadableImage, BadInput."""
        size = picture_size(self.image)
        shapes: list[Shape] = []
        placed: list[Keypoint] = []
        instances = 0
        for source in self.sources:
            check_size(source.file.path, source.entry.file_name, (source.entry.width, source.entry.height), size)
            for annotation, values, complaints in source.annotations(problems):
                category = source.file.category(annotation.category_id)
                if category is None or category.name != self.category.name or not annotation.keypoints:
                    complaints.add(_called(annotation), f"it has no keypoints of {self.category.name}")
                    continue
                try:
                    shape = to_shape(annotation, values, label=self.category.name, class_id=None)
                    points = to_points(annotation, instance=instances, names=len(self.category.keypoints))
                except ValueError as error:
                    complaints.add(_called(annotation), str(error))
                    continue
                shapes.append(msgspec.structs.replace(shape, instance=instances) if points else shape)
                placed += points
                instances += bool(points)
        carried = Carried(
            source=COCO, width=size[0], height=size[1], shapes=tuple(shapes), rest=_rest_of(self.sources[0])
        )
        return Shaped(PointsReader(self.image, Points(tuple(placed)))(problems), carried)


def _layered(shapes: list[Shape]) -> tuple[Shape, ...]:
    """The same shapes, crowds in the lowest layers and smaller shapes above larger ones, so that each is seen."""
    order = sorted(range(len(shapes)), key=lambda index: (not shapes[index].crowd, -_box_area(shapes[index])))
    layers = {index: layer for layer, index in enumerate(order)}
    return tuple(msgspec.structs.replace(shape, layer=layers[index]) for index, shape in enumerate(shapes))


def _box_area(shape: Shape) -> float:
    said = shape.rest.get("area")
    if isinstance(said, int | float) and said > 0:
        return said
    points = shape.points if shape.kind is not ShapeKind.POLYGON else [p for part in shape.parts for p in part[0]]
    if not points:
        return 0.0
    left, top, right, bottom = bounds(points)
    return (right - left) * (bottom - top)


def _rest_of(source: Source) -> dict[str, Any]:
    return {IMAGE_REST: {key: value for key, value in source.values.items() if key not in _OWN_OF_IMAGE}}


def _called(annotation: CocoAnnotation) -> str:
    return f"annotation {annotation.id}" if annotation.id is not None else "an annotation without an id"
