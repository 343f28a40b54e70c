"""Pascal VOC: `JPEGImages`, `SegmentationClass`, `SegmentationObject`, `Annotations`, `ImageSets`, `labelmap.txt`.

The masks are palette PNGs: index 0 is the background, 255 what no metric counts. Boxes count pixels from the picture's
corner, as CVAT writes them; those that came from VOC and whose pixels nobody changed are written as they were.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from studio.core.arrays import Mask
from studio.core.atomic import write_atomically
from studio.core.classes import UNLABELLED, LabelClass, rgb
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.settings import ProjectSettings, Task
from studio.core.shape_painting import Covered, covered, painting_order
from studio.core.shapes import STROKES, Carried, Shape, ShapeKind, SourceNotes
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    below,
    copy_picture,
    empty_folder,
    write_text,
)
from studio.formats.listing import stem
from studio.formats.shape_export import Losses, background_id, item_shapes
from studio.formats.shape_import import BACKGROUND
from studio.formats.tables import RGB
from studio.formats.voc_files import FLAGS, OBJECT_TEXT, ROOT, ROTATION, VOC, VOID_INDEX, voc_color, voc_palette
from studio.formats.voc_labels import FROM_ONE, HEADER
from studio.formats.xml_values import add, document, parse_xml, short

_MOST_OBJECTS: Final = 254
_LISTS: Final = {
    Split.TRAIN: ("train", "trainval"),
    Split.VALID: ("val", "trainval"),
    Split.TEST: ("test",),
    Split.PRODUCTION: ("test",),
}
"""The layout has no list for what was seen in production; like test pictures these are never trained on unasked."""


class VocExporter:
    name = VOC
    title = "Pascal VOC"
    tasks = (Task.SEGMENTATION,)

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
        losses, problems, stems = Losses("Pascal VOC"), list[str](), set[str]()
        writer = _Writer(settings, out, losses)
        lists: dict[str, list[str]] = {name: [] for names in _LISTS.values() for name in names}
        masked: set[str] = set()
        total = 0
        for total, exported in enumerate(items, start=1):
            name = stem(exported.item.name)
            if name in stems:
                problems.append(f"{exported.item.name} was left out: another picture is called {name} as well.")
                continue
            stems.add(name)
            if images:
                problem = copy_picture(exported.item.path, out / "JPEGImages" / below(exported.item.name))
                problems += [problem] if problem else []
            for listed in _LISTS[exported.item.split]:
                lists[listed].append(name)
            try:
                if writer.add(exported, name):
                    masked.add(name)
            except (BadInput, ValueError) as error:
                problems.append(f"{exported.item.name} was left out: {error}")
            if progress:
                progress(total)
        writer.finish(lists, masked)
        return ExportReport(
            items=total,
            labelled=len(masked),
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {counted(len(masked), 'mask')} and "
            f"{counted(writer.objects, 'object')} as Pascal VOC.",
        )


class _Writer:
    def __init__(self, settings: ProjectSettings, out: Path, losses: Losses) -> None:
        self._settings = settings
        self._out = out
        self._losses = losses
        self._ground = background_id(settings)
        self._void = {c.id for c in settings.classes if c.void}
        drawn = [c for c in settings.classes if c.id != self._ground and not c.void]
        if len(drawn) >= VOID_INDEX:
            raise BadInput(f"Pascal VOC holds {VOID_INDEX - 1} classes beside the background and not {len(drawn)}.")
        self._colors = _colors(drawn)
        self._index = np.full(256, VOID_INDEX, np.uint8)
        if self._ground != UNLABELLED:
            self._index[self._ground] = 0
        for index, each in enumerate(drawn, start=1):
            self._index[each.id] = index
        self.objects = 0

    def add(self, exported: ExportedItem, name: str) -> bool:
        """One item; False where it has no mask. Raises BadInput, ValueError, CannotWrite."""
        now, mask = item_shapes(self._settings, exported), exported.label
        if now is None or not isinstance(mask, np.ndarray):
            return False
        if np.any(mask == UNLABELLED):
            self._losses.turned("the unlabelled areas of pictures", "void")
        carried = exported.carried if exported.carried and exported.carried.source == VOC else None
        indices = self._index[mask]
        height, width = mask.shape
        numbers = np.where(indices == VOID_INDEX, np.uint8(VOID_INDEX), np.uint8(0))
        root = _header(carried, exported.item.name, width, height)
        count = 0
        for place in painting_order(now.shapes):
            shape = now.shapes[place]
            found = self._area(shape, carried, width, height)
            if found is not None and shape.class_id is not None:
                count += 1
                self._number(numbers, found, count, mask == shape.class_id)
            if found is not None or OBJECT_TEXT in shape.rest:
                as_it_was = now.same[place] and carried is not None
                root.append(_object(shape, found, carried, as_it_was=as_it_was))
                self.objects += 1
        palette = np.array([*self._colors.values()], np.uint8)
        path = below(f"{name}.png")
        write_atomically(self._out / "SegmentationClass" / path, _png(indices, palette), durable=False)
        write_atomically(self._out / "SegmentationObject" / path, _png(numbers, voc_palette()), durable=False)
        write_atomically(self._out / "Annotations" / below(f"{name}.xml"), document(root), durable=False)
        return True

    def finish(self, lists: dict[str, list[str]], masked: set[str]) -> None:
        """The lists of the splits and the label map. Raises CannotWrite."""
        for name, names in lists.items():
            for folder in ("Main", "Segmentation") if names else ():
                path = self._out / "ImageSets" / folder / f"{name}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_text(path, names if folder == "Main" else [each for each in names if each in masked])
        lines = [f"{name}:{','.join(map(str, color))}::" for name, color in self._colors.items()]
        write_text(self._out / "labelmap.txt", ["# label:color_rgb:parts:actions", *lines])

    def _area(self, shape: Shape, carried: Carried | None, width: int, height: int) -> Covered | None:
        """What a shape covers, where that makes an object; what is lost of it is counted."""
        found = covered(shape, width, height) if shape.class_id is not None else None
        if found is None or not found[1].any():
            if OBJECT_TEXT not in shape.rest:
                self._losses.dropped("lines and points without a width" if shape.kind in STROKES else "tags")
            return None
        if shape.class_id in self._void:
            return None
        if carried is None:
            self._losses.dropped("flags", sum(flag not in FLAGS for flag in shape.flags))
            self._losses.dropped("group ids", int(shape.group is not None))
            self._losses.dropped("descriptions", int(bool(shape.description)))
            self._losses.dropped("marks of crowds", int(shape.crowd))
        return found

    def _number(self, numbers: Mask, found: Covered, count: int, where: np.ndarray) -> None:
        """Give the pixels of an object that are seen its number."""
        if count > _MOST_OBJECTS:
            self._losses.dropped(f"the pixels of more than {_MOST_OBJECTS} objects a picture")
            return
        rect, region = found
        np.copyto(numbers[rect.slices], np.uint8(count), where=region & where[rect.slices])


def _colors(classes: Sequence[LabelClass]) -> dict[str, RGB]:
    """A colour for the background and each class: their own, as long as each tells them apart, else VOC's."""
    taken = {voc_color(0), voc_color(VOID_INDEX)}
    own = [rgb(each.color) for each in classes]
    if len({*own, *taken}) < len(own) + len(taken):
        own = [voc_color(index) for index in range(1, len(classes) + 1)]
    return {BACKGROUND: voc_color(0), **dict(zip((each.name for each in classes), own, strict=True))}


