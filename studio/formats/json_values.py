"""JSON from other programs: read as typed values where it is used and as plain values where it is only carried."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from studio.core.atomic import why
from studio.core.errors import BadInput, BadTable

T = TypeVar("T")

_END = 65_536


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
        raise BadTable(path, f"it is no JSON ({fault(error)})", "export it again or leave it out") from error


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
