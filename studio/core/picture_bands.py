"""Pictures read from top to bottom, a band of rows at a time, by the same rules as `studio.core.images.read_image`.

libvips decodes JPEG, PNG, TIFF and WebP in bounded memory; the few other formats are decoded as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Picture
from studio.core.errors import UnreadableImage
from studio.core.images import read_header, read_image, stretched
from studio.core.orientation import known_orientation, turned

_LOADERS: Final = {"JPEG": "jpegload", "PNG": "pngload", "TIFF": "tiffload", "WEBP": "webpload"}
_PLAIN: Final = frozenset({"srgb", "rgb", "b-w", "grey16", "rgb16", "cmyk", "multiband"})
_CUT_OFF: Final = ("premature", "truncat", "end of stream", "not enough", "unexpected end", "read error", "scanline")
_ROWS: Final = 256
_SHRINKS: Final = (8, 4, 2)

_TYPES: Final = {
    "uchar": np.uint8,
    "char": np.int8,
    "ushort": np.uint16,
    "short": np.int16,
    "uint": np.uint32,
    "int": np.int32,
    "float": np.float32,
    "double": np.float64,
}

Values = npt.NDArray[Any]
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Bands:
    """A picture as it lies in the file: `orientation` (EXIF, 1–8) says how it is to be turned afterwards."""

    width: int
    height: int
    orientation: int
    read: Callable[[int], Iterator[Picture]]
    """Its bands of so many rows, (rows, width, 3) uint8 RGB; raises UnreadableImage on the way."""


def open_bands(path: Path, *, shrink: int = 1) -> Bands:
    """`shrink` (1, 2, 4 or 8) decodes a JPEG at a fraction of its size, which is faster; other formats are left at
    theirs. Raises UnreadableImage."""
    kind = read_header(path).format
    options = {"shrink": shrink} if kind == "JPEG" else {}
    if kind not in _LOADERS:
        return _whole(path)
    image = _open(path, kind, options)
    if image.interpretation not in _PLAIN or image.format not in _TYPES:
        return _whole(path)
    orientation = known_orientation(image.get("orientation")) if image.get_typeof("orientation") else 1

    def read(rows: int) -> Iterator[Picture]:
        to_rgb = _conversion(path, kind, options)
        for values in _values(path, _open(path, kind, options), rows):
            yield to_rgb(values)

    return Bands(image.width, image.height, orientation, read)


def read_small(path: Path, max_side: int) -> Picture:
    """The picture at a size whose longer side has at least `max_side` pixels (or all there are) and less than twice as
    many: (H, W, 3) uint8 RGB, upright. Needs memory for that and a band. Raises UnreadableImage."""
    bands = open_bands(path)
    factor = max(bands.width, bands.height) // max_side
    bands = open_bands(path, shrink=next((s for s in _SHRINKS if s <= factor), 1))
    factor = max(1, max(bands.width, bands.height) // max_side)
    parts = [_reduced(band, factor) for band in bands.read(max(1, _ROWS // factor) * factor)]
    return turned(np.concatenate(parts), bands.orientation)


def _whole(path: Path) -> Bands:
    pixels = read_image(path)

    def read(rows: int) -> Iterator[Picture]:
        for y in range(0, pixels.shape[0], rows):
            yield pixels[y : y + rows]

    return Bands(pixels.shape[1], pixels.shape[0], 1, read)


def _open(path: Path, kind: str, options: dict[str, int]) -> Any:
    import pyvips  # noqa: PLC0415  only what opens huge pictures needs it

    load = getattr(pyvips.Image, _LOADERS[kind])
    return _told(path, lambda: load(str(path), access="sequential", fail_on="error", **options))


def _values(path: Path, image: Any, rows: int) -> Iterator[Values]:
    """The bands of an opened picture, (rows, width, channels) of the file's own type, in one thread from the top."""
    import pyvips  # noqa: PLC0415  see `_open`

    kind = _TYPES[image.format]
    region = pyvips.Region.new(image)
    for y in range(0, image.height, rows):
        height = min(rows, image.height - y)
        data = _told(path, lambda y=y, height=height: region.fetch(0, y, image.width, height))
        yield np.frombuffer(data, kind).reshape(height, image.width, image.bands)


def _told(path: Path, work: Callable[[], _Result]) -> _Result:
    """Carry out what may find that the file is broken."""
    import pyvips  # noqa: PLC0415  see `_open`

    try:
        return work()
    except pyvips.Error as error:
        lines = [line.strip() for line in str(error).lower().splitlines() if line.strip()]
        text = lines[-1] if lines else "it cannot be decoded"
        cut_off = any(word in line for line in lines for word in _CUT_OFF)
        raise UnreadableImage(path, "the file is cut off" if cut_off else text.rstrip(".")) from error


def _conversion(path: Path, kind: str, options: dict[str, int]) -> Callable[[Values], Picture]:
    """What makes RGB of a band (rows, width, channels) as the decoder gives it."""
    image = _open(path, kind, options)
    if image.interpretation == "cmyk" and image.format == "uchar":
        return _from_cmyk
    if image.format == "uchar":
        return lambda values: _as_rgb(values.astype(np.uint8, copy=False))
    if image.format == "ushort" and image.bands > 1:
        return lambda values: _as_rgb((values >> 8).astype(np.uint8))
    if image.format == "ushort":
        return lambda values: _as_rgb(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    low, high = _range(path, kind, options)
    return lambda values: _as_rgb(stretched(values[:, :, :1].astype(np.float64), low, high))


def _range(path: Path, kind: str, options: dict[str, int]) -> tuple[float, float]:
    """The smallest and the largest finite value of the first channel."""
    low, high = np.inf, -np.inf
    for band in _values(path, _open(path, kind, options), _ROWS):
        values = np.nan_to_num(band[:, :, 0], posinf=0.0, neginf=0.0)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high


def _as_rgb(values: Picture) -> Picture:
    """Grey becomes three equal channels, transparency is dropped."""
    if values.shape[2] >= 3:
        return np.ascontiguousarray(values[:, :, :3])
    return np.repeat(values[:, :, :1], 3, axis=2)


def _from_cmyk(values: Values) -> Picture:
    """The plain formula without a profile, rounded as in Pillow."""
    ink, white = values[:, :, :3].astype(np.int32), 255 - values[:, :, 3:4].astype(np.int32)
    product = ink * white + 128
    return np.clip(white - (((product >> 8) + product) >> 8), 0, 255).astype(np.uint8)


def _reduced(band: Picture, factor: int) -> Picture:
    """The mean of each factor × factor pixels; a last row or column stands for those that the band lacks."""
    if factor == 1:
        return band
    import cv2  # noqa: PLC0415  takes 0.2 s, and few pictures need it

    height, width = band.shape[:2]
    rest = ((0, -height % factor), (0, -width % factor), (0, 0))
    whole = np.pad(band, rest, mode="edge")
    size = whole.shape[1] // factor, whole.shape[0] // factor
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
