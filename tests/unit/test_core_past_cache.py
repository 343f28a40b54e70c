"""A file that is written past the system's cache holds what was written, on any file system and after any refusal."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from studio.core.atomic import replacing
from studio.core.errors import CannotWrite
from studio.core.past_cache import ROOM, past_the_cache

DIRECTLY = getattr(os, "O_DIRECT", 0)

needs_direct_writes = pytest.mark.skipif(not DIRECTLY, reason="this system always writes through its cache")


def _write(path: Path, data: bytes, *, longest_piece: int) -> None:
    chance, rest = random.Random(len(data)), memoryview(data)
    with replacing(path) as file, past_the_cache(file) as straight:
        while rest:
            rest = rest[straight.write(rest[: chance.randint(1, longest_piece)]) :]


@pytest.mark.parametrize("size", [0, 1, 4096, ROOM - 1, ROOM, ROOM + 1, 3 * ROOM + 12345])
@pytest.mark.parametrize("longest_piece", [ROOM // 3, 4 * ROOM])
def test_the_file_holds_every_byte_in_its_place(tmp_path: Path, size: int, longest_piece: int) -> None:
    data = random.Random(size).randbytes(size)
    _write(tmp_path / "file", data, longest_piece=longest_piece)
    assert (tmp_path / "file").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@needs_direct_writes
def test_a_file_system_that_insists_on_its_cache_gets_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: str, flags: int, *rest: int) -> int:
        if flags & DIRECTLY:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refusing)
    data = random.Random(1).randbytes(2 * ROOM + 7)
    _write(tmp_path / "file", data, longest_piece=ROOM)
    assert (tmp_path / "file").read_bytes() == data


@needs_direct_writes
def test_a_refusal_in_the_middle_of_a_file_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.pwrite, 0

    def half_then_refusing(descriptor: int, part: memoryview, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real(descriptor, part[: ROOM // 2] if calls == 2 else part, offset)

    monkeypatch.setattr(os, "pwrite", half_then_refusing)
    data = random.Random(2).randbytes(4 * ROOM + 7)
    _write(tmp_path / "file", data, longest_piece=ROOM)
    assert calls == 3
    assert (tmp_path / "file").read_bytes() == data


@needs_direct_writes
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, part: memoryview, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(CannotWrite, match="no space left"):
        _write(tmp_path / "file", bytes(2 * ROOM), longest_piece=ROOM)
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
