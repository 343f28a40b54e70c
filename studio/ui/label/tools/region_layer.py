"""A region that is not painted yet, drawn over the picture: a tint with a dashed outline, or outlines alone.

It is drawn on a background thread, for the pixels that are seen, and then only copied to the screen. While a new zoom
is being drawn the last drawing is stretched to it, so that nothing waits and nothing flickers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.arrays import Region
from studio.core.raster import Rect
from studio.core.selection import Selection
from studio.core.superpixels import Superpixels
from studio.ui.label.tools.base import Bench
from studio.ui.label.viewport import Viewport
from studio.ui.widgets.latest import Latest

_DASH: Final = 5
"""Device pixels of a dash along a diagonal, at a pixel ratio of 1."""

_TINT: Final = 0.42
_DARK: Final = 2
_LIGHT: Final = 3
"""Colour numbers; 0 is clear and 1 the tint."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """`image` has colour numbers, one a device pixel, and lies at `place` (device pixels) as seen from `viewport`."""

    viewport: Viewport
    place: Rect
    image: QImage

    def target(self, viewport: Viewport) -> QRectF:
        """Where it belongs as seen from another viewport, in device pixels."""
        if viewport == self.viewport:
            return QRectF(self.place.x, self.place.y, self.place.width, self.place.height)
        left, top = viewport.to_view(*self.viewport.to_image(self.place.x, self.place.y))
        right, bottom = viewport.to_view(*self.viewport.to_image(self.place.right, self.place.bottom))
        return QRectF(left, top, right - left, bottom - top)


Draw = Callable[[Viewport], Drawing | None]
"""Draws what is seen of something; called on any thread."""


class RegionLayer:
    """Shows one drawing at a time and repaints where it was and where it is."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._bench = bench
        self._latest = Latest(name, bench.owner)
        self._draw: Draw | None = None
        self._drawing: Drawing | None = None
        self._asked: Viewport | None = None

    @property
    def is_shown(self) -> bool:
        return self._draw is not None

    def show(self, draw: Draw, drawing: Drawing | None) -> None:
        """Show what `draw` draws, to begin with as `drawing`, which it has drawn already."""
        self.repaint()
        self._latest.drop()
        self._draw, self._drawing = draw, drawing
        self._asked = drawing.viewport if drawing is not None else None
        self.repaint()

    def clear(self) -> None:
        if self._draw is not None:
            self.repaint()
            self._latest.drop()
            self._draw = self._drawing = self._asked = None

    def repaint(self) -> None:
        if self._drawing is not None:
            self._bench.repaint_soon(self._drawing.target(self._bench.viewport).adjusted(-1, -1, 1, 1))

    def paint(self, painter: QPainter, colors: Sequence[QColor]) -> None:
        """`colors` stand for the colour numbers from 1 on."""
        viewport = self._bench.viewport
        if self._draw is not None and self._asked != viewport:
            self._ask(self._draw, viewport)
        if self._drawing is None:
            return
        image = self._drawing.image
        image.setColorTable([0, *(color.rgba() for color in colors)])
        target = self._drawing.target(viewport)
        if viewport == self._drawing.viewport:
            painter.drawImage(target.topLeft(), image)
        else:
            painter.drawImage(target, image)

    def _ask(self, draw: Draw, viewport: Viewport) -> None:
        self._asked = viewport
        self._latest.ask(lambda: draw(viewport), self._take)

    def _take(self, drawing: Drawing | None) -> None:
        self.repaint()
        self._drawing = drawing
        self.repaint()


def selection_colors(color: QColor) -> list[QColor]:
    """For `draw_selection`, in the colour of a class."""
    tint = QColor(color)
    tint.setAlphaF(_TINT)
    return [tint, QColor(0, 0, 0, 220), QColor(255, 255, 255, 240)]


