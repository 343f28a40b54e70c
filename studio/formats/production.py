"""What a model got wrong out there, as a folder or a table tells it: which file, what was answered, what is true."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from studio.core.errors import BadInput, BadTable
from studio.core.images import IMAGE_SUFFIXES
from studio.core.texts import TEXT_SUFFIXES
from studio.formats.tables import read_text

_HEADERS: Final = {
    "image": (
        *("image", "imagename", "imagepath", "img", "picture", "photo", "file", "filename", "filepath", "path"),
        *("name", "document", "text", "item"),
    ),
    "predicted": (
        *("predicted", "prediction", "predictions", "pred", "predictedclass", "predictedlabel", "predictedtags"),
        *("answer", "output", "modeloutput", "result", "guess"),
    ),
    "true": (
        *("true", "truth", "trueclass", "truelabel", "truetags", "groundtruth", "gt", "actual", "actuallabel"),
        *("label", "labels", "target", "expected", "correct", "correctlabel", "class", "tags", "shouldbe"),
    ),
}
"""Names of the three columns, in small letters and without anything but letters, the likeliest first."""

_TABLES: Final = (".csv", ".tsv", ".txt")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportedError:
    """One file. `name` is its path below the source, with `/`; `predicted` and `true` are cells as they stand, empty
    where nothing is said; `where` says which line tells of it."""

    path: Path
    name: str
    predicted: str = ""
    true: str = ""
    where: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportedErrors:
    """`source` is the table, or the folder without one; paths in cells are looked for below `folder`."""

    source: Path
    folder: Path
    errors: list[ReportedError]
    problems: list[str]


def read_reported(source: Path, *, texts: bool = False) -> ReportedErrors:
    """What `source` tells: a table, a folder with one table in it, or a folder of pictures, or of `texts`.

    What cannot be found gets a sentence and the rest goes on. Raises BadInput where nothing at all is told.
    """
    if source.is_dir():
        files = _Files(source, TEXT_SUFFIXES if texts else IMAGE_SUFFIXES)
        tables = [path for path in sorted(source.glob("*")) if path.suffix.lower() in (".csv", ".tsv")]
        if len(tables) == 1:
            return _read_table(tables[0], files)
        found = [ReportedError(path=source / name, name=name) for name in files.names]
        kind = "text file" if texts else "picture"
        if not found:
            raise BadInput(f"{source} has no {kind} and no table in it; name a folder of {kind}s or a CSV file.")
        return ReportedErrors(source=source, folder=source, errors=found, problems=[])
    if not source.is_file():
        raise BadInput(f"{source} does not exist; name a folder of what the model got wrong, or a CSV file.")
    if source.suffix.lower() not in _TABLES:
        raise BadInput(f"{source} is no table; name a CSV file with a column image, or a folder.")
    return _read_table(source, _Files(source.parent, TEXT_SUFFIXES if texts else IMAGE_SUFFIXES))


class _Files:
    """The files below a folder that may be items, found by what a table calls them; looked for when first needed."""

    def __init__(self, folder: Path, suffixes: frozenset[str] | Sequence[str]) -> None:
        self.folder = folder
        self._suffixes = frozenset(suffixes)
        self._by_file: dict[str, list[str]] | None = None

    @property
    def names(self) -> list[str]:
        found = (p for p in self.folder.rglob("*") if p.suffix.lower() in self._suffixes and p.is_file())
        return sorted(p.relative_to(self.folder).as_posix() for p in found)

    def at(self, called: str) -> Path | None:
        """The file at that very place: absolute, or relative to the folder."""
        path = Path(called.replace("\\", "/"))
        places = (place for place in (path, self.folder / path) if place.is_absolute() and place.is_file())
        return next(places, None)

    def called(self, called: str) -> Path | None:
        """The one file below the folder that is called so, wherever it lies, with or without its suffix."""
        if self._by_file is None:
            self._by_file = {}
            for name in self.names:
                file = name.rpartition("/")[2].lower()
                for key in (file, file.rpartition(".")[0]):
                    self._by_file.setdefault(key, []).append(name)
        found = self._by_file.get(called.replace("\\", "/").rpartition("/")[2].lower(), [])
        return self.folder / found[0] if len(found) == 1 else None


def _read_table(table: Path, files: _Files) -> ReportedErrors:
    rows, columns = _rows(table)
    lines = [
        (number, {what: row[place].strip() if place < len(row) else "" for what, place in columns.items()})
        for number, row in rows
    ]
    places = {cells["image"]: files.at(cells["image"]) for _, cells in lines if cells["image"]}
    told = {path for path in places.values() if path is not None}
    found: dict[Path, ReportedError] = {}
    problems: list[str] = []
    for number, cells in lines:
        called, where = cells["image"], f"{table.name}, line {number}"
        if not called:
            problems.append(f"{where}: no file is named; the line was passed over.")
            continue
        path = places[called] or files.called(called)
        if path is None or (path in told and places[called] is None):  # a namesake that has a line of its own
            problems.append(f"{where}: {called} is not there, nor one other file of that name below {files.folder}.")
        elif path in found:
            problems.append(f"{where}: {called} was named before; the first line counts.")
        else:
            found[path] = ReportedError(
                path=path,
                name=_name_below(files.folder, path),
                predicted=cells.get("predicted", ""),
                true=cells.get("true", ""),
                where=where,
            )
    if not found:
        why = f" ({problems[0]})" if problems else ""
        raise BadTable(
            table, f"it names no file that is there{why}", "put the files beside it or name their full paths"
        )
    return ReportedErrors(source=table, folder=files.folder, errors=list(found.values()), problems=problems)


def _rows(table: Path) -> tuple[list[tuple[int, list[str]]], dict[str, int]]:
    """The rows below the header with their line numbers, and the place of each known column. A table without a header
    has image, predicted and true in this order. Raises BadTable."""
    text = read_text(table)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    try:
        rows = [(n, row) for n, row in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1) if any(row)]
    except csv.Error as error:
        raise BadTable(table, f"it is not a CSV file ({error})", "save it as CSV with a comma between cells") from error
    if not rows:
        raise BadTable(table, "it is empty", "its first line has to name image, predicted and true")
    columns = _columns(rows[0][1])
    if "image" in columns:
        return rows[1:], columns
    if Path(rows[0][1][0].strip()).suffix.lower() in (*IMAGE_SUFFIXES, *TEXT_SUFFIXES):
        return rows, {what: place for place, what in enumerate(_HEADERS) if place < len(rows[0][1])}
    raise BadTable(
        table,
        f"it has no column image (it has {', '.join(rows[0][1][:8])})",
        "its first line has to name image and, where they are known, predicted and true",
    )


def _columns(header: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z]", "", cell.lower()) for cell in header]
    found: dict[str, int] = {}
    for what, names in _HEADERS.items():
        place = next((plain.index(name) for name in names if name in plain), None)
        if place is not None:
            found[what] = place
    return found


def _name_below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
