"""labelme's JSON: one file a picture, its shapes checked one by one, so that a bad one costs a sentence only."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from PIL import Image

from studio.core.errors import BadInput
from studio.formats.complaints import Complaints
from studio.formats.json_values import ends_of, fault, plain, read_json

_SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp", "GIF": ".gif", "TIFF": ".tif", "WEBP": ".webp"}


class LabelmeShape(msgspec.Struct, frozen=True):
    """`points` are x, y in pixels; `mask` is a PNG in base64 whose top left pixel is the first point."""

    label: str
    points: list[tuple[float, float]] = []
    shape_type: str | None = "polygon"
    group_id: int | str | None = None
    description: str | None = None
    flags: dict[str, bool] | None = None
    mask: str | None = None


class _File(msgspec.Struct, rename="camel"):
    shapes: list[msgspec.Raw]
    image_path: str | None = None
    image_data: msgspec.Raw = msgspec.Raw(b"null")
    image_height: int | None = None
    image_width: int | None = None
    flags: dict[str, bool] | None = None
    version: str | None = None


class LabelmeFile:
    """One file. The picture within it is decoded only when it is asked for."""

    def __init__(self, path: Path) -> None:
        """Raises BadTable, BadInput where nothing of it can be used."""
        self.path = path
        file = read_json(path, _File)
        self.image_path = (file.image_path or "").replace("\\", "/")
        self.size = file.image_width, file.image_height
        self.flags = file.flags or {}
        self.version = file.version
        self.has_picture = bytes(memoryview(file.image_data)[:1]) == b'"'
        self._shapes = file.shapes

    def shapes(self, complaints: Complaints) -> Iterator[tuple[LabelmeShape, dict[str, Any]]]:
        """The shapes, typed and as they stand."""
        for number, raw in enumerate(self._shapes, start=1):
            try:
                yield msgspec.json.decode(raw, type=LabelmeShape), plain(raw)
            except msgspec.ValidationError as error:
                complaints.add(f"shape {number}", fault(error))


class _Picture(msgspec.Struct, rename="camel"):
    image_data: str


def is_labelme(path: Path) -> bool:
    """By a look at both ends of the file."""
    ends = ends_of(path)
    return b'"shapes"' in ends and (b'"imagePath"' in ends or b'"imageData"' in ends)


def picture_in(path: Path) -> bytes:
    """The bytes of the picture that lies within the file. Raises BadInput."""
    try:
        return base64.b64decode(read_json(path, _Picture).image_data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"{path}: its imageData is no picture ({error}); put the picture beside the file.") from error


def look_at(path: Path, data: bytes) -> tuple[str, tuple[int, int]]:
    """The suffix that fits an embedded picture's bytes, and its (width, height). Raises BadInput."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
            return _SUFFIXES[image.format or ""], image.size
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise BadInput(f"{path}: its imageData is no picture; put the picture beside the file.") from error
