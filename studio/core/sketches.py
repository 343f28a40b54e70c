"""Outlines that were begun and not painted yet, kept from one session to the next."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.classes import UNLABELLED
from studio.core.errors import CannotWrite
from studio.core.grabcut import Stroke
from studio.core.raster import XY

_FILE: Final = Path(".cache") / "outlines.json"


class Sketch(msgspec.Struct, frozen=True):
    """What somebody clicked, in image pixels, and whether it takes the label away; `ways` lead from each point to the
    next where they are not straight lines. Of a cut-out the points are two corners of its box, `value` is what it
    becomes and `strokes` say what belongs to it."""

    points: tuple[XY, ...]
    erase: bool = False
    ways: tuple[tuple[XY, ...], ...] = ()
    value: int = UNLABELLED
    strokes: tuple[Stroke, ...] = ()


Sketches = Mapping[str, Mapping[int, Sketch]]
"""By the name of the tool and the id of the item."""


def read_sketches(root: Path) -> Sketches:
    """Those of the project in that folder; none where the file is missing or spoilt."""
    try:
        return msgspec.json.decode((root / _FILE).read_bytes(), type=dict[str, dict[int, Sketch]])
    except (OSError, msgspec.MsgspecError):
        return {}


def write_sketches(root: Path, sketches: Sketches) -> None:
    """A project that cannot be written keeps what it had. Nothing waits for the disk: this outlives a crash of the
    program, which may come at any moment, but not always a power cut."""
    with contextlib.suppress(OSError, CannotWrite):
        if sketches:
            write_atomically(root / _FILE, msgspec.json.encode(sketches), durable=False)
        else:
            (root / _FILE).unlink(missing_ok=True)