def boundary_colors() -> list[QColor]:
    """For `draw_boundaries`: faint, on any picture."""
    return [QColor(0, 0, 0, 0), QColor(0, 0, 0, 90), QColor(255, 255, 255, 75)]


def draw_selection(selection: Selection, viewport: Viewport, pixel_ratio: float) -> Drawing | None:
    """Tinted, with a dashed line along the inside of its border. None when nothing of it is seen."""
    width = max(1, round(pixel_ratio))
    place = _seen(selection.rect, viewport)
    if place is None:
        return None
    rows, columns = _cells_seen(place, viewport, selection.rect, selection.step, width)
    height, length = selection.cells.shape
    inside = selection.cells.take(rows.clip(0, height - 1), axis=0).take(columns.clip(0, length - 1), axis=1)
    inside[(rows < 0) | (rows >= height)] = False
    inside[:, (columns < 0) | (columns >= length)] = False
    middle = inside[width:-width, width:-width]
    numbers = middle.astype(np.uint8)
    border = middle & ~_shrunk(inside, width)
    numbers[border] = _dashes(place, width)[border]
    return Drawing(viewport, place, _image(numbers))


def draw_boundaries(superpixels: Superpixels, viewport: Viewport) -> Drawing | None:
    """A hair line between any two superpixels. None when nothing of them is seen."""
    place = _seen(superpixels.rect, viewport)
    if place is None:
        return None
    rows, columns = _cells_seen(place, viewport, superpixels.rect, superpixels.step, 1)
    height, length = superpixels.labels.shape
    labels = superpixels.labels.take(rows.clip(0, height - 1), axis=0).take(columns.clip(0, length - 1), axis=1)
    middle = labels[1:-1, 1:-1]
    numbers = np.zeros(middle.shape, np.uint8)
    numbers[(middle != labels[:-2, 1:-1]) | (middle != labels[1:-1, :-2])] = _DARK
    numbers[(middle != labels[2:, 1:-1]) | (middle != labels[1:-1, 2:])] = _LIGHT
    return Drawing(viewport, place, _image(numbers))


def _seen(rect: Rect, viewport: Viewport) -> Rect | None:
    """The device pixels that show `rect` (image pixels)."""
    covering, visible = viewport.covering(rect), viewport.visible()
    return covering.intersect(visible) if covering is not None and visible is not None else None


def _cells_seen(
    place: Rect, viewport: Viewport, rect: Rect, step: int, margin: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The row and the column of the cell under each device pixel of `place`, with `margin` more on each side."""
    found = []
    for start, length, origin, first in (
        (place.y, place.height, viewport.origin[1], rect.y),
        (place.x, place.width, viewport.origin[0], rect.x),
    ):
        device = np.arange(start - margin, start + length + margin) + 0.5
        pixels = np.floor((device - origin) / viewport.scale).astype(np.intp)
        found.append((pixels - first) // step)
    return found[0], found[1]


def _shrunk(inside: Region, width: int) -> Region:
    """Where everything within `width` device pixels along the axes is inside; (h + 2w, w + 2w) → (h, w)."""
    height, length = inside.shape
    kept = inside[width:-width, width:-width].copy()
    for away in range(1, width + 1):
        kept &= inside[width - away : height - width - away, width:-width]
        kept &= inside[width + away : height - width + away, width:-width]
        kept &= inside[width:-width, width - away : length - width - away]
        kept &= inside[width:-width, width + away : length - width + away]
    return kept


def _dashes(place: Rect, width: int) -> npt.NDArray[np.uint8]:
    rows = np.arange(place.y, place.bottom)[:, None]
    along = (np.arange(place.x, place.right) + rows) // (_DASH * width) % 2
    return (_DARK + along).astype(np.uint8)


def _image(numbers: npt.NDArray[np.uint8]) -> QImage:
    numbers = np.ascontiguousarray(numbers)
    height, width = numbers.shape
    return QImage(numbers.data, width, height, width, QImage.Format.Format_Indexed8).copy()
