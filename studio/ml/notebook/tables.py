"""Tables of pictures and labels: CSV files, and anything with columns that pandas would read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.core.errors import BadTable

Column = int | str
"""A column's number, or its name."""


def read_table(path: Path, columns: Sequence[Column], *, has_header: bool) -> list[tuple[str, ...]]:
    """The cells of these columns, row by row; blank rows are passed over. Raises BadTable."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadTable(path, f"it cannot be read ({error})", "name a CSV file") from error
    header = rows[0] if has_header and rows else []
    numbers = [_number(path, column, header) for column in columns]
    body = rows[1:] if has_header else rows
    for row_number, row in enumerate(body, start=2 if has_header else 1):
        if max(numbers) >= len(row):
            raise BadTable(path, f"row {row_number} has {len(row)} columns", "complete it or name other columns")
    return [tuple(row[number] for number in numbers) for row in body]


def table_of(frame: Any, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """The cells of a pandas data frame."""
    chosen = [frame.iloc[:, column] if isinstance(column, int) else frame[column] for column in columns]
    return list(zip(*chosen, strict=True))


def _number(path: Path, column: Column, header: list[str]) -> int:
    if isinstance(column, int):
        return column
    if column not in header:
        raise BadTable(
            path, f"it has no column {column}", f"name one of {', '.join(header) or 'its columns by number'}"
        )
    return header.index(column)
