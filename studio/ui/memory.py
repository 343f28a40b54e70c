"""What the window asks of the C library's memory allocator."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 4 * 2**20
"""A small photograph as pixels; what a brush stroke needs is smaller."""


def give_back_large_blocks() -> bool:
    """Have every large block come from the system and go back to it at once; returns whether the allocator agreed.

    Left alone, glibc learns from the first pictures that are let go to keep blocks of their size, and a window that
    shows thousands of pictures grows by their fragments (mallopt(3), M_MMAP_THRESHOLD). Other allocators do without.
    """
    if not sys.platform.startswith("linux"):
        return False
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    return adjust is not None and adjust(_M_MMAP_THRESHOLD, _LARGE_BYTES) == 1
