"""What a tool for points shows under the mouse: the name of the point that it is on, and the loupe."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from studio.core.document import PointsDocument
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import XY
from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.loupe import loupe_area, loupe_pixel, paint_loupe
from studio.ui.label.tools.point_order import active_points

_CATCH: Final = 10.0
"""Logical pixels around a point within which a press takes hold of it."""


class PointHover:
    """`pointer` is where the mouse is, None while it is elsewhere. What is painted again is where something was and
    where it is now, and nothing else."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.pointer: Pointer | None = None
        self._named: Keypoint | None = None
        self._loupe = QRectF()

    @property
    def place(self) -> XY | None:
        """In image pixels."""
        return (self.pointer.x, self.pointer.y) if self.pointer is not None else None

    def name(self, point: Keypoint | None) -> None:
        """Show this point's name, or none."""
        if point != self._named:
            self._repaint_name()
            self._named = point
            self._repaint_name()

    def follow(self, held: Keypoint | None) -> None:
        """The loupe goes where the mouse is, while a point is held or could be placed there."""
        choices, pointer = self._bench.choices, self.pointer
        places = choices.point >= 0 or self._bench.settings.several_instances
        wanted = held is not None or (places and self._named is None)
        area = QRectF()
        if choices.points.loupe and wanted and pointer is not None and (held is not None or self._is_on_picture):
            area = loupe_area(pointer.device, self._bench.viewport.view, self._bench.pixel_ratio)
        for changed in (self._loupe, area):
            if not changed.isEmpty():
                self._bench.repaint_soon(changed)
        self._loupe = area

    def paint(self, painter: QPainter, held: Keypoint | None) -> None:
        bench = self._bench
        if self._named is not None and held is None:
            self._layer().paint_name(painter, self._named, self._suffix(self._named))
        pixel = loupe_pixel(bench.viewport, bench.pixel_ratio)
        if self._loupe.isEmpty() or bench.picture is None or self.pointer is None or not pixel:
            return
        centre = (held.x, held.y) if held is not None else (self.pointer.x, self.pointer.y)
        marks = () if held is not None else self._marks()
        paint_loupe(painter, self._loupe, bench.picture, centre, pixel=pixel, ratio=bench.pixel_ratio, marks=marks)

    @property
    def _is_on_picture(self) -> bool:
        return self.pointer is not None and self._bench.viewport.pixel_at(*self.pointer.device) is not None

    def _marks(self) -> list[XY]:
        """The visible points, for the loupe; where several are near each other they tell what is placed already."""
        document = self._bench.document
        if not isinstance(document, PointsDocument) or self.pointer is None:
            return []
        x, y, away = self.pointer.x, self.pointer.y, self._loupe.width() / 2
        return [
            (p.x, p.y)
            for p in document.points.placed
            if abs(p.x - x) < away and abs(p.y - y) < away and p.visibility is not Visibility.ABSENT
        ]

    def _repaint_name(self) -> None:
        if self._named is not None:
            self._bench.repaint_soon(self._layer().reach_of(self._named, self._suffix(self._named)))

    def _suffix(self, point: Keypoint) -> str:
        document = self._bench.document
        several = isinstance(document, PointsDocument) and len(document.points.instances) > 1
        return f" · {point.instance + 1}" if several else ""

    def _layer(self) -> PointsLayer:
        return PointsLayer(self._bench.settings, self._bench.viewport, self._bench.pixel_ratio)


def point_at(bench: Bench, points: Points, pointer: Pointer) -> Keypoint | None:
    """The nearest point within reach; absent and retired ones cannot be taken hold of."""
    reach = _CATCH * bench.pixel_ratio
    away = reach / bench.viewport.scale
    active = set(active_points(bench.settings))
    near = [
        p
        for p in points.placed
        if abs(p.x - pointer.x) <= away + 1
        and abs(p.y - pointer.y) <= away + 1
        and p.visibility is not Visibility.ABSENT
        and p.index in active
    ]
    found = min(near, key=lambda p: _distance(bench, p, pointer), default=None)
    return found if found is not None and _distance(bench, found, pointer) <= reach else None


def _distance(bench: Bench, point: Keypoint, pointer: Pointer) -> float:
    """In device pixels."""
    x, y = bench.viewport.to_view(point.x, point.y)
    return hypot(x - pointer.device[0], y - pointer.device[1])
