"""In which order somebody last looked at a project's review items."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.errors import CannotWrite
from studio.core.review_order import ReviewOrder

_FILE: Final = Path(".cache") / "review_order.json"


def read_order(root: Path) -> ReviewOrder:
    """That of the project in that folder; worst first where the file is missing or spoilt."""
    try:
        return msgspec.json.decode((root / _FILE).read_bytes(), type=ReviewOrder)
    except (OSError, msgspec.MsgspecError):
        return ReviewOrder()


def write_order(root: Path, order: ReviewOrder) -> None:
    """A project that cannot be written keeps what it had. Nothing waits for the disk, as this may be forgotten in a
    power cut."""
    with contextlib.suppress(OSError, CannotWrite):
        write_atomically(root / _FILE, msgspec.json.encode(order), durable=False)
