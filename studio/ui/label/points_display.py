"""What of an item's points is on the canvas: which names have room, and what has to be painted again after a change."""

from __future__ import annotations

from math import ceil, floor
from typing import Final

from PySide6.QtCore import QRectF

from studio.core.points import Points, Visibility
from studio.ui.label.points_layer import Key, PointsLayer

_CELL: Final = 8.0
"""Logical pixels a side of the squares of which a name takes some."""

_ENOUGH: Final = 0.6
"""Of an instance's names; where fewer have room, none is shown but that of the selected point."""


class PointsDisplay:
    """Remembers the points as they were drawn last. Moving a point costs what it touches, whatever the number of
    points; names are dealt out anew when points come or go or when the view changes, never in the middle of a drag."""

    def __init__(self) -> None:
        self._points = Points()
        self._prediction: Points | None = None
        self._selected: Key = (0, -1)
        self.named: frozenset[Key] = frozenset()

    def show(self, points: Points, prediction: Points | None, layer: PointsLayer) -> None:
        """Everything is painted again: another item, another view, other settings."""
        self._points, self._prediction = points, prediction
        self.named = names_with_room(points, layer)

    def select(self, layer: PointsLayer) -> QRectF:
        """Another point is selected; returns the device pixels to paint again."""
        area = layer.area_of(self._points, [self._selected, layer.selected])
        self._selected = layer.selected
        return area

    def change(self, points: Points, layer: PointsLayer) -> QRectF:
        """Take over other points; returns the device pixels to paint again."""
        before, self._points = self._points, points
        if before.instances != points.instances and len({*before.instances, *points.instances}) > 1:
            self.named = names_with_room(points, layer)  # numbers and tints may come or go
            return layer.bounds(before, self._prediction).united(layer.bounds(points, self._prediction))
        old, new = before.by_key(), points.by_key()
        differing = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
        area = layer.area_of(before, differing).united(layer.area_of(points, differing))
        for point in self._prediction.placed if self._prediction is not None else ():
            if (point.instance, point.index) in differing:
                area = area.united(layer.reach_of(point))
        if old.keys() == new.keys():
            return area
        named = names_with_room(points, layer)
        for key in named ^ self.named:
            point = new.get(key) or old.get(key)
            area = area.united(layer.reach_of(point)) if point is not None else area
        self.named = named
        return area


def names_with_room(points: Points, layer: PointsLayer) -> frozenset[Key]:
    """The points of the current instance whose names collide with no other name and no other point's marker."""
    cell = _CELL * layer.pixel_ratio
    current = [p for p in points.of(layer.selected[0]).values() if p.visibility is not Visibility.ABSENT]
    taken = {_cell_of(*layer.viewport.to_view(p.x, p.y), cell) for p in current}
    named: set[Key] = set()
    for point in current:
        cells = _cells(layer.name_area(point), cell)
        own = _cell_of(*layer.viewport.to_view(point.x, point.y), cell)
        if cells.isdisjoint(taken - {own}):
            taken |= cells
            named.add((point.instance, point.index))
    return frozenset(named) if len(named) >= _ENOUGH * len(current) else frozenset()


def _cell_of(x: float, y: float, cell: float) -> tuple[int, int]:
    return floor(x / cell), floor(y / cell)


def _cells(area: QRectF, cell: float) -> set[tuple[int, int]]:
    columns = range(floor(area.left() / cell), ceil(area.right() / cell))
    rows = range(floor(area.top() / cell), ceil(area.bottom() / cell))
    return {(column, row) for column in columns for row in rows}
