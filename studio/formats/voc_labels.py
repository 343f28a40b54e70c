"""The label of one picture of a Pascal VOC set: its segmentation with its objects, or its boxes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from PIL import Image

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED, LabelClass
from studio.core.errors import BadMask, StudioError
from studio.core.images import read_image
from studio.core.masks import values_in
from studio.core.shapes import Bitmap, Carried, Shape, Shaped, ShapeKind
from studio.formats.complaints import Complaints
from studio.formats.label_masks import ColorReader, ColorTable, IdReader, is_color_form, open_ids
from studio.formats.shape_import import check_size
from studio.formats.shape_layers import smaller_above_larger
from studio.formats.voc_files import VOC, VOID_INDEX, VocFile, VocObject, voc_palette

HEADER: Final = "header"
FROM_ONE: Final = "from_one"
_ENOUGH: Final = 0.5
"""Share of the union that an object's box and its pixels' have to have in common to belong together."""


@dataclasses.dataclass(frozen=True)
class VocClasses:
    """`fill` is the mask value of the background; `void` the class of VOC's index 255, None where no mask has it.
    `mapped`: a label map says what a colour means, so that also palette pictures are read by colour."""

    classes: tuple[LabelClass, ...]
    fill: int
    void: int | None
    colors: ColorTable
    mapped: bool

    @property
    def ids(self) -> dict[str, int]:
        return {c.name: c.id for c in self.classes}


@dataclasses.dataclass(frozen=True)
class VocMask:
    """Reads a segmentation; the objects' picture and the boxes come along where they are there."""

    image: Path
    classes_png: Path
    objects_png: Path | None
    boxes: Path | None
    classes: VocClasses
    from_one: bool

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises BadMask, UnreadableImage."""
        mask = self._mask(problems)
        height, width = mask.shape
        file = _file(self.boxes, self.from_one, problems)
        try:
            objects = _instances(self.objects_png, mask.shape) if self.objects_png else None
        except StudioError as error:
            problems.append(f"{error.sentence} Its objects were found anew.")
            objects = None
        shapes = _shapes(mask, objects, file.objects if file else [], self.classes)
        return Shaped(mask, _carried(file, (width, height), shapes, self.classes.fill))

    def _mask(self, problems: list[str]) -> Mask:
        known = self.classes.classes
        mode = "RGB" if is_color_form(self.classes_png) else _mode(self.classes_png)
        if mode == "RGB" or (mode == "P" and self.classes.mapped):
            return ColorReader(self.image, self.classes_png, known, self.classes.colors)(problems)
        return IdReader(self.image, self.classes_png, known, white=self.classes.void)(problems)


@dataclasses.dataclass(frozen=True)
class VocBoxes:
    """Paints the boxes of one picture."""

    image: Path
    boxes: Path
    classes: VocClasses
    from_one: bool

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Raises BadTable, BadInput."""
        complaints = Complaints(self.boxes)
        file = VocFile(self.boxes, from_one=self.from_one, complaints=complaints)
        problems += complaints.sentences
        check_size(self.boxes, file.file_name or self.image.name, file.size, size)
        shapes = smaller_above_larger([each.shape(self.classes.ids.get(each.name)) for each in file.objects])
        return _carried(file, size, shapes, self.classes.fill)


def _file(path: Path | None, from_one: bool, problems: list[str]) -> VocFile | None:
    if path is None:
        return None
    complaints = Complaints(path)
    try:
        file = VocFile(path, from_one=from_one, complaints=complaints)
    except StudioError as error:
        problems.append(error.sentence)
        return None
    problems += complaints.sentences
    return file


def _mode(path: Path) -> str:
    with Image.open(path) as image:
        return image.mode


def _instances(path: Path, shape: tuple[int, ...]) -> Mask:
    """Object numbers, (H, W) uint8, 0 where there is none and 255 for borders. Raises BadMask, UnreadableImage."""
    if is_color_form(path):
        pixels = read_image(path).astype(np.uint32)
        palette = voc_palette().astype(np.uint32)
        lookup = np.zeros(1 << 24, np.uint8)
        lookup[palette[:, 0] << 16 | palette[:, 1] << 8 | palette[:, 2]] = np.arange(256)
        numbers = lookup[pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]]
    else:
        numbers = open_ids(path)
    if numbers.shape != shape:
        why = f"it is {numbers.shape[1]}×{numbers.shape[0]} pixels and the classes {shape[1]}×{shape[0]}"
        raise BadMask(path, why, "export it again")
    return numbers


def _shapes(mask: Mask, numbers: Mask | None, objects: Sequence[VocObject], classes: VocClasses) -> tuple[Shape, ...]:
    """An object's pixels together with what its box says, then the boxes that no pixels belong to, and then the classes
    that no object has. Painted they give the mask."""
    names = {c.id: c.name for c in classes.classes}
    rest = (mask != classes.fill) & (mask != UNLABELLED)
    shapes: list[Shape] = []
    left = list(objects)
    for value in sorted(set(values_in(numbers)) - {0, VOID_INDEX}) if numbers is not None else ():
        region = (numbers == value) & rest
        if not region.any():
            continue
        class_id = int(np.bincount(mask[region]).argmax())
        region &= mask == class_id
        rest &= ~region
        shape = _piece(region, names[class_id], class_id)
        box = _box_of(region)
        owner = max(left, key=lambda each: _overlap(each, names[class_id], box), default=None)
        if owner is not None and _overlap(owner, names[class_id], box) > _ENOUGH:
            left.remove(owner)
            said = owner.shape(class_id)
            shape = msgspec.structs.replace(shape, flags=said.flags, attributes=said.attributes, rest=said.rest)
        shapes.append(shape)
    shapes += [each.shape(None) for each in left]
    if numbers is not None:
        shapes += [_piece((mask == value) & rest, names[value], value) for value in values_in(mask[rest])]
    return tuple(shapes)


def _piece(region: Region, label: str, class_id: int) -> Shape:
    left, top, right, bottom = _box_of(region)
    bitmap = Bitmap.of(region[top:bottom, left:right], x=left, y=top)
    return Shape(kind=ShapeKind.MASK, label=label, class_id=class_id, bitmap=bitmap)


def _box_of(region: Region) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _overlap(found: VocObject, label: str, box: tuple[int, int, int, int]) -> float:
    """Intersection over union of an object's box with another one; 0 for another class."""
    if found.name != label:
        return 0.0
    wide = min(found.box[2], box[2]) - max(found.box[0], box[0])
    high = min(found.box[3], box[3]) - max(found.box[1], box[1])
    both = max(0.0, wide) * max(0.0, high)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (found.box, box)]
    return both / (sum(areas) - both)


def _carried(file: VocFile | None, size: tuple[int, int], shapes: Sequence[Shape], fill: int) -> Carried:
    rest: dict[str, Any] = {HEADER: file.header} if file else {}
    if file and file.from_one:
        rest[FROM_ONE] = True
    return Carried(source=VOC, width=size[0], height=size[1], shapes=tuple(shapes), fill=fill, rest=rest)
