"""The region of difference under the mouse: looked for off the GUI thread, outlined, ready to be accepted alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from studio.core.arrays import Mask, Region
from studio.core.classes import LabelClass, void_ids
from studio.core.counting import counted
from studio.core.deciding import AcceptRegion
from studio.core.difference_regions import DifferenceRegion, largest_regions, nearest_difference, region_at
from studio.core.errors import StudioError
from studio.core.outlines import outline
from studio.core.review import ReviewItem
from studio.store import Store
from studio.ui.review.pictures import masks_of
from studio.ui.widgets.latest import Latest

_MOST_STEPS: Final = 40
_FINEST: Final = 1024
"""The outline of a region with a longer side is drawn of every second pixel, or third …"""


@dataclass(frozen=True, eq=False)
class PointedRegion:
    """`outline` is in pixels of the original, and `words` say what is taken for what."""

    item: int
    deed: AcceptRegion
    region: DifferenceRegion
    outline: QPainterPath
    words: str

    def has(self, x: float, y: float) -> bool:
        """Whether the pixel at that place belongs to it."""
        rect = self.region.rect
        column, row = int(np.floor(x)) - rect.x, int(np.floor(y)) - rect.y
        return 0 <= column < rect.width and 0 <= row < rect.height and bool(self.region.region[row, column])


@dataclass(frozen=True, eq=False)
class _Masks:
    """Of the item that was pointed at last, so that they are read once."""

    run: str
    item: int
    label: Mask
    predicted: Mask
    spots: tuple[tuple[int, int], ...] = ()
    """A pixel of each of the largest regions, once somebody asked for them."""


@dataclass(frozen=True, eq=False)
class _Looked:
    masks: _Masks | None
    found: PointedRegion | None


class RegionPointer(QObject):
    """Follows the mouse over one item at a time."""

    changed = Signal(object, object)
    """The ids of the items, each may be None, whose region showed before and shows now."""

    def __init__(self, project: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._latest = Latest("regions", self)
        self._masks: _Masks | None = None
        self._place: tuple[ReviewItem, float, float, float] | None = None
        self._asked: tuple[ReviewItem, float, float, float] | None = None
        self.shown: PointedRegion | None = None
        self._step: int | None = None
        """Which of the largest regions shows, where a key asked for it."""

    def region_of(self, item: int) -> PointedRegion | None:
        """The region that is pointed at, where it is one of this item."""
        return self.shown if self.shown is not None and self.shown.item == item else None

    def point_at(self, review: ReviewItem, x: float, y: float, *, reach: float) -> None:
        """The mouse is at (x, y) of the original; a region at most `reach` pixels away will do."""
        self._place = review, x, y, reach
        self._step = None
        if not (self._latest.is_waiting and self._asked is not None and _of_one(self._asked[0], review)):
            self._look_there()

    def show_next(self, review: ReviewItem) -> None:
        """The item's largest region, then the next smaller one, and after the last the largest again."""
        goes_on = self._step is not None and self.shown is not None and self.shown.item == review.score.item
        self._step = self._step + 1 if goes_on and self._step is not None else 0
        self._place = None
        work = partial(_next, self._project, review, self._masks_of(review), self._step)
        self._latest.ask(work, self._take)

    @property
    def is_stepping(self) -> bool:
        """Whether what shows was asked for by key."""
        return self._step is not None

    def mouse_left(self) -> None:
        """The mouse is over no picture any more; what a key asked for stays."""
        if not self.is_stepping:
            self.leave()

    def leave(self) -> None:
        """Outline nothing."""
        self._place = None
        self._step = None
        self._latest.drop()
        self._show(None)

    def forget(self, items: list[int]) -> None:
        """The labels of these items changed, empty: of any; what is under the mouse is looked for again."""
        place = self._place
        item = place[0].score.item if place is not None else self.shown.item if self.shown is not None else None
        if items and item not in items:
            return
        self._masks = None
        self._latest.drop()
        self._show(None)
        if place is not None:
            self.point_at(place[0], place[1], place[2], reach=place[3])

    def _look_there(self) -> None:
        """Where the mouse is now. A mouse that moves on over the same item does not begin anew each time, else nothing
        would be found before it rests."""
        assert self._place is not None
        self._asked = review, x, y, reach = self._place
        if self.shown is not None and self.shown.item == review.score.item and self.shown.has(x, y):
            self._latest.drop()
            return
        work = partial(_look, self._project, review, self._masks_of(review), x=x, y=y, reach=reach)
        self._latest.ask(work, self._take)

    def _masks_of(self, review: ReviewItem) -> _Masks | None:
        known = self._masks
        if known is not None and (known.run, known.item) != (review.run, review.score.item):
            known = self._masks = None
        return known

    def _take(self, looked: _Looked) -> None:
        self._masks = looked.masks
        if self._place is not None and self._place != self._asked and looked.masks is not None:
            self._look_there()
        else:
            self._show(looked.found)

    def _show(self, found: PointedRegion | None) -> None:
        before, self.shown = self.shown, found
        if before is not found:
            self.changed.emit(before.item if before is not None else None, found.item if found is not None else None)


