"""Palette PNGs of masks, read and written a band of rows at a time, so that a mask of any size needs little memory.

Written is what every PNG reader understands: 8 bits a pixel, a palette, no filter. Read is only that (PNG
specification, third edition, chapters 5, 9 and 10); for every other picture there is Pillow, see `studio.core.masks`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np

from studio.core.arrays import Mask

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER: Final = struct.Struct(">IIBBBBB")
_CHUNK: Final = struct.Struct(">I4s")
_PIECE: Final = 1 << 20
"""Compressed bytes that are read, and pixels that are compressed, at a time."""


class NotPlain(ValueError):
    """A file that is no PNG of the one kind that is read here; another reader may know it."""


@dataclass(frozen=True)
class MaskHeader:
    """The size in pixels of a PNG that can be read in bands."""

    width: int
    height: int


def read_mask_header(file: BinaryIO) -> MaskHeader:
    """Leaves `file` behind the header. Raises NotPlain."""
    start = file.read(len(SIGNATURE) + _CHUNK.size + _HEADER.size + 4)
    if not start.startswith(SIGNATURE) or len(start) < len(SIGNATURE) + _CHUNK.size + _HEADER.size + 4:
        raise NotPlain("no PNG")
    width, height, depth, kind, _, _, interlaced = _HEADER.unpack_from(start, len(SIGNATURE) + _CHUNK.size)
    if depth != 8 or kind != 3 or interlaced or not width or not height:
        raise NotPlain("a PNG of another kind")
    return MaskHeader(width, height)


def read_mask_bands(file: BinaryIO, rows: int) -> Iterator[Mask]:
    """The mask in bands of `rows` rows, (rows, width) uint8, each the caller's own.

    Raises NotPlain, also on the way when a row turns out to be filtered; ValueError when the file is damaged.
    """
    header = read_mask_header(file)
    line = header.width + 1
    pixels = _inflated(file)
    for y in range(0, header.height, rows):
        count = min(rows, header.height - y)
        data = bytearray(count * line)
        _fill(data, pixels)
        band = np.frombuffer(data, np.uint8).reshape(count, line)
        if band[:, 0].any():
            raise NotPlain("filtered rows")
        yield band[:, 1:].copy()


class _Inflated:
    """The uncompressed bytes of a PNG's pixels."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._unpacker = zlib.decompressobj()

    def take(self, at_most: int) -> bytes:
        """Some bytes, at least one. Raises ValueError when there are none left."""
        while True:
            packed = self._unpacker.unconsumed_tail or next(self._pieces, b"")
            try:
                data = self._unpacker.decompress(packed, at_most)
            except zlib.error as error:
                raise ValueError(f"its pixels are damaged ({error})") from error
            if data:
                return data
            if not packed:
                raise ValueError("the file is cut off")


def _inflated(file: BinaryIO) -> _Inflated:
    return _Inflated(_pieces(file))


def _fill(data: bytearray, source: _Inflated) -> None:
    place = 0
    while place < len(data):
        piece = source.take(len(data) - place)
        data[place : place + len(piece)] = piece
        place += len(piece)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The compressed pixels, with the check sum of each chunk verified behind it."""
    while True:
        start = file.read(_CHUNK.size)
        if len(start) < _CHUNK.size:
            raise ValueError("the file is cut off")
        length, kind = _CHUNK.unpack(start)
        if kind == b"IEND":
            return
        if kind != b"IDAT":
            file.seek(length + 4, 1)
            continue
        check = zlib.crc32(kind)
        while length:
            piece = file.read(min(length, _PIECE))
            if not piece:
                raise ValueError("the file is cut off")
            check = zlib.crc32(piece, check)
            length -= len(piece)
            yield piece
        if file.read(4) != struct.pack(">I", check):
            raise ValueError("a check sum is wrong")


def write_mask_png(
    file: BinaryIO, width: int, height: int, bands: Iterable[Mask], *, palette: bytes, texts: Iterable[tuple[str, str]]
) -> None:
    """Write a mask whose bands follow each other from the top, each (rows, width) uint8; `palette` holds three bytes a
    colour, `texts` are Latin-1 keywords and texts, which come before the pixels."""
    file.write(SIGNATURE)
    _write_chunk(file, b"IHDR", _HEADER.pack(width, height, 8, 3, 0, 0, 0))
    _write_chunk(file, b"PLTE", palette)
    for key, text in texts:
        _write_chunk(file, b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1"))
    # Run lengths come as small as the default on label images, and faster.
    packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
    written = 0
    for band in bands:
        step = max(1, _PIECE // width)
        for y in range(0, band.shape[0], step):
            lines = np.zeros((min(step, band.shape[0] - y), width + 1), np.uint8)
            lines[:, 1:] = band[y : y + step]
            _write_pixels(file, packer.compress(lines.data))
        written += band.shape[0]
    if written != height:
        raise ValueError(f"{written} rows are not a mask of {height}")
    _write_pixels(file, packer.flush())
    _write_chunk(file, b"IEND", b"")


def _write_pixels(file: BinaryIO, data: bytes) -> None:
    if data:
        _write_chunk(file, b"IDAT", data)


def _write_chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(_CHUNK.pack(len(data), kind))
    file.write(data)
    file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
