"""What the formats of tags and classes share: their classes, their names, and labels that are known when planning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.core.classes import MAX_CLASSES, LabelClass, make_classes
from studio.core.errors import BadInput
from studio.core.settings import ProjectSettings
from studio.core.tags import Tags, ids_of
from studio.formats.class_files import CLASS_COLUMNS, CLASS_TABLE, read_class_table
from studio.formats.exports import ExportedItem, write_csv
from studio.formats.listing import name_some

UNLABELLED_NAMES = ("unlabelled", "unlabeled", "unsup", "unsorted")
"""Folders and labels by which data sets call what nobody has said anything about."""


@dataclasses.dataclass(frozen=True)
class TagsReader:
    """Hands over tags that a table or a folder's name has told."""

    tags: Tags

    def __call__(self, problems: list[str]) -> Tags:
        return self.tags


def tag_classes(source: Path, used: Iterable[str], problems: list[str]) -> tuple[LabelClass, ...]:
    """The classes of `classes.csv` in `source`, where it has one, and the used names that it does not have; without it
    the used names in order, numbers by their size. Raises BadTable where the table cannot be used, BadInput for too
    many classes."""
    table = source / CLASS_TABLE
    known = list(read_class_table(table)) if table.is_file() else []
    names = {c.name for c in known}
    new = sorted(set(used) - names, key=_numbers_first)
    if known and new:
        problems.append(f"{table} does not name {name_some(new)}; they were added as further classes.")
    free = [i for i in range(MAX_CLASSES) if i not in {c.id for c in known}]
    if len(new) > len(free):
        some = name_some(new[len(free) :])
        raise BadInput(
            f"There are {len(known) + len(new):,} classes and at most {MAX_CLASSES} can be told; join {some}."
        )
    if not known:
        return tuple(make_classes(new))
    made = make_classes([""] * (max(free[: len(new)], default=-1) + 1))
    return (
        *known,
        *(LabelClass(id=i, name=name, color=made[i].color) for i, name in zip(free, new, strict=False)),
    )


def _numbers_first(name: str) -> tuple[float, str]:
    return (int(name) if name.isdecimal() else math.inf, name)


def names_of(exported: ExportedItem, settings: ProjectSettings) -> list[str]:
    """The names of an item's classes in the order of their ids; a class that the project no longer has is left out."""
    names = {c.id: c.name for c in settings.classes}
    return [names[i] for i in ids_of(exported.tags) if i in names]


def write_classes(path: Path, classes: Sequence[LabelClass], folders: Sequence[str] = ()) -> None:
    """`classes.csv`, with the folder of each class where they are given. Raises CannotWrite."""
    rows = [(str(c.id), c.name, c.color, c.key, "yes" if c.void else "no") for c in classes]
    if folders:
        columns = (*CLASS_COLUMNS, "folder")
        write_csv(path, [columns, *((*row, folder) for row, folder in zip(rows, folders, strict=True))])
    else:
        write_csv(path, [CLASS_COLUMNS, *rows])
