"""Writing a project's labels in a layout that other programs read: one file a layout, behind one registry."""

from __future__ import annotations

import csv
import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from studio.core.arrays import Mask
from studio.core.errors import BadInput, CannotWrite
from studio.core.items import Item
from studio.core.points import Points
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import Carried, SourceNotes
from studio.core.tags import Tags

ProgressCall = Callable[[int], object]
"""Called with how many items are done."""


NO_NOTES: Final[SourceNotes] = {}


@dataclasses.dataclass(frozen=True)
class ExportedItem:
    """An item and its label, None where it has none; `carried` are the shapes that an import brought, which
    `core.shape_changes.shapes_now` compares with the label; `tags` are the classes of the item as a whole."""

    item: Item
    label: Mask | Points | None
    carried: Carried | None = None
    tags: Tags | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written, in a sentence, and a sentence for each item that could not be."""

    items: int
    labelled: int
    problems: tuple[str, ...]
    sentence: str


class Exporter(Protocol):
    """One layout. `items` are read one after the other; pictures are copied byte for byte when `images`; `notes` are
    what the sources of imports said about whole data sets."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tasks(self) -> tuple[Task, ...]: ...

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
        """Raises BadInput where `out` holds something already, CannotWrite where it cannot be written."""
        ...


def below(name: str) -> PurePosixPath:
    """An item's name as a path that cannot lead out of the export's folder. Raises BadInput."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BadInput(f"The item name {name} leads out of the folder; rename the item before exporting.")
    return path


def empty_folder(out: Path) -> None:
    """Make `out`; an export never mixes with what is there. Raises BadInput or CannotWrite."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise BadInput(f"{out} is not empty; choose a new folder for the export.")
    except OSError as error:
        raise CannotWrite(out, error.strerror or str(error)) from error


def copy_picture(picture: Path, out: Path) -> str | None:
    """The picture's bytes at `out`, its folder made; a sentence where it cannot be read. Raises CannotWrite."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with picture.open("rb") as source, out.open("wb") as target:
            shutil.copyfileobj(source, target)
    except OSError as error:
        if error.filename is not None and os.fspath(error.filename) == os.fspath(picture):
            return f"{picture} cannot be read ({error.strerror}); its picture is missing in the export."
        raise CannotWrite(out, error.strerror or str(error)) from error
    return None


def write_text(path: Path, lines: Iterable[str]) -> None:
    """Lines as UTF-8 with a line feed each. Raises CannotWrite."""
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from error


def write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Rows as UTF-8, the signs of their cells as they are, line ends included. Raises CannotWrite."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from error
