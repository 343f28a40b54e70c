"""CVAT for images 1.1: `annotations.xml`, and the pictures in `images/`.

Pictures without a mask are copied and not listed, for a listed one without annotations is one without objects.
An annotation that came from CVAT and whose pixels nobody changed is written as it was, attributes, groups and layers
included. Every other one gets its geometry from the mask.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.atomic import write_atomically
from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import STROKES, Carried, Shape, ShapeKind, SourceNotes
from studio.formats.cvat_file import ROOT
from studio.formats.cvat_labels import IMAGE_REST, SKELETON, skeleton_points
from studio.formats.cvat_meta import CvatMeta
from studio.formats.cvat_shapes import CVAT, OCCLUDED, original_element, to_element, write_points
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
from studio.formats.splits import FOLDER_SPLITS
from studio.formats.xml_values import add, document, writable

_SUBSETS: Final = {
    Split.TRAIN: "train",
    Split.VALID: "validation",
    Split.TEST: "test",
    Split.PRODUCTION: "production",
}


class CvatExporter:
    name = CVAT
    title = "CVAT for images (XML)"
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
        losses, problems = Losses("CVAT"), list[str]()
        writer = _Writer(settings, notes.get(CVAT, {}), losses)
        total = labelled = 0
        for total, exported in enumerate(items, start=1):
            if images:
                problem = copy_picture(exported.item.path, out / "images" / below(exported.item.name))
                problems += [problem] if problem else []
            if exported.label is not None or settings.task is Task.KEYPOINTS:
                try:
                    writer.add(exported)
                    labelled += exported.label is not None
                except (BadInput, ValueError) as error:
                    problems.append(f"{exported.item.name} was left out: {error}")
            elif exported.item.split is not Split.TRAIN:
                losses.dropped("the split of pictures without a label")
            if progress:
                progress(total)
        written = writer.write(out / "annotations.xml")
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {labelled:,} of them with "
            f"{counted(written, 'annotation')} for CVAT.",
        )


class _Writer:
    def __init__(self, settings: ProjectSettings, notes: Mapping[str, Any], losses: Losses) -> None:
        self._settings = settings
        self._losses = losses
        self._meta = CvatMeta(notes)
        self._ids = Numbers()
        self._images: list[tuple[object, ET.Element]] = []
        self._ground = background_id(settings)
        self._skeleton = ""
        if settings.task is Task.KEYPOINTS:
            self._skeleton = self._meta.define_skeleton(settings.keypoints, settings.links, "object")
        else:
            self._meta.define_classes([c for c in settings.classes if c.id != self._ground])

    def add(self, exported: ExportedItem) -> None:
        """One labelled item. Raises BadInput where its picture cannot be read, ValueError for damaged shapes."""
        carried = exported.carried if exported.carried and exported.carried.source == CVAT else None
        label = exported.label
        width, height = label.shape[::-1] if isinstance(label, np.ndarray) else picture_size(exported.item.path)
        kept: dict[str, str] = dict(carried.rest.get(IMAGE_REST, {})) if carried else {}
        found = (
            self._regions(exported, carried, width, height)
            if isinstance(label, np.ndarray)
            else self._points(label or Points(), carried)
        )
        values = {"name": exported.item.name, "subset": _subset(kept, exported.item.split)}
        size = {"width": str(width), "height": str(height)}
        image = ET.Element("image", {**kept, **{key: writable(value) for key, value in values.items()}, **size})
        image.extend(found)
        number = kept.get("id", "")
        self._images.append((self._ids.take(int(number) if number.isdecimal() else None), image))

    def write(self, path: Path) -> int:
        """Returns how many annotations were written. Raises CannotWrite."""
        root = ET.Element(ROOT)
        add(root, "version", "1.1")
        root.append(self._meta.element)
        for number, image in self._images:
            image.set("id", str(self._ids.settled(number)))
            root.append(image)
        write_atomically(path, document(root), durable=False)
        return sum(len(image) for _, image in self._images)

    def _regions(
        self, exported: ExportedItem, carried: Carried | None, width: int, height: int
    ) -> Iterator[ET.Element]:
        now, mask = item_shapes(self._settings, exported), exported.label
        if now is None or not isinstance(mask, np.ndarray):
            return
        if self._ground != UNLABELLED and np.any(mask == UNLABELLED):
            self._losses.dropped("the unlabelled areas of pictures")
        for shape in now.shapes:
            element = original_element(shape) if carried else None
            if element is None:
                element = to_element(shape, width, height)
            if element is None:
                self._losses.dropped("shapes that cover no pixel")
                continue
            if carried is None:
                self._count_losses(shape)
            for name in shape.attributes:
                self._meta.define_attribute(shape.label, name)
            yield element

    def _count_losses(self, shape: Shape) -> None:
        if shape.crowd:
            self._losses.dropped("marks of crowds")
        self._losses.dropped("flags", sum(name != OCCLUDED for name in shape.flags))
        if isinstance(shape.group, str):
            self._losses.dropped("groups that have names")
        if shape.description:
            self._losses.dropped("descriptions")
        if shape.kind in STROKES and shape.stroke:
            self._losses.dropped("the widths of lines and points")
        if shape.kind is ShapeKind.CIRCLE:
            self._losses.turned("circles", "ellipses")

    def _points(self, points: Points, carried: Carried | None) -> Iterator[ET.Element]:
        """The source's annotations, each skeleton with its points where they are now, and then the new ones."""
        left = {instance: points.of(instance) for instance in points.instances}
        for shape in carried.shapes if carried else ():
            element = original_element(shape)
            if element is None or (shape.instance is not None and shape.instance not in left):
                continue
            if shape.instance is not None:
                self._move(element, left.pop(shape.instance), shape.instance)
            yield element
        for of_instance in left.values():
            element = ET.Element(SKELETON, {"label": self._skeleton, "source": "manual", OCCLUDED: "0", "z_order": "0"})
            self._place(element, of_instance.values(), {})
            yield element

    def _move(self, element: ET.Element, now: Mapping[int, Keypoint], instance: int) -> None:
        """Give a skeleton the points that it has now; one of which nobody moved a point stays as it is."""
        names = [keypoint.name for keypoint in self._settings.keypoints]
        try:
            if skeleton_points(element, names, instance=instance) == list(now.values()):
                return
        except ValueError:
            pass  # its points had other names then; they are written anew
        before = {point.get("label", ""): point for point in element.iter("points")}
        for point in before.values():
            element.remove(point)
        self._place(element, now.values(), before)

    def _place(self, element: ET.Element, points: Iterable[Keypoint], before: Mapping[str, ET.Element]) -> None:
        for point in points:
            label = self._settings.keypoints[point.index].name
            old = before.get(label)
            added = ET.SubElement(element, "points", dict(old.attrib) if old is not None else {"source": "manual"})
            if old is not None:
                added.extend(old)
            added.set("label", writable(label))
            added.set("outside", str(int(point.visibility is Visibility.ABSENT)))
            added.set(OCCLUDED, str(int(point.visibility is Visibility.HIDDEN)))
            added.set("points", write_points([(point.x, point.y)]))


def _subset(kept: Mapping[str, str], split: Split) -> str:
    """The subset that the picture was in, as long as it says the split that it is in now."""
    before = kept.get("subset", "")
    return before if FOLDER_SPLITS.get(before.lower()) is split else _SUBSETS[split]
