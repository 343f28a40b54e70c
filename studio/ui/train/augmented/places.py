"""Where the tiles of a grid lie: as many columns as show the pictures largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QSize

GAP: Final = 10


@dataclass(frozen=True)
class Places:
    """`count` tiles of one size in rows; each is a picture of `picture` pixels with a caption below."""

    area: QRect
    columns: int
    count: int
    picture: QSize
    caption: int

    def tile(self, number: int) -> QRect:
        row, column = divmod(number, self.columns)
        step_x, step_y = self.picture.width() + GAP, self.picture.height() + self.caption + GAP
        wide = min(self.columns, self.count) * step_x - GAP
        left = self.area.left() + (self.area.width() - wide) // 2
        return QRect(left + column * step_x, self.area.top() + row * step_y, step_x - GAP, step_y - GAP)

    def picture_of(self, number: int) -> QRect:
        return QRect(self.tile(number).topLeft(), self.picture)

    def at(self, x: int, y: int) -> int | None:
        """The number of the tile there."""
        return next((number for number in range(self.count) if self.tile(number).contains(x, y)), None)


def places_for(area: QRect, size: QSize, count: int, *, caption: int) -> Places:
    """The places in `area` of `count` pictures of the shape of `size`, each with a caption so many pixels high."""
    best = Places(area, 1, count, QSize(0, 0), caption)
    for columns in range(1, max(count, 1) + 1):
        rows = -(-count // columns)
        room = QSize(
            (area.width() - GAP * (columns - 1)) // columns,
            (area.height() - GAP * (rows - 1)) // max(rows, 1) - caption,
        )
        scale = min(room.width() / max(size.width(), 1), room.height() / max(size.height(), 1))
        picture = QSize(int(size.width() * scale), int(size.height() * scale))
        if scale > 0 and picture.width() > best.picture.width():
            best = Places(area, columns, count, picture, caption)
    return best
