"""Pascal VOC: `JPEGImages`, `SegmentationClass`, `SegmentationObject`, `Annotations` and `ImageSets`.

CVAT and others write `labelmap.txt` beside them, which names the classes and their colours; without it the ids mean
VOC's own 20 classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.classes import UNLABELLED, is_void_name
from studio.core.counting import counted
from studio.core.errors import BadInput, StudioError
from studio.core.images import read_image
from studio.core.masks import values_in
from studio.core.settings import ProjectSettings, Task
from studio.formats.class_files import as_hex
from studio.formats.complaints import Complaints
from studio.formats.label_masks import ColorTable, is_color_form, open_ids
from studio.formats.listing import image_names, name_some, stem
from studio.formats.picture_items import picture_items
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.shape_import import BACKGROUND, UNCOVERED_QUESTION, ShapeClasses, ShapesReader, is_background
from studio.formats.tables import RGB
from studio.formats.voc_files import CLASSES, ROOT, VOC, VOID_INDEX, VocFile, read_label_map, read_lists, voc_color
from studio.formats.voc_labels import VocBoxes, VocClasses, VocMask
from studio.formats.xml_values import root_of

MASKS: Final = "masks"
BOXES: Final = "boxes"
BOTH: Final = "both"
_FORMS: Final = (MASKS, BOXES, BOTH)
_PICTURES: Final = "JPEGImages"
_BOXES: Final = "Annotations"
_CLASSES: Final = "SegmentationClass"
_OBJECTS: Final = "SegmentationObject"
_LABEL_MAP: Final = "labelmap.txt"
_VOID: Final = "void"
_LOOKED_AT: Final = 20


@dataclasses.dataclass
class _Set:
    """What lies in the folders: label files by the name of their picture without folder and suffix."""

    source: Path
    problems: list[str] = dataclasses.field(default_factory=list)

    @cached_property
    def pictures(self) -> Pictures:
        folder = self.source / _PICTURES
        return Pictures(folder if folder.is_dir() else self.source)

    @cached_property
    def boxes(self) -> dict[str, Path]:
        folder = self.source / _BOXES
        found = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.xml"))}
        return {name: path for name, path in found.items() if root_of(path) in (ROOT, None)}

    @cached_property
    def masks(self) -> dict[str, Path]:
        return self._pngs(_CLASSES)

    @cached_property
    def objects(self) -> dict[str, Path]:
        return self._pngs(_OBJECTS)

    @cached_property
    def label_map(self) -> dict[str, RGB]:
        path = self.source / _LABEL_MAP
        return read_label_map(path, self.problems) if path.is_file() else {}

    def _pngs(self, name: str) -> dict[str, Path]:
        folder = self.source / name
        return {stem(png): folder / png for png in image_names(folder)} if folder.is_dir() else {}


class VocImporter:
    name = VOC
    title = "Pascal VOC"
    options = ("form", "uncovered", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        found = _Set(source)
        if not (source / _BOXES).is_dir() and not (source / _CLASSES).is_dir():
            return None
        if not (found.boxes or found.masks) or not found.pictures.names:
            return None
        questions: list[Question] = []
        if found.boxes and found.masks:
            text = "Labels from masks, boxes, or both (boxes where there is no mask)"
            questions.append(Question(id="form", text=text, choices=_FORMS, default=MASKS))
        if found.boxes:
            only_if = ("form", BOXES) if found.masks else None
            questions.append(dataclasses.replace(UNCOVERED_QUESTION, only_if=only_if))
        if len(set(read_lists(source).values())) < 2:
            questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Pascal VOC: {counted(len(found.pictures.names), 'image')}, {counted(len(found.masks), 'mask')}, "
            f"{counted(len(found.boxes), 'file')} with boxes.",
            confidence=94,
            questions=tuple(questions),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name, forms=_FORMS)
        found = _Set(source)
        if not found.boxes and not found.masks:
            raise BadInput(f"{source} has no picture in {_CLASSES} and no file with boxes in {_BOXES}.")
        form = options.form or (MASKS if found.masks else BOXES)
        by_picture = dict(_by_picture(found, found.masks if form == MASKS else {**found.boxes, **found.masks}))
        if not by_picture:
            raise BadInput(f"{source} has none of the pictures that its labels are for; put them into {_PICTURES}.")
        files = dict(_read_boxes(found))
        classes = _classes(found, files, form, options)
        lists = read_lists(source)
        said = {name: lists[key] for name in found.pictures.names if (key := stem(name)) in lists}
        listed = picture_items(found.pictures, found.pictures.names, options, said=said, said_by="ImageSets")
        labels = {
            index: reader
            for index, name in enumerate(listed.names)
            if name in by_picture and (reader := _reader(found, by_picture[name], name, form, classes))
        }
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
            found=f"Pascal VOC: {counted(len(listed.items), 'image')}, {len(labels):,} of them with {form}.",
            problems=[*found.problems, *listed.problems],
            source=self.name,
            notes=_notes(found),
        )


def _by_picture(found: _Set, labels: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """The name of each picture and the key of its label files."""
    lost: list[str] = []
    for key in labels:
        name = found.pictures.find(key)
        if name is None:
            lost.append(key)
        else:
            yield name, key
    if lost:
        found.problems.append(
            f"{found.source}: {counted(len(lost), 'label has', 'labels have')} no image ({name_some(lost)}); left out."
        )


def _read_boxes(found: _Set) -> Iterator[tuple[str, VocFile]]:
    """The files with boxes that can be read; a bad one gets its sentence when its label is read."""
    for key, path in found.boxes.items():
        try:
            yield key, VocFile(path, from_one=False, complaints=Complaints(path))
        except StudioError:
            continue


def _classes(found: _Set, files: Mapping[str, VocFile], form: str, options: ImportOptions) -> VocClasses:
    """Those of the label map, else VOC's own where masks need them, and those that a box has beyond them."""
    colors: dict[str, RGB | None] = dict(found.label_map)
    if not colors and form != BOXES:
        colors = {name: voc_color(index) for index, name in enumerate(CLASSES)}
    named = [each.name for file in files.values() for each in file.objects]
    for name in dict.fromkeys(named):
        colors.setdefault(name, None)
    void = next((name for name in colors if is_void_name(name)), "")
    if form != BOXES and not void and _has_void(found):
        void, colors[_VOID] = _VOID, voc_color(VOID_INDEX)
    ordered = sorted(colors, key=lambda name: not is_background(name))
    hexes = [as_hex(color) if (color := colors[name]) else "" for name in ordered]
    # A mask says itself what is background.
    uncovered = options.uncovered if form == BOXES else BACKGROUND
    made = ShapeClasses.of(ordered, colors=hexes, uncovered=uncovered)
    ids = made.ids
    table = [(color, ids.get(name, UNLABELLED)) for name, color in colors.items() if color]
    if void:
        table.append((voc_color(VOID_INDEX), ids[void]))
    path = found.source / _LABEL_MAP
    table_of = ColorTable(tuple(table), path if found.label_map else found.source / _CLASSES)
    return VocClasses(made.classes, made.fill, ids.get(void), table_of, mapped=bool(found.label_map))


def _has_void(found: _Set) -> bool:
    """Whether one of the masks, by a spread, has VOC's index 255, which it draws around objects."""
    paths = list(found.masks.values())
    for path in paths[:: max(1, len(paths) // _LOOKED_AT)]:
        try:
            if not is_color_form(path):
                if VOID_INDEX in values_in(open_ids(path)):
                    return True
            elif (read_image(path) == np.array(voc_color(VOID_INDEX), np.uint8)).all(axis=2).any():
                return True
        except StudioError:
            continue  # it gets its sentence when its label is read
    return False


def _reader(found: _Set, key: str, name: str, form: str, classes: VocClasses) -> LabelReader | None:
    image, from_one = found.pictures.folder / name, not found.label_map
    if form != BOXES and key in found.masks:
        return VocMask(image, found.masks[key], found.objects.get(key), found.boxes.get(key), classes, from_one)
    if form != MASKS and key in found.boxes:
        return ShapesReader(image, VocBoxes(image, found.boxes[key], classes, from_one))
    return None


def _notes(found: _Set) -> dict[str, Any]:
    return {"label_map": {name: list(color) for name, color in found.label_map.items()}} if found.label_map else {}
