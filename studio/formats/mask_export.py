"""Label images beside pictures in the layouts that programs read: ids, colours, SegNet's folders, a mask a class.

Each layout reads back with `camvid.py` or `class_masks.py`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from studio.core.arrays import Mask
from studio.core.atomic import write_atomically
from studio.core.classes import UNLABELLED, LabelClass, distinct_color, rgb
from studio.core.counting import counted
from studio.core.items import Split
from studio.core.settings import ProjectSettings, Task
from studio.core.shape_painting import covered
from studio.core.shapes import SourceNotes
from studio.formats.camvid_export import write_classes
from studio.formats.class_files import COLORS, as_hex
from studio.formats.class_masks import MASKS
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    copy_picture,
    empty_folder,
    write_text,
)
from studio.formats.picture_places import PicturePlaces
from studio.formats.shape_export import Losses, background_id, item_shapes
from studio.formats.tables import RGB

_SEGNET: Final = {Split.TRAIN: "train", Split.VALID: "val", Split.TEST: "test", Split.PRODUCTION: "test"}
_LISTS: Final = {Split.VALID: "valid.txt", Split.TEST: "test.txt", Split.PRODUCTION: "test.txt"}
"""Neither layout has a place for what was seen in production; like test pictures these are never trained on unasked."""


class MasksExporter:
    """`images/X` and `masks/X.png`, grey pictures of class ids; `codes.txt`, `label_colors.txt` and `classes.csv` name
    the classes, `valid.txt` and `test.txt` the split."""

    name = "masks"
    title = "Folders of pictures and masks (class ids)"
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
        losses, problems = Losses(self.title), list[str]()
        self.write_classes(out, settings)
        places = self.places()
        rows: list[tuple[Split, str, str]] = []
        labelled = total = 0
        for total, exported in enumerate(items, start=1):
            place = places.place(exported.item)
            bare = places.bare(place)
            rows.append((exported.item.split, place, bare))
            if images:
                problem = copy_picture(exported.item.path, self.picture(out, place))
                problems += [problem] if problem else []
            if isinstance(exported.label, np.ndarray):
                try:
                    self.write_label(out, bare, settings, exported, exported.label, losses)
                    labelled += 1
                except ValueError as error:
                    problems.append(f"{exported.item.name} was left out: {error}")
            if progress:
                progress(total)
        self.write_lists(out, rows)
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {labelled:,} with masks, and "
            f"{counted(len(settings.classes), 'class')}.",
        )

    def places(self) -> PicturePlaces:
        return PicturePlaces()

    def picture(self, out: Path, place: str) -> Path:
        return out / "images" / place

    def write_classes(self, out: Path, settings: ProjectSettings) -> None:
        write_classes(out, settings.classes)

    def write_label(
        self, out: Path, bare: str, settings: ProjectSettings, exported: ExportedItem, mask: Mask, losses: Losses
    ) -> None:
        """Raises CannotWrite, ValueError."""
        write_atomically(out / "masks" / f"{bare}.png", _png(mask), durable=False)

    def write_lists(self, out: Path, rows: Iterable[tuple[Split, str, str]]) -> None:
        """`rows` have each item's split, its picture and its label."""
        rows = list(rows)
        for name in dict.fromkeys(_LISTS.values()):
            names = [place for of, place, _ in rows if _LISTS.get(of) == name]
            if names:
                write_text(out / name, names)


class SegnetExporter(MasksExporter):
    """`train/X`, `trainannot/X.png`, the same for val and test, and lists that pair them."""

    name = "segnet"
    title = "CamVid as SegNet has it (class ids)"

    def places(self) -> PicturePlaces:
        return PicturePlaces(_SEGNET)

    def picture(self, out: Path, place: str) -> Path:
        return out / place

    def write_label(
        self, out: Path, bare: str, settings: ProjectSettings, exported: ExportedItem, mask: Mask, losses: Losses
    ) -> None:
        folder, _, rest = bare.partition("/")
        write_atomically(out / f"{folder}annot" / f"{rest}.png", _png(mask), durable=False)

    def write_lists(self, out: Path, rows: Iterable[tuple[Split, str, str]]) -> None:
        """Pairs of paths as in SegNet's tutorial; only of pictures that have a label."""
        lines: dict[str, list[str]] = {folder: [] for folder in _SEGNET.values()}
        for _, place, bare in rows:
            folder, _, rest = bare.partition("/")
            label = f"{folder}annot/{rest}.png"
            if (out / label).is_file():
                lines[folder].append(f"/SegNet/CamVid/{place} /SegNet/CamVid/{label}")
        for folder, pairs in lines.items():
            (out / folder).mkdir(exist_ok=True)
            (out / f"{folder}annot").mkdir(exist_ok=True)
            write_text(out / f"{folder}.txt", pairs)


