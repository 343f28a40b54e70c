"""A folder for each class below a folder for each split, as `class_folders.py` reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import SourceNotes
from studio.formats.class_files import CLASS_TABLE
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    below,
    copy_picture,
    empty_folder,
)
from studio.formats.listing import name_some, stem
from studio.formats.splits import FOLDER_SPLITS
from studio.formats.tag_labels import UNLABELLED_NAMES, write_classes

_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]|^\.+|[. ]+$')
"""What some system does not take in a folder's name."""


class ClassFoldersExporter:
    name = "class-folders"
    title = "A folder for each class"
    tasks = (Task.SINGLE_LABEL, Task.TEXT)

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
        """The files are the labels here, so they are copied whatever `images` says."""
        empty_folder(out)
        folders = class_folder_names(settings.classes)
        by_id = {c.id: folder for c, folder in zip(settings.classes, folders, strict=True)}
        nowhere = next(name for name in (*UNLABELLED_NAMES, "nobody") if name not in folders)
        known = {c.name for c in settings.classes} | {*folders, nowhere}
        taken: set[str] = set()
        renamed: list[str] = []
        problems: list[str] = []
        labelled = total = 0
        for done, exported in enumerate(items, start=1):
            total = done
            tags = exported.tags
            told = [by_id[i] for i in tags.ids if i in by_id] if tags else []
            labelled += bool(told)
            folder = f"{exported.item.split.value}/{told[0] if told else nowhere}"
            wanted = f"{folder}/{_own_name(exported.item.name, known)}"
            name = _free_name(wanted, taken)
            renamed += [exported.item.name] if name != wanted else []
            problem = copy_picture(exported.item.path, out / below(name))
            problems += [problem] if problem else []
            if progress:
                progress(done)
        write_classes(out / CLASS_TABLE, settings.classes, folders)
        if renamed:
            problems.append(
                f"{counted(len(renamed), 'file has', 'files have')} a number added to the name, because another "
                "of the same name has the "
                f"same class ({name_some(renamed)})."
            )
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=tuple(problems),
            sentence=f"{out} has {counted(total, 'file')}, {labelled:,} of them in a folder of their class.",
        )


def class_folder_names(classes: Sequence[LabelClass]) -> list[str]:
    """A folder's name for each class, in their order, each different also where case is ignored."""
    names: list[str] = []
    for label_class in classes:
        plain = _UNSAFE.sub("_", label_class.name) or "_"
        plain = f"{plain} class" if plain.lower() in FOLDER_SPLITS else plain
        name, number = plain, 2
        while name.lower() in {n.lower() for n in names}:
            name, number = f"{plain} ({number})", number + 1
        names.append(name)
    return names


def _own_name(name: str, classes: set[str]) -> str:
    """An item's name without the folders of its split and its class, which the export makes anew."""
    parts = PurePosixPath(name).parts
    if len(parts) > 1 and parts[0].lower() in FOLDER_SPLITS:
        parts = parts[1:]
    if len(parts) > 1 and (parts[0] in classes or parts[0].lower() in UNLABELLED_NAMES):
        parts = parts[1:]
    return "/".join(parts)


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name.lower() in taken:
        bare = stem(wanted)
        name, number = f"{bare} ({number}){wanted[len(bare) :]}", number + 1
    taken.add(name.lower())
    return name
