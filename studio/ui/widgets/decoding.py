"""Pictures for the screen: Qt's own decoders where they are right, the core's careful reader for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from studio.core.images import HUGE_PIXELS, read_image
from studio.ui.widgets.image_memory import as_rgb32, from_rgb

_ALLOCATION_LIMIT_MIB: Final = 4096

_TRUSTED_ENDS: Final = {b"jpeg": b"\xff\xd9", b"png": b"IEND\xaeB`\x82"}
"""Formats that Qt decodes right (8 bits a channel), and how an undamaged file of each ends."""

_TRUSTED_STARTS: Final = {b"jpeg": b"\xff\xd8\xff", b"png": b"\x89PNG\r\n\x1a\n"}

_TRUSTED_PIXELS: Final = frozenset(
    {
        QImage.Format.Format_RGB32,
        QImage.Format.Format_ARGB32,
        QImage.Format.Format_Grayscale8,
        QImage.Format.Format_Indexed8,
        QImage.Format.Format_RGB888,
    }
)

QImageReader.setAllocationLimit(_ALLOCATION_LIMIT_MIB)


def decode(path: Path, *, max_side: int | None = None) -> QImage:
    """The picture as RGB32 with its EXIF orientation applied; safe on any thread.

    With `max_side` the longer side of the result has at most that many pixels, and a JPEG is decoded at a reduced
    scale, which is several times as fast. Raises UnreadableImage.
    """
    reader = _reader(path)
    if reader is None or not _is_plain(reader, path):
        return _decode_carefully(path, max_side)
    reader.setAutoTransform(True)
    size = reader.size()
    if max_side is not None and reader.format() != b"jpeg" and size.width() * size.height() > HUGE_PIXELS:
        return _limited(_decode_carefully(path, max_side), max_side)  # Qt would decode the whole before scaling it
    if max_side is not None and max(size.width(), size.height()) > max_side:
        reader.setScaledSize(
            size.scaled(max_side, max_side, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        )
    image = reader.read()
    if image.isNull():
        return _decode_carefully(path, max_side)
    return _as_rgb32(image)


def upright_size(path: Path) -> QSize:
    """The picture's size with its EXIF orientation applied, from the header alone; empty when Qt cannot tell."""
    reader = _reader(path)
    if reader is None:
        return QSize()
    size = reader.size()
    turned = reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90
    return size.transposed() if turned else size


def _reader(path: Path) -> QImageReader | None:
    """Qt's reader of a format that is trusted, told which it is.

    To find out by itself Qt asks all of its plug-ins. One of them makes objects, for which it may wait for a lock of
    Qt's that the window's thread has, and that thread may wait for Python's, which this one has: neither would go on.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return None
    name = next((name for name, begin in _TRUSTED_STARTS.items() if start.startswith(begin)), None)
    if name is None:
        return None
    reader = QImageReader(str(path), QByteArray(name))
    reader.setAutoDetectImageFormat(False)
    return reader


def _is_plain(reader: QImageReader, path: Path) -> bool:
    end = _TRUSTED_ENDS.get(bytes(reader.format().data()))
    return end is not None and reader.imageFormat() in _TRUSTED_PIXELS and _tail(path).rstrip(b"\0").endswith(end)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 64))
        return file.read()


def _limited(image: QImage, max_side: int) -> QImage:
    return image.scaled(
        max_side, max_side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _decode_carefully(path: Path, max_side: int | None) -> QImage:
    pixels = read_image(path, max_side=max_side)
    return from_rgb(pixels)


def _as_rgb32(image: QImage) -> QImage:
    image.setDevicePixelRatio(1.0)
    return as_rgb32(image)
