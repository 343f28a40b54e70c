"""COCO: `images/X`, and for each split `annotations/instances_train.json` or `person_keypoints_train.json`.

An annotation that came from COCO and whose pixels nobody changed is written as it was, id, area and run lengths
included. Every other one gets its segmentation from the mask. Pictures without a label are copied and not listed, for
COCO would take a listed one without annotations for one without objects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from studio.core.atomic import write_atomically
from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.points import Points
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import STROKES, Carried, Shape, ShapeKind, SourceNotes
from studio.formats.coco_keypoints import KeypointAnnotations
from studio.formats.coco_labels import COCO, IMAGE_REST
from studio.formats.coco_shapes import carried_values, original_segmentation, segmentation
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    below,
    copy_picture,
    empty_folder,
)
from studio.formats.label_masks import picture_size
from studio.formats.numbering import Numbers
from studio.formats.shape_export import Losses, background_id, item_shapes

_SPLIT_NAMES: Final = {
    Split.TRAIN: "train",
    Split.VALID: "val",
    Split.TEST: "test",
    Split.PRODUCTION: "production",
}
_TITLE: Final = "COCO"
_GEOMETRY: Final = ("area", "bbox", "num_keypoints", "keypoints")
"""What an annotation says about its geometry; it is not kept when that changes."""


@dataclasses.dataclass
class _File:
    """The images and annotations of one split."""

    images: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    annotations: list[dict[str, Any]] = dataclasses.field(default_factory=list)


class CocoExporter:
    name = COCO
    title = "COCO annotations"
    tasks = (Task.SEGMENTATION, Task.KEYPOINTS)

    def export(
        self,
        settings: ProjectSettings,
        items: Iterable[ExportedItem],
        out: Path,
        *,
        images: bool = True,
        notes: SourceNotes = NO_NOTES,
        progress: ProgressCall | None = None,
    ) -> ExportReport:
        empty_folder(out)
        losses, problems = Losses(_TITLE), list[str]()
        writer = _Writer(settings, notes.get(COCO, {}), losses)
        total = labelled = 0
        for total, exported in enumerate(items, start=1):
            if images:
                problem = copy_picture(exported.item.path, out / "images" / below(exported.item.name))
                problems += [problem] if problem else []
            if exported.label is not None:
                try:
                    writer.add(exported)
                    labelled += 1
                except (BadInput, ValueError) as error:
                    problems.append(f"{exported.item.name} was left out: {error}")
            elif exported.item.split is not Split.TRAIN:
                losses.dropped("the split of pictures without a label")
            if progress:
                progress(total)
        written = writer.write(out)
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {labelled:,} of them with "
            f"{counted(written, 'COCO annotation')}.",
        )


class _Writer:
    def __init__(self, settings: ProjectSettings, notes: Mapping[str, Any], losses: Losses) -> None:
        self._settings = settings
        self._losses = losses
        self._notes = notes
        self._files: dict[Split, _File] = {}
        self._image_ids = Numbers()
        self._annotation_ids = Numbers()
        self._ground = background_id(settings)
        self._keypoints = KeypointAnnotations(settings, notes) if settings.task is Task.KEYPOINTS else None
        self._categories = (
            [self._keypoints.category] if self._keypoints else list(_categories(settings, notes, self._ground))
        )
        self._category_ids: dict[str, Any] = {c["name"]: c["id"] for c in self._categories}

    def add(self, exported: ExportedItem) -> None:
        """One labelled item. Raises BadInput where its picture cannot be read, ValueError for damaged shapes."""
        file = self._files.setdefault(exported.item.split, _File())
        carried = exported.carried if exported.carried and exported.carried.source == COCO else None
        width, height = _size(exported)
        kept: dict[str, Any] = carried.rest.get(IMAGE_REST, {}) if carried else {}
        image = self._image_ids.take(kept.get("id"))
        file.images.append({**kept, "id": image, "file_name": exported.item.name, "width": width, "height": height})
        entries = self._annotations(exported, carried, width, height)
        for entry in entries:
            number = self._annotation_ids.take(entry.get("id"))
            file.annotations.append({**entry, "id": number, "image_id": image})

    def write(self, out: Path) -> int:
        """Returns how many annotations were written. Raises CannotWrite."""
        stem = "person_keypoints" if self._keypoints else "instances"
        rest = {"info": {}, "licenses": [], **{k: v for k, v in self._notes.items() if k != "categories"}}
        for split, file in (self._files or {Split.TRAIN: _File()}).items():
            self._image_ids.settle(file.images, "id")
            for annotation in file.annotations:
                annotation["image_id"] = self._image_ids.settled(annotation["image_id"])
            self._annotation_ids.settle(file.annotations, "id")
            values = {
                **rest,
                "images": file.images,
                "annotations": file.annotations,
                "categories": self._categories,
            }
            path = out / "annotations" / f"{stem}_{_SPLIT_NAMES[split]}.json"
            write_atomically(path, msgspec.json.encode(values), durable=False)
        return sum(len(file.annotations) for file in self._files.values())

    def _annotations(
        self, exported: ExportedItem, carried: Carried | None, width: int, height: int
    ) -> Iterator[dict[str, Any]]:
        if self._keypoints is not None:
            label = exported.label if isinstance(exported.label, Points) else Points()
            yield from self._keypoints.of(label, carried, width, height)
            return
        now = item_shapes(self._settings, exported)
        if now is None:
            return
        if (
            self._ground != UNLABELLED
            and isinstance(exported.label, np.ndarray)
            and (exported.label == UNLABELLED).any()
        ):
            self._losses.dropped("the unlabelled areas of pictures")
        for shape, same in zip(now.shapes, now.same, strict=True):
            entry = self._original(shape) if same and carried else self._drawn(shape, carried, width, height)
            if entry is not None:
                yield entry

    def _original(self, shape: Shape) -> dict[str, Any]:
        return {**carried_values(shape), **self._common(shape), "segmentation": original_segmentation(shape)}

    def _drawn(self, shape: Shape, carried: Carried | None, width: int, height: int) -> dict[str, Any] | None:
        found = segmentation(shape, width, height) if shape.class_id is not None else None
        if found is None:
            self._losses.dropped(_missing(shape))
            return None
        kept: dict[str, Any] = {}
        if carried is not None:
            kept = {key: value for key, value in carried_values(shape).items() if key not in _GEOMETRY}
        else:
            self._count_losses(shape)
        region, area, box = found
        return {**kept, **self._common(shape), "segmentation": region, "area": area, "bbox": box}

    def _common(self, shape: Shape) -> dict[str, Any]:
        values: dict[str, Any] = {"category_id": self._category_ids.get(shape.label), "iscrowd": int(shape.crowd)}
        return {**values, "attributes": shape.attributes} if shape.attributes else values

    def _count_losses(self, shape: Shape) -> None:
        if shape.flags:
            self._losses.dropped("flags", len(shape.flags))
        if shape.group is not None:
            self._losses.dropped("group ids")
        if shape.description:
            self._losses.dropped("descriptions")
        if shape.kind in (ShapeKind.CIRCLE, ShapeKind.ELLIPSE) or shape.kind in STROKES:
            self._losses.turned(_plural(shape.kind), "regions")


def _size(exported: ExportedItem) -> tuple[int, int]:
    if isinstance(exported.label, np.ndarray):
        return exported.label.shape[1], exported.label.shape[0]
    return picture_size(exported.item.path)


def _missing(shape: Shape) -> str:
    if shape.kind in STROKES:
        return f"{_plural(shape.kind)} without a width"
    return "tags" if shape.kind is ShapeKind.NOTHING else f"{_plural(shape.kind)} that cover no pixel"


def _plural(kind: ShapeKind) -> str:
    return {ShapeKind.POINTS: "sets of points", ShapeKind.NOTHING: "tags"}.get(kind, f"{kind}s")


def _categories(settings: ProjectSettings, notes: Mapping[str, Any], ground: int) -> Iterator[dict[str, Any]]:
    """The classes as categories, with the ids and the other values that an import of COCO brought for their names."""
    known: dict[str, dict[str, Any]] = {values["name"]: values for values in notes.get("categories", [])}
    numbers = [values["id"] for values in known.values() if isinstance(values.get("id"), int)]
    free = max(numbers, default=0) + 1
    taken: set[Any] = set()
    for each in settings.classes:
        values = known.get(each.name)
        if values is None and each.id == ground:
            continue
        values = values or {"name": each.name, "supercategory": ""}
        if values.get("id") is None or values["id"] in taken:  # two files may number different things alike
            values, free = {**values, "id": free}, free + 1
        taken.add(values["id"])
        yield values
