"""JSON from other programs: read as typed values where it is used and as plain values where it is only carried."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from studio.core.atomic import why
from studio.core.errors import BadInput, BadTable

T = TypeVar("T")

_END = 65_536
_OPENED: Final = {b"{": b"}", b"[": b"]"}
_BYTE: Final = re.compile(r"\(byte (\d+)\)")


def read_json(path: Path, kind: type[T]) -> T:
    """The file as a `kind`. Raises BadTable where it is no JSON or has other keys or types, BadInput where it cannot be
    read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({why(error)}); check the path and its permissions.") from error
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except msgspec.ValidationError as error:
        raise BadTable(path, f"it is not of the expected form ({fault(error)})", "export it again") from error
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadTable(path, _broken(data, error), "export or download it again, or take it out") from error


def damage(path: Path) -> BadTable | None:
    """What is wrong with a file that is to be JSON, by a look at its ends, and at all of it where that is little; None
    where nothing is to be seen."""
    ends = ends_of(path).removeprefix(b"\xef\xbb\xbf").strip()
    if len(ends) >= _END and ends[:1] in _OPENED and ends[-1:] == _OPENED[ends[:1]]:
        return None
    try:
        read_json(path, msgspec.Raw)
    except BadTable as error:
        return error
    except BadInput:
        return None  # it cannot be opened, which is no fault of its contents
    return None


def json_files(source: Path, ending: str = ".json") -> Iterator[Path]:
    """The source where it is a file; else all JSON files below it, or those with another ending, sorted within each
    folder; hidden ones and links to folders are passed over."""
    if source.is_file():
        yield source
    for folder, below, files in os.walk(source):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(f for f in files if f.endswith(ending) and f[0] != "."))


def _broken(data: bytes, error: Exception) -> str:
    """Where data that is no JSON breaks, as a part of a sentence."""
    if not data.strip():
        return "it is empty"
    text = fault(error)
    byte = _BYTE.search(text)
    if "truncated" in text or (byte and int(byte[1]) >= len(data)):
        return f"it is cut off in {_place(data, len(data))}"
    return f"it is no JSON from {_place(data, int(byte[1]))} on" if byte else f"it is no JSON ({text})"


def _place(data: bytes, offset: int) -> str:
    start = data.rfind(b"\n", 0, offset)
    line = data.count(b"\n", 0, offset) + 1
    return f"line {line:,}, column {offset - start:,}"


def fault(error: Exception) -> str:
    """What is wrong, as a part of a sentence: `points: expected array, got str`."""
    text = str(error).removesuffix(".")
    what, _, place = text.partition(" - at `$")
    what = f"{what[:1].lower()}{what[1:]}"
    return f"{place.rstrip('`').lstrip('.')}: {what}" if place.rstrip("`") else what


def plain(raw: msgspec.Raw) -> dict[str, Any]:
    """An object's values as they stand; empty where it is no object."""
    values = msgspec.json.decode(raw)
    return values if isinstance(values, dict) else {}


def ends_of(path: Path) -> bytes:
    """The beginning and the end of a file, for a look at which keys it has; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(_END)
            size = file.seek(0, 2)
            file.seek(max(len(start), size - _END))
            return start + file.read(_END)
    except OSError:
        return b""
