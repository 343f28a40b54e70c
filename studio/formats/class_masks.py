"""Masks: a folder of pictures and a folder of label images, or several black and white ones for each, a folder a class.

The first is what `camvid.py` reads; this importer knows the second as well: `images/X` and `masks/CLASS/X.png`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.counting import counted
from studio.core.errors import BadMask, StudioError
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import Bitmap, Carried, Shape, ShapeKind
from studio.formats.camvid import CamvidImporter
from studio.formats.label_masks import open_ids
from studio.formats.label_pairs import IMAGE_FOLDERS, LABEL_FOLDERS, match_labels
from studio.formats.listing import has_images, image_names, subfolders
from studio.formats.picture_items import picture_items
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.shape_import import UNCOVERED_QUESTION, ShapeClasses, ShapesReader

MASKS: Final = "masks"
_MOST_CLASSES: Final = 254


@dataclasses.dataclass(frozen=True)
class _Folders:
    """`masks` has the mask of each class by the name of its picture."""

    images: Path
    names: list[str]
    classes: list[str]
    masks: dict[str, dict[str, Path]]
    problems: list[str]


@dataclasses.dataclass(frozen=True)
class ClassMasks:
    """Reads the masks of one picture, by class."""

    masks: Mapping[str, Path]
    ids: Mapping[str, int]
    fill: int

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Classes lie above each other in the order of their names. Raises BadMask where none of them can be used."""
        shapes: list[Shape] = []
        failures: list[StudioError] = []
        for name, path in self.masks.items():
            try:
                region = open_ids(path) > 0
                if region.shape != (size[1], size[0]):
                    why = f"it is {region.shape[1]}×{region.shape[0]} pixels and its image {size[0]}×{size[1]}"
                    raise BadMask(path, why, "export it again at the image's size")
            except StudioError as error:
                failures.append(error)
                continue
            if region.any():
                bitmap = _cropped(region)
                shapes.append(Shape(kind=ShapeKind.MASK, label=name, class_id=self.ids[name], bitmap=bitmap))
        if failures and len(failures) == len(self.masks):
            raise failures[0]
        problems += [error.sentence for error in failures]
        return Carried(source=MASKS, width=size[0], height=size[1], shapes=tuple(shapes), fill=self.fill)


class MasksImporter:
    name = MASKS
    title = "Folders of pictures and masks"
    options = ("valid", "seed", "form", "classes", "uncovered")

    def recognise(self, source: Path) -> Recognised | None:
        """Only what has a folder for each class; the rest is CamVid's layout and told by that importer."""
        found = _find(source)
        if found is None:
            return None
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Black and white masks: {counted(len(found.names), 'image')}, {len(found.masks):,} of them "
            f"with masks of {counted(len(found.classes), 'class')}.",
            confidence=88,
            questions=(
                UNCOVERED_QUESTION,
                Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"),
            ),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        found = _find(source)
        if found is None:
            rest = {key: value for key, value in answers.items() if key in CamvidImporter.options}
            return CamvidImporter().plan(source, **rest)
        pictures = Pictures(found.images)
        listed = picture_items(pictures, pictures.names, options)
        classes = ShapeClasses.of(found.classes, uncovered=options.uncovered)
        labels: dict[int, LabelReader] = {}
        for index, name in enumerate(listed.names):
            if name in found.masks:
                masks = ClassMasks(found.masks[name], classes.ids, classes.fill)
                labels[index] = ShapesReader(found.images / name, masks)
        settings = ProjectSettings(
            name=source.resolve().name,
            task=Task.SEGMENTATION,
            classes=classes.classes,
            split_rule=listed.rule,
            image_roots=(str(listed.root.resolve()),),
        )
        return ImportPlan(
            settings=settings,
            items=listed.items,
            labels=labels,
            found=f"Black and white masks: {counted(len(listed.items), 'image')}, {len(labels):,} of them with masks.",
            problems=[*found.problems, *listed.problems],
            source=self.name,
        )


def _find(source: Path) -> _Folders | None:
    """None where the folder is laid out in another way: the masks of a class are called like pictures, which lie in no
    folder of that class."""
    folders = subfolders(source)
    images = next((each for each in folders if each.name.lower() in IMAGE_FOLDERS), None)
    labels = next((each for each in folders if each.name.lower() in LABEL_FOLDERS), None)
    if images is None or labels is None or has_images(labels):
        return None
    below = [each for each in subfolders(labels) if has_images(each)]
    if not below or len(below) > _MOST_CLASSES or any((images / each.name).is_dir() for each in below):
        return None
    names = image_names(images)
    masks: dict[str, dict[str, Path]] = {}
    problems: list[str] = []
    for folder in below:
        pairs = match_labels(names, image_names(folder), folder=folder)
        problems += pairs.problems
        for index, label in pairs.by_image.items():
            masks.setdefault(names[index], {})[folder.name] = folder / label
    classes = [each.name for each in below]
    return _Folders(images, names, classes, masks, problems) if masks else None


def _cropped(region: np.ndarray) -> Bitmap:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return Bitmap.of(region[top : rows[-1] + 1, left : columns[-1] + 1], x=left, y=top)
