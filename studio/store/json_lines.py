"""Files of one JSON value a line, as a run appends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from studio.core.errors import ProjectDamaged

Value = TypeVar("Value")


def read_lines(path: Path, decode: Callable[[bytes], Value]) -> Iterator[Value]:
    """Nothing where there is no file. A torn last line, of a process that was killed, is passed over; raises
    ProjectDamaged for any other that `decode` does not take."""
    if not path.is_file():
        return
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            if number == len(lines):  # no newline behind it: torn
                return
            raise ProjectDamaged(path, f"line {number}: {error}") from error
