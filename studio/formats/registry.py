"""All importers and exporters, and which importer fits a source best."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from studio.core.errors import BadInput, BadTable, UnknownLayout
from studio.formats.biwi import BiwiImporter
from studio.formats.camvid import CamvidImporter
from studio.formats.camvid_export import CamvidExporter
from studio.formats.class_files import CLASS_TABLE
from studio.formats.class_folders import ClassFoldersImporter
from studio.formats.class_folders_export import ClassFoldersExporter
from studio.formats.class_masks import MasksImporter
from studio.formats.coco import CocoImporter
from studio.formats.coco_export import CocoExporter
from studio.formats.coco_file import find_files
from studio.formats.cvat import CvatImporter
from studio.formats.cvat_export import CvatExporter
from studio.formats.damage import damage, first_damage
from studio.formats.exports import Exporter
from studio.formats.folder import FolderImporter
from studio.formats.labelme import LabelmeImporter
from studio.formats.labelme_export import LabelmeExporter
from studio.formats.labelme_file import is_labelme
from studio.formats.listing import subfolders
from studio.formats.mask_export import ClassMasksExporter, ColorMasksExporter, MasksExporter, SegnetExporter
from studio.formats.plan import Importer, Recognised
from studio.formats.points_csv import ORDER_TABLE, PointsCsvImporter
from studio.formats.points_csv_export import PointsCsvExporter
from studio.formats.tags_csv import TagsCsvImporter
from studio.formats.tags_csv_export import TagsCsvExporter
from studio.formats.text_csv import TextCsvImporter
from studio.formats.text_csv_export import TextCsvExporter
from studio.formats.voc import VocImporter
from studio.formats.voc_export import VocExporter
from studio.formats.yolo import YoloImporter
from studio.formats.yolo_export import YoloExporter

_IMPORTERS: Final[tuple[Importer, ...]] = (
    BiwiImporter(),
    CocoImporter(),
    LabelmeImporter(),
    CvatImporter(),
    VocImporter(),
    YoloImporter(),
    TagsCsvImporter(),
    TextCsvImporter(),
    MasksImporter(),
    CamvidImporter(),
    PointsCsvImporter(),
    ClassFoldersImporter(),
    FolderImporter(),
)
_EXPORTERS: Final[tuple[Exporter, ...]] = (
    CamvidExporter(),
    ColorMasksExporter(),
    SegnetExporter(),
    MasksExporter(),
    ClassMasksExporter(),
    PointsCsvExporter(),
    CocoExporter(),
    LabelmeExporter(),
    CvatExporter(),
    VocExporter(),
    YoloExporter(),
    TagsCsvExporter(),
    ClassFoldersExporter(),
    TextCsvExporter(),
)
_FILES: Final = {"coco": ".json", "tags": ".csv", "text": ".csv", "csv": ".csv"}
"""Formats in which one file can be imported for itself, and how it ends."""

_ABOUT: Final = (CLASS_TABLE, ORDER_TABLE)
"""Tables that say something about the others."""

_SURE: Final = 80
"""With this confidence nothing else is tried."""

_MOST_SUBFOLDERS: Final = 3


def importers() -> tuple[Importer, ...]:
    """The most specific layout first."""
    return _IMPORTERS


def importer(name: str) -> Importer:
    """Raises BadInput for a name that no importer has."""
    for candidate in _IMPORTERS:
        if candidate.name == name:
            return candidate
    raise BadInput(f"There is no import format {name}; there are {', '.join(i.name for i in _IMPORTERS)}.")


def exporters() -> tuple[Exporter, ...]:
    return _EXPORTERS


def exporter(name: str) -> Exporter:
    """Raises BadInput for a name that no exporter has."""
    for candidate in _EXPORTERS:
        if candidate.name == name:
            return candidate
    raise BadInput(f"There is no export format {name}; there are {', '.join(e.name for e in _EXPORTERS)}.")


def source_folder(source: Path) -> Path:
    """The folder that a path means: itself, or the one a file such as codes.txt lies in. Raises BadInput."""
    if source.is_dir():
        return source.absolute()
    if source.is_file():
        return source.absolute().parent
    raise BadInput(f"{source} does not exist; check the path.")


def source_for(format_name: str, source: Path) -> Path:
    """What an importer reads of `source`: the file itself where it reads single ones, else the folder. Raises
    BadInput."""
    if source.is_file() and _FILES.get(format_name) == source.suffix.lower():
        return source.absolute()
    return source_folder(source)


def is_annotation_file(source: Path) -> bool:
    """Whether a path is a file that is imported for itself, and stands for more than the folder in which it lies."""
    is_one = source.suffix.lower() in _FILES.values() and source.name not in _ABOUT and source.is_file()
    return is_one and not is_labelme(source)


def recognise(source: Path) -> Recognised:
    """What lies at `source`, by its layout alone; where that is only a folder around the data, what lies one level
    below. Raises UnknownLayout where there is no picture, BadInput where there is nothing, BadTable for a file that is
    damaged."""
    if is_annotation_file(source):
        return _of_file(source.absolute())
    folder = source_folder(source)
    best = _best(folder)
    if best is None or best.confidence < _SURE:
        below = subfolders(folder)
        inner = [found for sub in below if (found := _best(sub))] if len(below) <= _MOST_SUBFOLDERS else []
        sure = [found for found in inner if found.confidence >= _SURE]
        if len(sure) == 1:
            return sure[0]
    if best is None:
        raise UnknownLayout(source, ", ".join(i.name for i in _IMPORTERS))
    return dataclasses.replace(best, damage=_broken(best, folder)) if best.confidence < _SURE else best


def _of_file(source: Path) -> Recognised:
    """Raises BadTable where the file is damaged, BadInput where no importer can read it."""
    for candidate in _IMPORTERS:
        if _FILES.get(candidate.name) == source.suffix.lower() and (found := candidate.recognise(source)):
            return found
    raise damage(source) or BadInput(
        f"{source} is no file of annotations that can be imported; name its folder instead."
    )


def _broken(best: Recognised, folder: Path) -> BadTable | None:
    """A damaged file of annotations; where the layout says something itself, only one that certainly is one."""
    if best.format == FolderImporter.name:
        return first_damage(folder)
    return next((found for path in find_files(folder) if (found := damage(path))), None)


def _best(folder: Path) -> Recognised | None:
    best: Recognised | None = None
    for candidate in _IMPORTERS:
        try:
            found = candidate.recognise(folder)
        except BadInput:
            continue  # the layout is another one or damaged; planning with it by name says why
        if found and found.confidence >= _SURE:
            return found
        if found and (best is None or found.confidence > best.confidence):
            best = found
    return best
