"""Label images on disk: palette PNGs that any viewer shows in colour, each naming the edit whose state it shows."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from studio.core.arrays import Mask
from studio.core.atomic import replacing, why, write_atomically
from studio.core.classes import UNLABELLED, LabelClass, palette
from studio.core.errors import BadMask
from studio.core.mask_png import SIGNATURE, NotPlain, read_mask_bands, read_mask_header, write_mask_png

HEAD_KEY: Final = "studio:head"
"""The PNG text that names the journal's edit which the pixels show."""

_ERRORS: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)
_HEADER_BYTES: Final = 4096  # holds a palette and the texts that are written here four times over
_BAND_ROWS: Final = 256
_COUNTED_AT_ONCE: Final = 1 << 22
"""Pixels, so that counting a huge mask needs no second one."""

HUGE_MASK: Final = 64_000_000
"""Masks of so many pixels or more are read and written in bands, so that there is one of them in memory."""

LARGEST_MASK: Final = 1_000_000_000
"""Masks of more pixels are not decoded; no picture that is opened has as many."""

_RUN_LENGTH: Final = 3  # zlib's Z_RLE: as small as the default on label images, and faster


def encode_mask(mask: Mask, classes: Iterable[LabelClass], *, head: int = 0) -> bytes:
    """`mask` (H, W) uint8 as a palette PNG in the classes' colours; `head` > 0 is named in a text chunk."""
    image = Image.fromarray(mask)
    image.putpalette(palette(classes).tobytes())
    text = PngImagePlugin.PngInfo()
    if head:
        text.add_text(HEAD_KEY, str(head))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=text, compress_level=1, compress_type=_RUN_LENGTH)
    return buffer.getvalue()


def write_mask(path: Path, mask: Mask, classes: Iterable[LabelClass], *, head: int = 0, durable: bool = True) -> None:
    """Replace `path` by `mask` (H, W) uint8 atomically; see `encode_mask`. Raises CannotWrite, the old file stays."""
    write_atomically(path, encode_mask(mask, classes, head=head), durable=durable)


def write_mask_in_bands(
    path: Path, size: tuple[int, int], bands: Iterable[Mask], classes: Iterable[LabelClass], *, head: int
) -> None:
    """`write_mask` for a mask of `size` (width, height) whose bands of rows, (rows, W) uint8, follow from the top; only
    one of them is in memory at a time. Raises CannotWrite, and whatever `bands` raises; the old file stays then."""
    texts = [(HEAD_KEY, str(head))] if head else []
    with replacing(path) as file:
        write_mask_png(file, *size, bands, palette=palette(classes).tobytes(), texts=texts)


def is_huge(size: tuple[int, int]) -> bool:
    """Whether a mask of this size (width, height) is never copied as a whole."""
    return size[0] * size[1] >= HUGE_MASK


def size_in_bands(path: Path) -> tuple[int, int] | None:
    """(width, height) of a label file that `bands_of` can read; None for every other."""
    try:
        with path.open("rb") as file:
            header = read_mask_header(file)
    except (OSError, NotPlain):
        return None
    return header.width, header.height


def bands_of(path: Path, rows: int) -> Iterator[Mask]:
    """The mask at `path` in bands of so many rows, (rows, W) uint8, the caller's own. Raises BadMask; NotPlain for a
    file that only `read_mask` can read."""
    with _told(path), path.open("rb") as file:
        yield from read_mask_bands(file, rows)


