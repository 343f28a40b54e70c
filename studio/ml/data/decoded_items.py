"""The decoded items of one split in a file, each found again while its picture and its label are what they were."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import PIL

from studio.core.atomic import why
from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoded_file import KEY_BYTES, DecodedFile
from studio.ml.data.decoded_room import DecodedRoom, NoRoom
from studio.ml.data.decoding import Decoded, Decoder, Warn, bytes_per_item

VERSION: Final = 1
"""Another one decodes in another way, so that nothing of the others is found."""


class DecodedItems:
    """Any number of threads may use it. What the disk refuses is said once, and then no more is written."""

    def __init__(self, file: DecodedFile, room: DecodedRoom, decoder: Decoder, warn: Warn) -> None:
        self._file = file
        self._room = room
        self._decoder = decoder
        self._warn = warn
        self._base = _base(decoder)
        self._keys: dict[tuple[int, str | None], bytes | None] = {}
        self._lock = threading.Lock()
        self._is_refused = False

    def has(self, item: SnapshotItem) -> bool:
        key = self._key(item)
        return key is not None and self._file.has(key)

    def make_room(self, items: Sequence[SnapshotItem]) -> None:
        """Begin anew where the file holds records of what has changed since, and the disk has no space beside them for
        what is missing of `items`."""
        missing = sum(not self.has(item) for item in items)
        has_others = len(self._file) > len(items) - missing
        try:
            if has_others and not self._room.has_space(missing * bytes_per_item(self._decoder)):
                self._file.clear()
        except OSError as error:
            self._refuse(error)

    def find(self, item: SnapshotItem) -> Decoded | None:
        key = self._key(item)
        try:
            record = None if key is None else self._file.read(key)
        except OSError as error:
            self._refuse(error)
            return None
        if record is None:
            return None
        decoder = self._decoder
        empty = decoder.task.empty_target(height=decoder.height, width=decoder.width)
        pixels, target = np.split(np.frombuffer(record, np.uint8), [decoder.height * decoder.width * 3])
        return Decoded(pixels.reshape(decoder.height, decoder.width, 3), target.view(empty.dtype).reshape(empty.shape))

    def keep(self, item: SnapshotItem, decoded: Decoded) -> None:
        """A broken picture is not kept, so that every run says that it is."""
        key = self._key(item)
        if key is None or not decoded.is_read or self._is_refused:
            return
        try:
            self._file.write(key, decoded.picture.tobytes() + decoded.target.tobytes())
        except OSError as error:
            self._refuse(error)

    def close(self) -> None:
        self._file.close()

    def _key(self, item: SnapshotItem) -> bytes | None:
        """None for an item whose files are not there. Looked up once, so that a run sees each item as it first was."""
        known = (item.id, item.mask)
        if known not in self._keys:
            self._keys[known] = _key_of(item, self._decoder.folder, self._base)
        return self._keys[known]

    def _refuse(self, error: OSError) -> None:
        with self._lock:
            if self._is_refused:
                return
            self._is_refused = True
        self._warn(
            f"Decoded pictures cannot be kept on the disk ({why(error)}); those that are not there yet are read anew "
            "in each epoch. Free space to train faster."
        )


def open_decoded_items(decoder: Decoder, room: DecodedRoom, *, count: int, warn: Warn) -> DecodedItems | None:
    """None where the disk has no room, which is said, or another process trains from the same file."""
    record_bytes = bytes_per_item(decoder)
    name = f"{decoder.height}x{decoder.width}-{decoder.resize}-{_base(decoder).hex()[:16]}"
    try:
        file = room.open(name, record_bytes=record_bytes, count=count)
    except NoRoom:
        warn(
            f"The pictures at {decoder.height}×{decoder.width} need {record_bytes * count / 2**30:.1f} GiB decoded, "
            f"which neither memory nor the disk of {room.folder} has to spare; they are read anew in each epoch. "
            "Free space or choose a smaller size to train faster."
        )
        return None
    except OSError as error:
        warn(f"Decoded pictures cannot be kept in {room.folder} ({why(error)}); they are read anew in each epoch.")
        return None
    return None if file is None else DecodedItems(file, room, decoder, warn)


def _base(decoder: Decoder) -> bytes:
    """What all items of a decoder have in common: how they are decoded, and what their labels mean."""
    snapshot, empty = decoder.task.snapshot, decoder.task.empty_target(height=1, width=1)
    how = [VERSION, decoder.framing, PIL.__version__, cv2.__version__, str(empty.dtype), empty.shape]
    classes = [(c.id, c.void) for c in snapshot.classes], [c.id for c in snapshot.retired]
    return _digest(msgspec.json.encode([how, snapshot.task, classes, [k.retired for k in snapshot.keypoints]]))


def _key_of(item: SnapshotItem, folder: Path, base: bytes) -> bytes | None:
    try:
        stat = Path(item.image).stat()
        mask = (folder / item.mask).read_bytes() if item.mask is not None else b""
    except OSError:
        return None
    label = [item.image, stat.st_size, stat.st_mtime_ns, item.points, item.tags]
    return _digest(base + msgspec.json.encode(label) + mask)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=KEY_BYTES).digest()