def _png(indices: Mask, palette: np.ndarray) -> bytes:
    table = voc_palette()
    table[: len(palette)] = palette
    image = Image.fromarray(indices)
    image.putpalette(table.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _header(carried: Carried | None, name: str, width: int, height: int) -> ET.Element:
    kept = parse_xml(str(carried.rest.get(HEADER, ""))) if carried else None
    if kept is not None:
        return kept
    root = ET.Element(ROOT)
    add(root, "folder")
    add(root, "filename", name)
    source = ET.SubElement(root, "source")
    for key in ("database", "annotation", "image"):
        add(source, key, "Unknown")
    size = ET.SubElement(root, "size")
    for key, value in {"width": width, "height": height, "depth": 3}.items():
        add(size, key, value)
    add(root, "segmented", 1)
    return root


def _object(shape: Shape, found: Covered | None, carried: Carried | None, *, as_it_was: bool) -> ET.Element:
    kept = parse_xml(str(shape.rest.get(OBJECT_TEXT, ""))) if carried else None
    element = kept if kept is not None else _new_object(shape)
    name = element.find("name")
    if name is not None:
        name.text = shape.label
    if found is None or (kept is not None and as_it_was):
        return element
    from_one = bool(carried and carried.rest.get(FROM_ONE))
    for old in element.findall("bndbox"):
        element.remove(old)
    box = ET.SubElement(element, "bndbox")
    for side, value in zip(("xmin", "ymin", "xmax", "ymax"), _bounds(shape, found), strict=True):
        whole = str(round(value) + int(side in ("xmin", "ymin")))
        add(box, side, whole if from_one else short(value))
    return element


def _new_object(shape: Shape) -> ET.Element:
    element = ET.Element("object")
    add(element, "name", shape.label)
    for flag in FLAGS:
        add(element, flag, int(shape.flags.get(flag, False)))
    turned = {ROTATION: shape.rotation} if shape.rotation and shape.kind is ShapeKind.RECTANGLE else {}
    given = {**turned, **shape.attributes}
    attributes = ET.SubElement(element, "attributes") if given else element
    for key, value in given.items():
        attribute = ET.SubElement(attributes, "attribute")
        add(attribute, "name", key)
        add(attribute, "value", value)
    return element


def _bounds(shape: Shape, found: Covered) -> tuple[float, float, float, float]:
    """Left, top, right, bottom: of a rectangle its own, else around the pixels."""
    if shape.kind is ShapeKind.RECTANGLE:
        (ax, ay), (bx, by) = shape.points[:2]
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
    rect, region = found
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    left, top = rect.x + int(columns[0]), rect.y + int(rows[0])
    return left, top, left + int(columns[-1] - columns[0]) + 1, top + int(rows[-1] - rows[0]) + 1
