"""Text files of data sets: lists, codes, colours and CSV. A stray line costs a sentence, not the import."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from studio.core.errors import BadInput, BadTable
from studio.formats.listing import name_some

RGB = tuple[int, int, int]


def read_text(path: Path) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 with one. Raises BadTable where it is neither."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadTable(path, "it is not text in UTF-8", "save it as UTF-8") from error


def read_lines(path: Path) -> list[str]:
    """Every line without the blanks around it, blank ones included; any kind of line end."""
    return [line.strip() for line in read_text(path).splitlines()]


def read_codes(path: Path) -> tuple[list[str], list[str]]:
    """Class names, one a line, in the order of their ids, and sentences about what is odd.

    Blank lines are not counted, as in fast.ai's `np.loadtxt(codes)`. Raises BadTable where there is no name at all.
    """
    lines = read_lines(path)
    names = [line for line in lines if line]
    problems = []
    while lines and not lines[-1]:
        lines.pop()
    blank = [str(number) for number, line in enumerate(lines, start=1) if not line]
    if blank:
        problems.append(f"{path}: line {', '.join(blank)} is blank and was passed over; ids are counted without it.")
    if not names:
        raise BadTable(path, "it names no class", "write one class name a line, in the order of the ids")
    return unique_names(names, path, problems), problems


def unique_names(names: Sequence[str], path: Path, problems: list[str]) -> list[str]:
    """The same names, later ones of the same name numbered, with a sentence for each."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            problems.append(f"{path} names {name} more than once; the repeat is called {name} ({seen[name]}).")
            unique.append(f"{name} ({seen[name]})")
        else:
            unique.append(name)
    return unique


def read_label_colors(path: Path) -> tuple[dict[str, RGB], list[str]]:
    """Colour by class name in the order of the file (`64 128 64<tab>Animal`), and sentences about what is odd.

    Raises BadTable where no line has three numbers from 0 to 255 and a name.
    """
    colors: dict[str, RGB] = {}
    problems = []
    for number, line in enumerate(read_lines(path), start=1):
        parts = line.replace(",", " ").split(maxsplit=3)
        if not parts:
            continue
        values = [int(part) for part in parts[:3] if part.isdecimal() and int(part) < 256]
        if len(parts) < 4 or len(values) < 3:
            problems.append(f"{path}: line {number} ({line!r}) is not `red green blue name`; it was passed over.")
        elif parts[3] in colors:
            problems.append(f"{path} names {parts[3]} more than once; its first colour is used.")
        else:
            colors[parts[3]] = (values[0], values[1], values[2])
    if not colors:
        raise BadTable(path, "no line has a colour and a name", "write `red green blue<tab>name`, one class a line")
    return colors, problems


def read_csv(path: Path, *, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows by column name, values without the blanks around them; missing cells are empty. The separator may be a
    comma, a semicolon or a tab. Raises BadTable where a column of `columns` is missing."""
    text = read_text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")
        header = [name.strip() for name in table.fieldnames or ()]
        missing = [name for name in columns if name not in header]
        if missing:
            raise BadTable(
                path,
                f"it has no column {' and no column '.join(missing)} (it has {name_some(header, at_most=8) or 'none'})",
                f"its first line has to name {', '.join(columns)}",
            )
        table.fieldnames = header
        return [{k: v.strip() for k, v in row.items() if isinstance(k, str) and isinstance(v, str)} for row in table]
    except csv.Error as error:
        raise BadTable(
            path, f"it is not a CSV file ({error})", "save it as CSV with a comma between the cells"
        ) from error


def csv_header(path: Path) -> list[str]:
    """The column names of a CSV file; empty where it cannot be read. In whatever encoding the rest is, names of columns
    are found where they are plain letters, so that reading the file says what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.readline(10_000)
    except OSError:
        return []
    is_wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    first = data.decode("utf-16" if is_wide else "utf-8-sig", "replace").strip("\r\n\ufffd")
    separator = max(",;\t", key=first.count)
    return [name.strip().strip('"').strip() for name in first.split(separator)]
