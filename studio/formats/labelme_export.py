"""labelme: `X.json` beside each labelled picture `X`, which labelme opens as its own.

Shapes that came from labelme and whose pixels nobody changed are written as they were, with flags and group ids.
Without the pictures each file holds its picture within itself.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from studio.core.atomic import why, write_atomically
from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput, StudioError
from studio.core.items import Split
from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shape_painting import painting_order
from studio.core.shapes import Carried, Shape, ShapeKind, SourceNotes
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
from studio.formats.labelme_labels import HIDDEN_FLAG
from studio.formats.labelme_shapes import LABELME, drawn_values, original_values
from studio.formats.listing import stem
from studio.formats.shape_export import Losses, background_id, item_shapes

_VERSION: Final = "5.5.0"
"""The release of labelme whose files these are: the first with masks and descriptions was 5.2."""


class LabelmeExporter:
    name = LABELME
    title = "labelme JSON files"
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
        losses, problems, taken = Losses(LABELME), list[str](), set[str]()
        total = labelled = shapes = 0
        for total, exported in enumerate(items, start=1):
            name = exported.item.name
            if images:
                problem = copy_picture(exported.item.path, out / below(name))
                problems += [problem] if problem else []
            if exported.item.split is not Split.TRAIN:
                losses.dropped("the split of other than training pictures")
            if exported.label is not None:
                bare = name if stem(name) in taken else stem(name)
                taken.add(stem(name))
                try:
                    values = _values(settings, exported, losses, embed=not images)
                except (StudioError, ValueError) as error:
                    problems.append(f"{name} was left out: {error}")
                    continue
                data = msgspec.json.format(msgspec.json.encode(values), indent=2)
                write_atomically(out / below(f"{bare}.json"), data, durable=False)
                labelled += 1
                shapes += len(values["shapes"])
            if progress:
                progress(total)
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {labelled:,} of them with "
            f"{counted(shapes, 'shape')} for labelme.",
        )


def _values(settings: ProjectSettings, exported: ExportedItem, losses: Losses, *, embed: bool) -> dict[str, Any]:
    """One file. Raises StudioError, ValueError."""
    carried = exported.carried if exported.carried and exported.carried.source == LABELME else None
    if isinstance(exported.label, Points):
        width, height = picture_size(exported.item.path)
        shapes = list(_points(settings, exported.label, carried, losses))
    else:
        assert exported.label is not None
        height, width = exported.label.shape
        shapes = list(_regions(settings, exported, carried, losses))
    return {
        "version": (carried.rest.get("version") if carried else None) or _VERSION,
        "flags": carried.flags if carried else {},
        "shapes": shapes,
        "imagePath": exported.item.name.rsplit("/", 1)[-1],
        "imageData": _embedded(exported.item.path) if embed else None,
        "imageHeight": height,
        "imageWidth": width,
    }


def _embedded(picture: Path) -> str:
    try:
        return base64.b64encode(picture.read_bytes()).decode("ascii")
    except OSError as error:
        raise BadInput(f"{picture} cannot be read ({why(error)}); its file needs the picture.") from error


def _regions(
    settings: ProjectSettings, exported: ExportedItem, carried: Carried | None, losses: Losses
) -> Iterator[dict[str, Any]]:
    """labelme paints shapes in the order of the file."""
    now, mask = item_shapes(settings, exported), exported.label
    if now is None or not isinstance(mask, np.ndarray):
        return
    if background_id(settings) != UNLABELLED and np.any(mask == UNLABELLED):
        losses.dropped("the unlabelled areas of pictures")
    height, width = mask.shape
    for index in painting_order(now.shapes):
        shape = now.shapes[index]
        if carried and now.same[index]:
            yield original_values(shape)
            continue
        if carried is None:
            _count_losses(shape, losses)
        drawn = drawn_values(shape, width, height)
        if not drawn:
            losses.dropped("shapes that cover no pixel")
        yield from drawn


def _count_losses(shape: Shape, losses: Losses) -> None:
    if shape.crowd:
        losses.dropped("marks of crowds")
    losses.dropped("attributes", len(shape.attributes))
    if shape.kind is ShapeKind.ELLIPSE or shape.rotation:
        losses.turned("ellipses and turned rectangles", "masks")


def _points(
    settings: ProjectSettings, points: Points, carried: Carried | None, losses: Losses
) -> Iterator[dict[str, Any]]:
    """The source's shapes in their order, each point where it is now, and then the new points."""
    labels = [keypoint.name for keypoint in settings.keypoints]
    left = {(point.instance, labels[point.index]): point for point in points.placed}
    several = len({point.instance for point in points.placed}) > 1
    groups: dict[int, int | str | None] = {}
    for shape in carried.shapes if carried else ():
        if shape.instance is None:
            yield original_values(shape)
            continue
        groups.setdefault(shape.instance, shape.group)
        point = left.pop((shape.instance, shape.label), None)
        if point is not None and point.visibility is not Visibility.ABSENT:
            yield {**original_values(shape), "points": [[point.x, point.y]], "flags": _flags(point, shape.flags)}
    for (instance, label), point in left.items():
        if point.visibility is Visibility.ABSENT:
            losses.dropped("absent points")
            continue
        yield {
            "label": label,
            "points": [[point.x, point.y]],
            "group_id": groups.get(instance, instance if several else None),
            "description": None,
            "shape_type": "point",
            "flags": _flags(point, {}),
            "mask": None,
        }


def _flags(point: Keypoint, before: dict[str, bool]) -> dict[str, bool]:
    hidden = point.visibility is Visibility.HIDDEN
    if hidden or HIDDEN_FLAG in before:
        return {**before, HIDDEN_FLAG: hidden}
    return before
