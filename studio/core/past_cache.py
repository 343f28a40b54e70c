"""Writing what is large and not read again soon: the disk takes it from here, where the system can do that.

Through the system's cache each byte is copied once more, into memory that has to be found for it, and a thread of the
system's own carries it to the disk. Beside a training that keeps every core busy that is half of what writing costs.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ROOM: Final = 4 * 2**20
"""Bytes that are gathered before the disk gets them, a multiple of any disk's blocks."""


@contextmanager
def past_the_cache(file: BinaryIO) -> Generator[BinaryIO]:
    """What is written to it stands in `file`, which was opened empty by its name, when the block ends without an error.

    A file system that insists on its cache gets it through that.
    """
    descriptor = _opened_directly(file)
    try:
        straight = _Straight(file, descriptor)
        yield cast(BinaryIO, straight)
        straight.finish()
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _opened_directly(file: BinaryIO) -> int | None:
    flag = getattr(os, "O_DIRECT", 0)
    if not flag:
        return None
    try:
        return os.open(file.name, os.O_WRONLY | flag)
    except OSError:
        return None


class _Straight(io.RawIOBase):
    """Gathers in whole pages, because only those may go past the cache, and from the first byte of one."""

    def __init__(self, file: BinaryIO, descriptor: int | None) -> None:
        self._file = file
        self._descriptor = descriptor
        self._pages = mmap.mmap(-1, ROOM)
        self._room = np.frombuffer(self._pages, np.uint8)
        self._filled = 0
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        whole = rest = np.frombuffer(memoryview(data), np.uint8)
        while rest.size:
            part = rest[: ROOM - self._filled]
            self._room[self._filled : self._filled + part.size] = part
            self._filled += part.size
            rest = rest[part.size :]
            if self._filled == ROOM:
                self._put(straight=True)
        return whole.size

    def finish(self) -> None:
        """Write the rest, which need not be whole pages."""
        self._put(straight=False)

    def _put(self, *, straight: bool) -> None:
        gathered = memoryview(self._pages)[: self._filled]
        sent = self._put_straight(gathered) if straight else 0
        if sent < len(gathered):
            self._file.seek(self._written + sent)
            self._file.write(gathered[sent:])
        self._written += len(gathered)
        self._filled = 0

    def _put_straight(self, gathered: memoryview) -> int:
        """How many bytes went past the cache; no more will once the file system has refused."""
        sent = 0
        while self._descriptor is not None and sent < len(gathered):
            try:
                sent += os.pwrite(self._descriptor, gathered[sent:], self._written + sent)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                self._descriptor = None
        return sent