def _of_one(one: ReviewItem, other: ReviewItem) -> bool:
    return (one.run, one.score.item) == (other.run, other.score.item)


def paint_region(painter: QPainter, target: QRectF, size: tuple[int, int], region: PointedRegion) -> None:
    """Outline it over a picture of an original of `size` (width, height) that is drawn into `target`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(target)
    painter.translate(target.topLeft())
    painter.scale(target.width() / size[0], target.height() / size[1])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(0, 0, 0, 200), 4.0), (QColor(255, 255, 255), 2.0)):
        pen = QPen(color, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(region.outline)
    painter.restore()


def _look(project: Path, review: ReviewItem, known: _Masks | None, *, x: float, y: float, reach: float) -> _Looked:
    """On another thread. What cannot be read has no regions; the picture says why."""
    read = _read(project, review, known)
    if read is None:
        return _Looked(None, None)
    masks, classes = read
    spot = nearest_difference(masks.label, masks.predicted, void_ids(classes), x=x, y=y, reach=reach)
    return _Looked(masks, _found(review, masks, classes, spot))


def _next(project: Path, review: ReviewItem, known: _Masks | None, step: int) -> _Looked:
    """On another thread, too."""
    read = _read(project, review, known)
    if read is None:
        return _Looked(None, None)
    masks, classes = read
    if not masks.spots:
        spots = largest_regions(masks.label, masks.predicted, void_ids(classes), most=_MOST_STEPS)
        masks = replace(masks, spots=tuple(spots))
    spot = masks.spots[step % len(masks.spots)] if masks.spots else None
    return _Looked(masks, _found(review, masks, classes, spot))


def _read(project: Path, review: ReviewItem, known: _Masks | None) -> tuple[_Masks, tuple[LabelClass, ...]] | None:
    try:
        with Store.open(project) as store:
            masks = known
            if masks is None:
                label, predicted = masks_of(store, store.run(review.run).folder, review.score)
                masks = _Masks(review.run, review.score.item, label, predicted)
            return masks, store.settings.classes
    except StudioError:
        return None


def _found(
    review: ReviewItem, masks: _Masks, classes: tuple[LabelClass, ...], spot: tuple[int, int] | None
) -> PointedRegion | None:
    if spot is None:
        return None
    region = region_at(masks.label, masks.predicted, void_ids(classes), x=spot[0], y=spot[1])
    names = {c.id: c.name for c in classes}
    if region is None or region.predicted not in names:
        return None
    change = f"{names.get(region.label, region.label)} → {names[region.predicted]}"
    words = f"{change}, {counted(region.pixels, 'pixel')}"
    deed = AcceptRegion(x=spot[0], y=spot[1])
    return PointedRegion(review.score.item, deed, region, _outlined(region), words)


def _outlined(region: DifferenceRegion) -> QPainterPath:
    step = max(1, -(-max(region.rect.width, region.rect.height) // _FINEST))
    pixels: Region = region.region[::step, ::step]
    path = QPainterPath()
    for ring in outline(pixels):
        corners = [QPointF(region.rect.x + x * step, region.rect.y + y * step) for x, y in ring]
        path.addPolygon(QPolygonF([*corners, corners[0]]))
    return path