class ColorMasksExporter(MasksExporter):
    """`images/X` and `labels_color/X_L.png` in the colours of `label_colors.txt`, as CamVid itself came."""

    name = "camvid-colors"
    title = "Pictures with label images by colour (CamVid)"

    def write_classes(self, out: Path, settings: ProjectSettings) -> None:
        colors = _colors(settings.classes)
        write_text(out / COLORS, ["{} {} {}\t{}".format(*colors[c.id], c.name) for c in settings.classes])

    def write_label(
        self, out: Path, bare: str, settings: ProjectSettings, exported: ExportedItem, mask: Mask, losses: Losses
    ) -> None:
        colors = _colors(settings.classes)
        table = np.zeros((256, 3), np.uint8)
        for number, color in colors.items():
            table[number] = color
        if np.any(mask == UNLABELLED):
            losses.turned("unlabelled areas", f"the colour {as_hex(colors[UNLABELLED])}, which no class has")
        write_atomically(out / "labels_color" / f"{bare}_L.png", _png(table[mask]), durable=False)


class ClassMasksExporter(MasksExporter):
    """`images/X` and, for each class that a picture has, `masks/CLASS/X.png`, white where the class is; the first
    picture has one for every class. Masks that came in this layout keep what others hide of them."""

    name = "class-masks"
    title = "Black and white masks, a folder a class"

    def write_classes(self, out: Path, settings: ProjectSettings) -> None:
        (out / "masks").mkdir(parents=True, exist_ok=True)

    def write_label(
        self, out: Path, bare: str, settings: ProjectSettings, exported: ExportedItem, mask: Mask, losses: Losses
    ) -> None:
        ground = background_id(settings)
        if ground != UNLABELLED and np.any(mask == UNLABELLED):
            losses.dropped("the unlabelled areas of pictures")
        names = {c.id: c.name for c in settings.classes if c.id != ground}
        regions = {number: mask == number for number in names}
        if exported.carried is not None and exported.carried.source == MASKS:
            _add_hidden(regions, settings, exported)
        first = not any((out / "masks").iterdir())
        seen = [number for number, region in regions.items() if first or region.any()]
        # A picture without any class has an empty mask, which tells it from one without a label.
        for number in seen or list(regions)[:1]:
            path = out / "masks" / _file_name(names[number]) / f"{bare}.png"
            white = np.where(regions[number], np.uint8(255), np.uint8(0))
            write_atomically(path, _png(white), durable=False)


def _add_hidden(regions: dict[int, np.ndarray], settings: ProjectSettings, exported: ExportedItem) -> None:
    now = item_shapes(settings, exported)
    for shape in now.shapes if now else ():
        region = regions.get(shape.class_id) if shape.class_id is not None else None
        found = covered(shape, region.shape[1], region.shape[0]) if region is not None else None
        if region is not None and found is not None:
            region[found[0].slices] |= found[1]


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _file_name(name: str) -> str:
    """A class's name as a folder's."""
    return "".join("_" if sign in '/\\:*?"<>|' else sign for sign in name).strip(". ") or "class"


def _colors(classes: Iterable[LabelClass]) -> dict[int, RGB]:
    """A colour of its own for each class, as far as it goes the one that it has, and one that is no class's for what is
    unlabelled."""
    colors: dict[int, RGB] = {}
    spare = (rgb(distinct_color(index)) for index in range(10_000))
    for each in classes:
        wanted = rgb(each.color)
        colors[each.id] = wanted if wanted not in colors.values() else _free(spare, colors)
    black = (0, 0, 0)
    colors[UNLABELLED] = black if black not in colors.values() else _free(spare, colors)
    return colors


def _free(spare: Iterable[RGB], colors: dict[int, RGB]) -> RGB:
    return next(color for color in spare if color not in colors.values())
