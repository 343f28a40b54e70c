"""Small pictures of items: made in the background, kept on disk, a bounded number of them in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from math import prod
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, Signal
from PySide6.QtGui import QImage, QImageWriter

from studio.core.deep_images import as_small_rgb, is_deep, read_deep
from studio.core.images import HUGE_PIXELS, image_size
from studio.ui.widgets.background import Background
from studio.ui.widgets.decoding import decode
from studio.ui.widgets.image_memory import from_rgb
from studio.ui.widgets.thumbnail_cache import ThumbnailCache

_JPEG_QUALITY: Final = 86
_OVERSAMPLING: Final = 2
"""A JPEG is decoded at twice the thumbnail's side and then scaled down smoothly."""

CACHE_FOLDER: Final = Path(".cache") / "thumbnails"


class Thumbnails(QObject):
    """Thumbnails by item id, at most `side` pixels wide and high.

    `get` never waits: it answers with what is there, or asks for it and announces it with `ready(item id)`. The newest
    wish is served first. Files lie in `folder`, one for each picture, its modification time and size; a folder that
    cannot be written only makes the next start slower, and the oldest files go when there are too many. `keep` images
    stay in memory.
    """

    ready = Signal(int)

    def __init__(self, folder: Path, *, side: int = 160, keep: int = 600, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache = ThumbnailCache(folder)
        self._side = side
        self._keep = keep
        self._images: OrderedDict[int, QImage | None] = OrderedDict()
        self._background = Background("thumbnails", threads=1, waiting=128, parent=self)
        self._background.done.connect(self._arrived)
        self._background.failed.connect(self._broke)

    def get(self, item_id: int, path: Path) -> QImage | None:
        """The thumbnail, or None when it is not there yet or cannot be made (see `is_broken`)."""
        if item_id in self._images:
            self._images.move_to_end(item_id)
            return self._images[item_id]
        self._background.ask(item_id, lambda: _make(path, self._cache, self._side))
        return None

    def is_broken(self, item_id: int) -> bool:
        """Whether the picture was tried and cannot be read."""
        return item_id in self._images and self._images[item_id] is None

    def hold(self, held: bool) -> None:
        """Make none for now, because something else is more urgent; or go on."""
        self._background.hold(held)

    def forget(self, item_id: int) -> None:
        """Make it anew when next asked for."""
        self._images.pop(item_id, None)

    def close(self) -> None:
        """End the thread; no thumbnail arrives any more."""
        self._background.close()

    def _arrived(self, key: object, image: object) -> None:
        self._remember(cast(int, key), cast(QImage, image))

    def _broke(self, key: object, _error: object) -> None:
        self._remember(cast(int, key), None)

    def _remember(self, item_id: int, image: QImage | None) -> None:
        self._images[item_id] = image
        while len(self._images) > self._keep:
            self._images.popitem(last=False)
        self.ready.emit(item_id)


def _make(path: Path, cache: ThumbnailCache, side: int) -> QImage:
    file = cache.folder / _file_name(path, side)
    if file.is_file():
        kept = QImage(str(file))
        if not kept.isNull():
            return kept.convertToFormat(QImage.Format.Format_RGB32)
    image = _scaled(_read(path, _OVERSAMPLING * side), side)
    _save(image, file)
    cache.note_saved()
    return image


def _read(path: Path, max_side: int) -> QImage:
    """A deep picture as the canvas shows it at first, for its whole range would mostly be black; a huge one never lies
    in memory as a whole."""
    if not is_deep(path) or prod(image_size(path)) > HUGE_PIXELS:
        return decode(path, max_side=max_side)
    pixels = as_small_rgb(read_deep(path), max_side=max_side)
    return from_rgb(pixels)


def _file_name(path: Path, side: int) -> Path:
    status = path.stat()
    range_of = "|values" if is_deep(path) else ""
    name = hashlib.sha1(
        f"{path}|{status.st_mtime_ns}|{status.st_size}|{side}{range_of}".encode(), usedforsecurity=False
    ).hexdigest()
    return Path(name[:2]) / f"{name[2:]}.jpg"


def _scaled(image: QImage, side: int) -> QImage:
    if max(image.width(), image.height()) <= side:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _save(image: QImage, file: Path) -> None:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"JPG"))
    writer.setQuality(_JPEG_QUALITY)
    writer.write(image)
    buffer.close()
    temporary = file.with_suffix(f".{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data.data())
        temporary.replace(file)
    except OSError:  # the cache is a convenience: without it the thumbnail is made anew after a restart
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
