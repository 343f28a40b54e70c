"""Decoded pictures with their targets in a file, so that they are decoded once and not once an epoch.

`keys.bin` has 20 bytes for each record of `records.bin`: its key and a checksum, written after the record, so that one
that a crash tore is not found again. The records are read and not mapped: what is cached of them is the system's
memory and not the process's.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from studio.core.file_lock import TAKEN, lock_file

KEY_BYTES: Final = 16
LOCK_FILE: Final = "lock"
_ENTRY: Final = struct.Struct(f"<{KEY_BYTES}sI")


class DecodedFile:
    """Any number of threads may use it; another process is kept out until it is closed."""

    def __init__(self, folder: Path, *, record_bytes: int, lock: BinaryIO) -> None:
        """Raises OSError. Use `open_decoded`."""
        self._size = record_bytes
        self._guard = threading.Lock()
        with contextlib.ExitStack() as opened:
            opened.enter_context(lock)
            self._records = opened.enter_context((folder / "records.bin").open("a+b", buffering=0))
            self._keys = opened.enter_context((folder / "keys.bin").open("a+b", buffering=0))
            self._slots = self._read_keys()
            self._files = opened.pop_all()

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def bytes_on_disk(self) -> int:
        return self._count * (self._size + _ENTRY.size)

    def has(self, key: bytes) -> bool:
        return key in self._slots

    def read(self, key: bytes) -> bytearray | None:
        """The record, or None where there is none or the disk damaged it. Raises OSError."""
        with self._guard:
            slot, checksum = self._slots.get(key, (-1, 0))
            if slot < 0:
                return None
            self._records.seek(slot * self._size)
            record = bytearray(self._size)
            read = self._records.readinto(record)
        return record if read == self._size and zlib.crc32(record) == checksum else None

    def write(self, key: bytes, record: bytes) -> None:
        """Raises OSError, and then holds what it held before."""
        checksum = zlib.crc32(record)
        with self._guard:
            self._cut(self._count)
            _write_all(self._records, record)
            _write_all(self._keys, _ENTRY.pack(key, checksum))
            self._slots[key] = (self._count, checksum)
            self._count += 1

    def clear(self) -> None:
        """Forget every record and give its space back. Raises OSError."""
        with self._guard:
            self._slots.clear()
            self._count = 0
            self._cut(0)

    def close(self) -> None:
        self._files.close()

    def _read_keys(self) -> dict[bytes, tuple[int, int]]:
        entries = os.fstat(self._keys.fileno()).st_size // _ENTRY.size
        self._count = min(entries, os.fstat(self._records.fileno()).st_size // self._size)
        self._cut(self._count)
        self._keys.seek(0)
        data = self._keys.read(self._count * _ENTRY.size)
        return {key: (slot, checksum) for slot, (key, checksum) in enumerate(_ENTRY.iter_unpack(data))}

    def _cut(self, count: int) -> None:
        """Both files end after so many records; what a crash or a full disk left behind that goes."""
        for file, size in ((self._keys, _ENTRY.size), (self._records, self._size)):
            if os.fstat(file.fileno()).st_size != count * size:
                file.truncate(count * size)


def open_decoded(folder: Path, *, record_bytes: int) -> DecodedFile | None:
    """The file in `folder`, which is made where it is not there; None while another process has it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = locked(folder)
    return None if lock is None else DecodedFile(folder, record_bytes=record_bytes, lock=lock)


def locked(folder: Path) -> BinaryIO | None:
    """The lock of a folder, held until it is closed; None while somebody else has it. Raises OSError."""
    lock = (folder / LOCK_FILE).open("ab")
    try:
        lock_file(lock)
    except OSError as error:
        lock.close()
        if error.errno in TAKEN:
            return None
        raise
    return lock


def _write_all(file: BinaryIO, data: bytes) -> None:
    """An unbuffered file may take less than it is given, as where the disk is full."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
