"""Reading pictures of every kind that people have, always as 8-bit RGB, upright."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from studio.core.arrays import Mask as Gray
from studio.core.arrays import Picture
from studio.core.atomic import why
from studio.core.deep_images import as_rgb, deep_size, is_deep, read_deep
from studio.core.errors import UnreadableImage
from studio.core.orientation import SIDEWAYS, orientation_in

IMAGE_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm", ".jp2", ".avif"}
)

MAX_PIXELS: Final = 400_000_000
"""Larger pictures are not decoded as a whole: as RGB they would take more than a gigabyte."""

HUGE_PIXELS: Final = 64_000_000
"""Pictures with more pixels are shown in tiles, and made small while they are read."""

MAX_HUGE_PIXELS: Final = 1_000_000_000
"""Larger pictures are refused: they can be looked at in tiles, but their mask lies in memory, a byte a pixel."""

# Pillow knows formats that start other programs (EPS); nothing that is opened here can run code. The first few are
# those that Pillow loads at once, so the others cost nothing until a file needs them.
_COMMON_FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "PPM")
_FORMATS: Final = (*_COMMON_FORMATS, "TIFF", "WEBP", "JPEG2000", "AVIF")

_TIFF_SUFFIXES: Final = frozenset({".tif", ".tiff"})
"""Of these, ones with many channels or wide ones are no pictures to Pillow."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_PILLOW_ERRORS: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)
"""What Pillow raises, depending on the format, when a file is broken."""

# `_open` checks MAX_PIXELS before anything is decoded; Pillow's own limit would warn at a quarter of that.
Image.MAX_IMAGE_PIXELS = None


def read_image(path: Path, *, max_side: int | None = None) -> Picture:
    """The picture at `path`, (H, W, 3) uint8 RGB, with its EXIF orientation applied.

    `max_side` allows a JPEG to be decoded at a half, a quarter or an eighth of its size (which is much faster) as long
    as its longer side keeps at least that many pixels; scaling it the rest of the way is left to the caller. A huge
    picture of any format is then reduced while it is read, so that it never lies in memory as a whole.
    16-bit pictures are scaled by 1/257, wider ones (32-bit integers, floats) from their own range. Transparency is
    dropped; of more than four channels the first three are taken. Raises UnreadableImage.
    """
    if max_side is not None and _is_huge(path, max_side):
        from studio.core.picture_bands import read_small  # noqa: PLC0415  it is built on this module

        return read_small(path, max_side)
    try:
        with _open(path, MAX_PIXELS) as image:
            orientation = _orientation(image)
            if max_side is not None:
                width, height = image.size
                longest = max(width, height)
                image.draft("RGB", (max(1, width * max_side // longest), max(1, height * max_side // longest)))
            rgb = _to_rgb(image)
            if orientation in _UPRIGHT:
                rgb = rgb.transpose(_UPRIGHT[orientation])
            return np.asarray(rgb, np.uint8)
    except _PILLOW_ERRORS as error:
        if _is_deep_tiff(path):  # many channels, or planes: no picture to Pillow
            return as_rgb(read_deep(path))
        raise UnreadableImage(path, _reason(path, error)) from error


@dataclass(frozen=True)
class Header:
    """What a picture says about itself: `format` is Pillow's name, (width, height) are upright pixels."""

    format: str
    width: int
    height: int


def read_header(path: Path) -> Header:
    """Raises UnreadableImage; a picture of any size that this program can show passes."""
    try:
        with _open(path, MAX_HUGE_PIXELS) as image:
            width, height = image.size
            if _orientation(image) in SIDEWAYS:
                width, height = height, width
            return Header(image.format or "", width, height)
    except _PILLOW_ERRORS as error:
        if _is_deep_tiff(path):
            width, height = deep_size(path)
            if width * height > MAX_HUGE_PIXELS:
                raise UnreadableImage(path, _too_many(width, height, MAX_HUGE_PIXELS)) from error
            return Header("TIFF", width, height)
        raise UnreadableImage(path, _reason(path, error)) from error


def _is_deep_tiff(path: Path) -> bool:
    return path.suffix.lower() in _TIFF_SUFFIXES and is_deep(path)


def _is_huge(path: Path, max_side: int) -> bool:
    """Whether reading the picture in bands pays: it has very many pixels, and at most half of a side are wanted."""
    header = read_header(path)
    return header.width * header.height > HUGE_PIXELS and max(header.width, header.height) >= 2 * max_side


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) in pixels after EXIF orientation; reads the header only. Raises UnreadableImage."""
    header = read_header(path)
    return header.width, header.height


def _open(path: Path, limit: int) -> Image.Image:
    try:
        image = Image.open(path, formats=_COMMON_FORMATS)
    except UnidentifiedImageError:
        Image.init()
        image = Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN])
    if image.format == "TIFF":
        image.filename = ""  # by its name Pillow would map it into memory, with the sides of one that lies swapped
    width, height = image.size
    if width * height > limit:
        image.close()
        raise ValueError(_too_many(width, height, limit))
    return image


def _too_many(width: int, height: int, limit: int) -> str:
    return f"{width}×{height} pixels are more than the {limit // 1_000_000} megapixels this reads"


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1–8, from what the header says. A TIFF is turned by Pillow itself, size included."""
    if image.format == "TIFF":
        return 1
    return orientation_in(image.info.get("exif"))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        image.load()
        return image
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        finite = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        return Image.fromarray(stretched(values, float(finite.min()), float(finite.max()))).convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def stretched(values: np.ndarray, low: float, high: float) -> Gray:
    """Values of the finite range from `low` to `high` as 0–255; 16-bit values that a format hands over as wider ones
    keep the 16-bit scale."""
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    if low >= 0 and 255 < high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 255 and high > 1:
        low, high = 0.0, 255.0
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.rint((values - low) * scale).astype(np.uint8)


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "the file is empty" if path.stat().st_size == 0 else "it is in no picture format this program knows"
    if isinstance(error, OSError) and error.errno is not None:
        return why(error)
    text = str(error).lower()
    if "truncated" in text or "not enough" in text or isinstance(error, EOFError):
        return "the file is cut off"
    return text.rstrip(".") or type(error).__name__
