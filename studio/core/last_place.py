"""Where somebody was in a project: the item that was shown last and the class they painted with."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.errors import CannotWrite

_FILE: Final = Path(".cache") / "place.json"

_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""What the database can hold."""


class LastPlace(msgspec.Struct, frozen=True, kw_only=True):
    """By id; None where there was none. Neither needs to be in the project any more."""

    item: _Id | None = None
    class_id: _Id | None = None


def read_place(root: Path) -> LastPlace:
    """That of the project in that folder; nowhere where the file is missing or spoilt."""
    try:
        return msgspec.json.decode((root / _FILE).read_bytes(), type=LastPlace)
    except (OSError, msgspec.MsgspecError):
        return LastPlace()


def write_place(root: Path, place: LastPlace) -> None:
    """A project that cannot be written keeps what it had. Nothing waits for the disk, as this may be forgotten in a
    power cut."""
    with contextlib.suppress(OSError, CannotWrite):
        write_atomically(root / _FILE, msgspec.json.encode(place), durable=False)
