"""A picture too large for memory: what is seen is put together from tiles that are read in the background."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from math import ceil, floor
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from studio.core.arrays import Picture as Pixels
from studio.core.pyramid import Level, PyramidFile
from studio.core.pyramid_cache import Finished
from studio.core.raster import Rect
from studio.ui.label.image_pixels import pixels_of
from studio.ui.label.picture import DecodedPicture, Sight, halved
from studio.ui.widgets.background import Background
from studio.ui.widgets.image_memory import from_rgb

_CACHE_BYTES: Final = 192 * 2**20
_NOTHING_YET: Final = QColor(96, 96, 96)
_TRANSFORMS: Final = {
    2: QTransform(-1, 0, 0, 1, 0, 0),
    3: QTransform(-1, 0, 0, -1, 0, 0),
    4: QTransform(1, 0, 0, -1, 0, 0),
    5: QTransform(0, 1, 1, 0, 0, 0),
    6: QTransform(0, 1, -1, 0, 0, 0),
    7: QTransform(0, -1, -1, 0, 0, 0),
    8: QTransform(0, -1, 1, 0, 0, 0),
}
"""By EXIF orientation, how the stored picture is turned about its corner."""

_Key = tuple[int, int, int]
"""Number of a level, column and row of a tile."""


class TiledPicture(QObject):
    """Tiles of the level that fits the zoom, at most 192 MiB of them in memory; where one is still to come, a small
    version of the whole picture stands in. `came` says that there is more to show than before."""

    came = Signal()

    def __init__(self, folder: Path, plan: Finished, *, finished_rows: int | None = None) -> None:
        """`finished_rows`: rows of tiles of the largest level that are in the file already; None for all.

        Raises OSError.
        """
        super().__init__()
        self._path = folder / plan.pixels
        self._file = PyramidFile(self._path, plan.layout)
        self._levels = plan.layout.levels
        self._rows = self._levels[0].rows if finished_rows is None else finished_rows
        stored = QRectF(0, 0, plan.width, plan.height)
        transform = _TRANSFORMS.get(plan.orientation, QTransform())
        corner = transform.mapRect(stored).topLeft()
        self._turn = transform * QTransform.fromTranslate(-corner.x(), -corner.y())
        self._size = self._turn.mapRect(stored).size().toSize()
        self._overview: DecodedPicture | None = None
        self._previewed = False
        self._overview_rows = 0
        self._overview_is_of = 0
        """Rows of tiles of the smallest level that the small version was asked for with, and that it was made of."""
        self._tiles: OrderedDict[_Key, QImage] = OrderedDict()
        self._tile_bytes = 0
        self._background = Background("tiles", waiting=512, parent=self)
        self._background.done.connect(self._tile_came)
        self._ask_for_overview()

    @property
    def size(self) -> QSize:
        return self._size

    @property
    def is_preview(self) -> bool:
        """Whether there is more to come than single tiles."""
        return self._overview is None or self._overview_is_of < self._levels[-1].rows

    @property
    def can_be_shown(self) -> bool:
        """Whether there is something to draw yet."""
        return self._overview is not None

    @property
    def bytes(self) -> int:
        """What it holds in memory."""
        return self._tile_bytes + (self._overview.bytes if self._overview is not None else 0)

    def set_preview(self, image: QImage) -> None:
        """Show this small version of the whole picture, upright, until all tiles are there."""
        self._previewed = True
        self._overview = DecodedPicture(self._size, (image, halved(image)))
        self.came.emit()

    def set_finished_rows(self, rows: int) -> None:
        """More rows of tiles of the largest level are in the file."""
        self._rows = rows
        self._ask_for_overview()
        if self._overview is not None:
            self.came.emit()

    def sight(self, scale: float, area: QRectF) -> Sight:
        overview = self._overview
        if overview is not None and overview.levels[0].width() >= self._size.width() * scale * 0.999:
            return overview.sight(scale, area)
        level = next((level for level in reversed(self._levels) if scale * level.scale <= 1.001), self._levels[0])
        back, _ = self._turn.inverted()
        stored = back.mapRect(area) & QRectF(0, 0, self._levels[0].width, self._levels[0].height)
        patch, place = self._patch(level, stored)
        if not self._turn.isIdentity():
            patch = patch.transformed(self._turn)
        return Sight(patch, self._turn.mapRect(place))

    def pixels(self, rect: Rect, step: int = 1) -> Pixels | None:
        """By a file of its own, because the other one is read on another thread."""
        if self.is_preview:
            return None
        level = next((level for level in reversed(self._levels) if level.scale <= step), self._levels[0])
        back, _ = self._turn.inverted()
        stored = back.mapRect(QRectF(rect.x, rect.y, rect.width, rect.height))
        x, y = floor(stored.left() / level.scale), floor(stored.top() / level.scale)
        right = min(level.width, ceil(stored.right() / level.scale))
        bottom = min(level.height, ceil(stored.bottom() / level.scale))
        try:
            with PyramidFile(self._path, self._file.layout) as file:
                patch = from_rgb(file.patch(level, Rect(x, y, right - x, bottom - y)))
        except OSError:  # another item was opened, and the tiles have gone
            return None
        return pixels_of(patch if self._turn.isIdentity() else patch.transformed(self._turn), rect, step)

    def close(self) -> None:
        """End the thread and let go of the file."""
        self._background.close()
        self._file.close()
        self._tiles.clear()

    # -- as the picture lies in the file ------------------------------------------------------------------------------

    def _patch(self, level: Level, area: QRectF) -> tuple[QImage, QRectF]:
        """The level's pixels that cover `area`, and where they lie; both in pixels of the stored picture."""
        scale = level.scale
        left, top = floor(area.left() / scale), floor(area.top() / scale)
        right, bottom = ceil(area.right() / scale), ceil(area.bottom() / scale)
        box = QRect(left, top, max(1, right - left), max(1, bottom - top)) & QRect(0, 0, level.width, level.height)
        patch = QImage(box.size(), QImage.Format.Format_RGB32)
        place = QRectF(box.x() * scale, box.y() * scale, box.width() * scale, box.height() * scale)
        painter = QPainter(patch)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        keys = list(_keys_over(level, box))
        wanted = [key for key in keys if key not in self._tiles]
        if wanted:
            self._stand_in(painter, patch.size(), place)
        for key in keys:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                painter.drawImage(QPoint(key[1] * level.tile - box.x(), key[2] * level.tile - box.y()), tile)
        painter.end()
        self._want(level, wanted)
        return patch, place

    def _stand_in(self, painter: QPainter, size: QSize, place: QRectF) -> None:
        """Fill with what the small version has of `place`."""
        if self._overview is None:
            painter.fillRect(QRect(QPoint(), size), _NOTHING_YET)
            return
        sight = self._overview.sight(1.0, self._turn.mapRect(place))
        image = sight.image
        to_image = QTransform.fromScale(image.width() / self._size.width(), image.height() / self._size.height())
        to_patch = QTransform.fromTranslate(-place.x(), -place.y()) * QTransform.fromScale(
            size.width() / place.width(), size.height() / place.height()
        )
        back, _ = (self._turn * to_image).inverted()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(back * to_patch)
        source = (self._turn * to_image).mapRect(place).adjusted(-2, -2, 2, 2) & QRectF(image.rect())
        painter.drawImage(source, image, source)
        painter.restore()

    def _want(self, level: Level, keys: list[_Key]) -> None:
        """Have these tiles read and no others, those in the middle of what is seen first."""
        there = [key for key in keys if key[2] < self._file.rows_of(level, self._rows)]
        self._background.keep_only([*there, self._overview_rows])
        if not there:
            return
        middle = QPointF(sum(key[1] for key in there), sum(key[2] for key in there)) / len(there)
        for key in sorted(there, key=lambda k: -(abs(k[1] - middle.x()) + abs(k[2] - middle.y()))):
            self._background.ask(key, lambda key=key: from_rgb(self._file.tile(level, key[1], key[2])))

    def _tile_came(self, key: object, result: object) -> None:
        if isinstance(key, int):
            self._overview = cast(DecodedPicture, result)
            self._overview_is_of = key
        else:
            tile = cast(QImage, result)
            self._tiles[cast(_Key, key)] = tile
            self._tile_bytes += tile.sizeInBytes()
            while self._tile_bytes > _CACHE_BYTES:
                self._tile_bytes -= self._tiles.popitem(last=False)[1].sizeInBytes()
        self.came.emit()

    def _ask_for_overview(self) -> None:
        """Put the smallest level together as far as it is there; one that is cut short is no better than a preview."""
        rows = self._file.rows_of(self._levels[-1], self._rows)
        if rows > self._overview_rows and (rows == self._levels[-1].rows or not self._previewed):
            self._overview_rows = rows
            self._background.ask(rows, lambda: self._read_overview(rows))

    def _read_overview(self, rows: int) -> DecodedPicture:
        level = self._levels[-1]
        image = QImage(level.width, level.height, QImage.Format.Format_RGB32)
        image.fill(_NOTHING_YET)
        painter = QPainter(image)
        for row in range(rows):
            for column in range(level.columns):
                tile = from_rgb(self._file.tile(level, column, row))
                painter.drawImage(QPoint(column * level.tile, row * level.tile), tile)
        painter.end()
        upright = image if self._turn.isIdentity() else image.transformed(self._turn)
        return DecodedPicture(self._size, (upright, halved(upright)))


def _keys_over(level: Level, box: QRect) -> Iterator[_Key]:
    """The tiles of a level that `box` (its pixels) touches."""
    for row in range(box.top() // level.tile, min(level.rows - 1, box.bottom() // level.tile) + 1):
        for column in range(box.left() // level.tile, min(level.columns - 1, box.right() // level.tile) + 1):
            yield level.number, column, row
