"""The files of a Pascal VOC set: label map, lists, and an XML file with boxes for each picture."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.items import Split
from studio.core.shapes import Shape, ShapeKind
from studio.formats.complaints import Complaints
from studio.formats.tables import RGB, read_lines
from studio.formats.xml_values import as_text, number, read_xml

VOC: Final = "voc"
ROOT: Final = "annotation"
OBJECT_TEXT: Final = "xml"
FLAGS: Final = ("truncated", "occluded", "difficult")
ROTATION: Final = "rotation"
VOID_INDEX: Final = 255
CLASSES: Final = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
"""What the ids of a VOC set mean that has no label map (VOC development kit, `VOCinit.m`)."""

_LISTS: Final = {"train": Split.TRAIN, "val": Split.VALID, "valid": Split.VALID, "test": Split.TEST}
_CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")


def voc_color(index: int) -> RGB:
    """The colour of a palette index: its bits in turn to red, green and blue (VOC development kit, `VOCcolormap.m`)."""
    color = [0, 0, 0]
    for place in range(7, -1, -1):
        for channel in range(3):
            color[channel] |= (index >> channel & 1) << place
        index >>= 3
    return color[0], color[1], color[2]


def voc_palette() -> np.ndarray:
    """(256, 3) uint8."""
    return np.array([voc_color(index) for index in range(256)], np.uint8)


def read_label_map(path: Path, problems: list[str]) -> dict[str, RGB]:
    """Colour by class name (`name:r,g,b:parts:actions`), in the order of the file. Raises BadTable, BadInput."""
    colors: dict[str, RGB] = {}
    for place, line in enumerate(read_lines(path), start=1):
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        values = [part.strip() for part in rest.split(":")[0].split(",")]
        levels = [int(value) for value in values if value.isascii() and value.isdecimal() and int(value) < 256]
        if not name or len(levels) != 3 or len(values) != 3:
            problems.append(f"{path}: line {place} ({line!r}) is not `name:red,green,blue::`; it was passed over.")
        elif name in colors:
            problems.append(f"{path} names {name} more than once; its first colour is used.")
        else:
            colors[name] = (levels[0], levels[1], levels[2])
    return colors


def read_lists(source: Path) -> dict[str, Split]:
    """The split by picture name without suffix, as the lists in `ImageSets` say. Raises BadTable, BadInput."""
    splits: dict[str, Split] = {}
    for folder in ("Main", "Segmentation"):
        for name, split in _LISTS.items():
            path = source / "ImageSets" / folder / f"{name}.txt"
            if path.is_file():
                splits.update((line.split()[0], split) for line in read_lines(path) if line)
    return splits


@dataclasses.dataclass(frozen=True)
class VocObject:
    """One object: `box` is left, top, right, bottom, counted from the picture's corner."""

    name: str
    box: tuple[float, float, float, float]
    element: ET.Element

    def shape(self, class_id: int | None) -> Shape:
        left, top, right, bottom = self.box
        attributes = dict(self._attributes())
        rotation = attributes.pop(ROTATION, "0")
        return Shape(
            kind=ShapeKind.RECTANGLE,
            label=self.name,
            class_id=class_id,
            points=((left, top), (right, bottom)),
            rotation=number(rotation or "0", ROTATION),
            flags={flag: True for flag in FLAGS if (self.element.findtext(flag) or "").strip() == "1"},
            attributes=attributes,
            rest={OBJECT_TEXT: as_text(self.element)},
        )

    def _attributes(self) -> list[tuple[str, Any]]:
        found = self.element.find("attributes")
        pairs = found.iter("attribute") if found is not None else ()
        return [(each.findtext("name") or "", each.findtext("value") or "") for each in pairs]


class VocFile:
    """The XML file of one picture. `header` is the text of what it says beside its objects; `from_one`: it counts
    pixels from 1, as VOC's own files do, whose coordinates are all whole numbers."""

    def __init__(self, path: Path, *, from_one: bool, complaints: Complaints) -> None:
        """Raises BadTable, BadInput where nothing of it can be used."""
        self.path = path
        whole = read_xml(path, ROOT)
        elements = whole.findall("object")
        for element in elements:
            whole.remove(element)
        self.header = as_text(whole)
        self.file_name = (whole.findtext("filename") or "").strip()
        self.size = _whole(whole.findtext("size/width")), _whole(whole.findtext("size/height"))
        self.from_one = from_one and all(_counts_from_one(element) for element in elements)
        self.objects: list[VocObject] = []
        for place, element in enumerate(elements, start=1):
            try:
                self.objects.append(self._object(element))
            except ValueError as error:
                complaints.add(f"object {place} ({element.findtext('name') or 'without a name'})", str(error))

    def _object(self, element: ET.Element) -> VocObject:
        name = (element.findtext("name") or "").strip()
        if not name:
            raise ValueError("it has no name")
        left, top, right, bottom = (number(element.findtext(f"bndbox/{side}"), side) for side in _CORNERS)
        if self.from_one:
            left, top = left - 1, top - 1
        if right <= left or bottom <= top:
            raise ValueError("its box is empty")
        return VocObject(name, (left, top, right, bottom), element)


def _counts_from_one(element: ET.Element) -> bool:
    values = [(element.findtext(f"bndbox/{side}") or "").strip() for side in _CORNERS]
    return all(value.isascii() and value.isdecimal() and int(value) > 0 for value in values)


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() else None