def read_mask(path: Path) -> tuple[Mask, int]:
    """The class ids at `path`, (H, W) uint8 and writable, and the head it names (0 when it names none).

    Raises BadMask when the file cannot be read or holds colours instead of ids.
    """
    size = size_in_bands(path)
    if size is not None and is_huge(size):
        with contextlib.suppress(NotPlain):
            return _read_in_bands(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadMask(path, why(error), "put the file back or label the item again") from error
    return decode_mask(data, path)


def decode_mask(data: bytes, path: Path) -> tuple[Mask, int]:
    """`read_mask` for bytes; `path` is what an error's sentence names."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "BMP", "TIFF", "GIF")) as image:
            _check_size(image.size)
            mask = _ids(image, data, path)
            return mask, _head(image)
    except UnidentifiedImageError as error:
        raise BadMask(path, "it is no picture", "replace it by a PNG of class ids") from error
    except _ERRORS as error:
        raise BadMask(path, f"it cannot be decoded ({error})", "replace the file or label the item again") from error


def read_head(path: Path) -> int:
    """The head that the PNG at `path` names, from the chunks before its pixels; 0 when it names none or is no PNG."""
    try:
        with path.open("rb") as file:
            return _head_in(file.read(_HEADER_BYTES))
    except OSError:
        return 0


def check_mask(path: Path, mask: Mask, size: tuple[int, int], classes: Iterable[LabelClass]) -> None:
    """Raises BadMask when `mask` is not of `size` (width, height) or holds an id that no class has."""
    width, height = size
    if mask.shape != (height, width):
        raise BadMask(
            path,
            f"it is {mask.shape[1]}×{mask.shape[0]} pixels and its image {width}×{height}",
            "export it again at the image's size",
        )
    known = np.zeros(256, np.bool_)
    known[[c.id for c in classes]] = True
    known[UNLABELLED] = True
    unknown = sorted(value for value in values_in(mask) if not known[value])
    if unknown:
        some = ", ".join(str(value) for value in unknown[:5]) + ("…" if len(unknown) > 5 else "")
        remedy = "add the missing classes or map the values to class ids"
        if set(unknown) <= {255, 254, 128, 64, 1} or len(unknown) > 20:
            remedy += " (these look like grey levels, not ids)"
        raise BadMask(path, f"it holds the values {some} that no class has", remedy)


def values_in(mask: Mask) -> list[int]:
    """The distinct values of `mask`, ascending."""
    return sorted(count_values(mask))


def is_blank(mask: Mask) -> bool:
    """Whether nothing is labelled."""
    return all((mask[y : y + _BAND_ROWS] == UNLABELLED).all() for y in range(0, mask.shape[0], _BAND_ROWS))


def count_values(pixels: Mask) -> dict[int, int]:
    """How many pixels have each value that occurs, for any shape. Fast where few values occur, as in labels."""
    counts: dict[int, int] = {}
    flat = pixels.reshape(-1)
    for start in range(0, flat.size, _COUNTED_AT_ONCE):
        for value, number in _counted(flat[start : start + _COUNTED_AT_ONCE]).items():
            counts[value] = counts.get(value, 0) + number
    return counts


def _read_in_bands(path: Path) -> tuple[Mask, int]:
    """What `read_mask` returns. Pixels and head come from one and the same file, though the label writer may put
    another in its place meanwhile. Raises BadMask, NotPlain."""
    with _told(path), path.open("rb") as file:
        head = _head_in(file.read(_HEADER_BYTES))
        file.seek(0)
        header = read_mask_header(file)
        _check_size((header.width, header.height))
        file.seek(0)
        mask = np.empty((header.height, header.width), np.uint8)
        y = 0
        for band in read_mask_bands(file, _BAND_ROWS):
            mask[y : y + band.shape[0]] = band
            y += band.shape[0]
    return mask, head


@contextlib.contextmanager
def _told(path: Path) -> Generator[None]:
    """Say in a BadMask what is wrong with a file that is read in bands."""
    try:
        yield
    except OSError as error:
        raise BadMask(path, why(error), "put the file back or label the item again") from error
    except NotPlain:
        raise
    except ValueError as error:
        raise BadMask(path, f"it cannot be decoded ({error})", "replace the file or label the item again") from error


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > LARGEST_MASK:
        raise ValueError(f"{size[0]}×{size[1]} pixels are more than any picture here has")


def _head_in(start: bytes) -> int:
    """The head named before the pixels of a PNG that begins so."""
    place = len(SIGNATURE)
    while start.startswith(SIGNATURE) and place + 8 <= len(start):
        length, kind = struct.unpack_from(">I4s", start, place)
        if kind == b"IDAT":
            break
        key, _, text = start[place + 8 : place + 8 + length].partition(b"\0")
        if kind == b"tEXt" and key == HEAD_KEY.encode():
            return _number(text.decode("latin-1"))
        place += length + 12
    return 0


def _counted(rest: Mask) -> dict[int, int]:
    counts: dict[int, int] = {}
    while rest.size:
        value = rest[0]
        same = rest == value
        number = int(np.count_nonzero(same))
        counts[int(value)] = number
        if number == rest.size:
            break
        rest = rest[~same]
    return counts


def _head(image: Image.Image) -> int:
    text = image.info.get(HEAD_KEY, "")
    return _number(text) if isinstance(text, str) else 0


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _ids(image: Image.Image, data: bytes, path: Path) -> Mask:
    if image.mode in ("P", "L"):
        mask = np.array(image, np.uint8)
        depth = data[24] if image.format == "PNG" else 8
        # Pillow stretches grey PNGs of 2 and 4 bits to 0–255; palette indices it leaves alone.
        if image.mode == "L" and depth < 8:
            mask //= np.uint8(255 // (2**depth - 1))
        return mask
    if image.mode == "1":
        return (np.array(image, np.uint8) > 0).astype(np.uint8)
    if image.mode.startswith("I"):
        wide = np.asarray(image)
        if wide.min() >= 0 and wide.max() <= 255:
            return wide.astype(np.uint8)
        raise BadMask(path, f"it holds values up to {wide.max()}", "class ids end at 254; map the values to class ids")
    raise BadMask(
        path, f"it holds colours ({image.mode}), not class ids", "import it with a table of colours or convert it"
    )
