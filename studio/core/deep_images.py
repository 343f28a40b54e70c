"""Pictures with more than 8 bits or more than four channels: their own values, upright."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.core.atomic import why
from studio.core.errors import UnreadableImage
from studio.core.orientation import ORIENTATION_TAG, SIDEWAYS, known_orientation, orientation_in, turned

Values = npt.NDArray[Any]
"""(H, W, C) of any number type."""

MAX_CHANNELS: Final = 64

MAX_BYTES: Final = 3 * 2**30
"""Pictures whose values take more are not decoded."""

_OUTLIERS: Final = 0.005
"""The share of the smallest values, and of the largest, that a small picture need not tell apart."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH: Final = 24
"""Where a PNG says how many bits a channel has."""
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class DeepImage:
    """`values` (H, W, C); `low` and `high` are what counts as the whole range: that of the type for 8 and 16 bits, the
    values' own otherwise."""

    values: Values
    low: float
    high: float

    @property
    def channels(self) -> int:
        return self.values.shape[2]


def is_deep(path: Path) -> bool:
    """Whether the file holds more than 8 bits a channel, or more than four channels; from its header alone. False
    where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_PNG_DEPTH + 1)
    except OSError:
        return False
    if head.startswith(_PNG):
        return head[_PNG_DEPTH:] == b"\x10"
    return head.startswith(_TIFF) and _is_deep_tiff(path)


def read_deep(path: Path) -> DeepImage:
    """The values of a 16-bit PNG or of a TIFF, upright as `studio.core.images.read_image` has them. Raises
    UnreadableImage."""
    try:
        values = _read_png(path) if _starts_like_png(path) else _read_tiff(path)
    except OSError as error:
        raise UnreadableImage(path, why(error)) from error
    except Exception as error:
        raise UnreadableImage(path, str(error).rstrip(".") or type(error).__name__) from error
    if values.dtype in (np.dtype(np.uint8), np.dtype(np.uint16)):
        return DeepImage(values, 0.0, float(np.iinfo(values.dtype).max))
    if values.dtype == np.bool_:
        return DeepImage(values.astype(np.uint8), 0.0, 1.0)
    finite = values[np.isfinite(values)] if np.issubdtype(values.dtype, np.floating) else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return DeepImage(values, low, high if high > low else low + 1.0)


def deep_size(path: Path) -> tuple[int, int]:
    """(width, height) of a TIFF for which `is_deep` holds, upright, from its header. Raises UnreadableImage."""
    import tifffile  # noqa: PLC0415 - only who has such a file waits for it

    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            width, height = series.shape[series.axes.index("X")], series.shape[series.axes.index("Y")]
            return (height, width) if _tiff_orientation(series) in SIDEWAYS else (width, height)
    except Exception as error:
        raise UnreadableImage(path, str(error).rstrip(".") or type(error).__name__) from error


def as_rgb(image: DeepImage) -> npt.NDArray[np.uint8]:
    """The first three channels, or the first one in grey where there are fewer, over the whole range as (H, W, 3)
    uint8."""
    return _as_bytes(_shown_channels(image), image.low, image.high)


def as_small_rgb(image: DeepImage, *, max_side: int) -> npt.NDArray[np.uint8]:
    """The same, every so many pixels of it, over the range in which nearly all of its values lie: (h, w, 3) uint8, at
    most `max_side` pixels long."""
    step = -(-max(image.values.shape[:2]) // max_side)
    values = _shown_channels(image)[::step, ::step]
    finite = values[np.isfinite(values)]
    if not finite.size:
        return _as_bytes(values, image.low, image.high)
    low, high = (float(value) for value in np.quantile(finite, (_OUTLIERS, 1 - _OUTLIERS)))
    return _as_bytes(values, low, high) if high > low else _as_bytes(values, image.low, image.high)


def _shown_channels(image: DeepImage) -> Values:
    return image.values[..., :3] if image.channels >= 3 else np.repeat(image.values[..., :1], 3, axis=2)


def _as_bytes(values: Values, low: float, high: float) -> npt.NDArray[np.uint8]:
    scaled = (np.nan_to_num(values.astype(np.float32)) - low) * (255.0 / (high - low))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def _starts_like_png(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PNG)) == _PNG


def _read_png(path: Path) -> Values:
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    with Image.open(path, formats=("PNG",)) as image:
        _check_bytes(2 * image.width * image.height * len(image.getbands()))
        orientation = orientation_in(image.info.get("exif"))
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("the file is cut off or damaged")
    # OpenCV's order is blue first; transparency is dropped
    return turned(pixels[..., None] if pixels.ndim == 2 else pixels[..., 2::-1], orientation)


def _read_tiff(path: Path) -> Values:
    import tifffile  # noqa: PLC0415 - only who has such a file waits for it

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        _check_bytes(math.prod(series.shape) * series.dtype.itemsize)
        axes, values, orientation = series.axes, series.asarray(), _tiff_orientation(series)
    if values.ndim < 2 or "Y" not in axes or "X" not in axes:
        raise ValueError(f"its axes {axes} are not those of a picture")
    values = np.moveaxis(values, (axes.index("Y"), axes.index("X")), (0, 1))
    values = values.reshape(values.shape[0], values.shape[1], -1)
    if not 1 <= values.shape[2] <= MAX_CHANNELS:
        raise ValueError(f"it has {values.shape[2]} channels; at most {MAX_CHANNELS} can be shown")
    return turned(values, orientation)


def _tiff_orientation(series: Any) -> int:
    tag = series.keyframe.tags.get(ORIENTATION_TAG)
    return known_orientation(tag.value) if tag is not None else 1


def _check_bytes(count: int) -> None:
    if count > MAX_BYTES:
        raise ValueError(f"its values take {count / 2**30:,.1f} GiB and at most {MAX_BYTES / 2**30:,.0f} are read")


def _is_deep_tiff(path: Path) -> bool:
    import tifffile  # noqa: PLC0415 - only who has such a file waits for it

    try:
        with tifffile.TiffFile(path) as file:
            page = file.series[0].keyframe
            return page.bitspersample > 8 or page.samplesperpixel > 4 or "C" in file.series[0].axes
    except Exception:  # noqa: BLE001 - tifffile raises whatever a broken file leads it into; reading it says why
        return False
