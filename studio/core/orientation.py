"""How a picture is to be turned before it is looked at: the EXIF orientation, 1–8, and 1 where nothing is said."""

from __future__ import annotations

import struct
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

ORIENTATION_TAG: Final = 0x0112
SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""

_BROKEN: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)

_Kind = TypeVar("_Kind", bound=np.generic)


def orientation_in(exif: bytes | None) -> int:
    """What the EXIF block of a file says. Garbled metadata says nothing about the pixels, which may be sound."""
    if not exif:
        return 1
    tags = Image.Exif()
    try:
        tags.load(exif)
        return known_orientation(tags.get(ORIENTATION_TAG, 1))
    except _BROKEN:
        return 1


def known_orientation(value: Any) -> int:
    """The value of an orientation tag where it is one, else 1."""
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def turned(pixels: npt.NDArray[_Kind], orientation: int) -> npt.NDArray[_Kind]:
    """(H, W, C) pixels of any type as their orientation wants them."""
    flipped = {2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1], 7: pixels[::-1, ::-1]}
    if orientation in flipped:
        pixels = flipped[orientation]
    quarters = {6: -1, 8: 1}.get(orientation, 0)
    pixels = np.rot90(pixels, quarters) if quarters else pixels
    return np.ascontiguousarray(pixels.swapaxes(0, 1) if orientation in (5, 7) else pixels)
