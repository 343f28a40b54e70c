"""An outline that a person sets anchors on and that follows the edges from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from studio.core.edge_paths import PathMap
from studio.core.raster import XY

FEWEST: Final = 3
"""Anchors that an outline needs."""


class EdgeOutline:
    """Anchors in image pixels, joined by paths.

    A path needs the map of the anchor it starts at, which takes a moment to build: anchors that are set meanwhile wait
    in line, and `take_map` joins them.
    """

    def __init__(self) -> None:
        self._joined: list[XY] = []
        self._paths: list[list[XY]] = []
        self._waiting: list[tuple[XY, bool]] = []
        self._map: PathMap | None = None

    @classmethod
    def of(cls, anchors: Sequence[XY], ways: Sequence[Sequence[XY]]) -> EdgeOutline:
        """Anchors with the ways between the first of them; those that have none yet wait for a map."""
        outline = cls()
        joined = len(ways) + 1
        outline._joined = list(anchors[:joined])
        outline._paths = [list(way) for way in ways[: len(outline._joined) - 1]]
        outline._waiting = [(anchor, False) for anchor in anchors[joined:]]
        return outline

    @property
    def ways(self) -> list[list[XY]]:
        """From each anchor to the next, as far as they are known."""
        return list(self._paths)

    @property
    def anchors(self) -> list[XY]:
        return [*self._joined, *(point for point, _ in self._waiting)]

    @property
    def wants_map_of(self) -> XY | None:
        """The anchor whose map is missing."""
        return self._joined[-1] if self._joined and self._map is None else None

    @property
    def is_settled(self) -> bool:
        """Whether everything is joined and the map of the last anchor is there."""
        return self._map is not None and not self._waiting

    def path(self) -> list[XY]:
        """From the first anchor to the last, straight where nothing better is known yet."""
        points = self._joined[:1]
        for path in self._paths:
            points += path[1:]
        return [*points, *(point for point, _ in self._waiting)]

    def add(self, anchor: XY, *, straight: bool = False) -> None:
        if self._joined:
            self._waiting.append((anchor, straight))
            self._join_waiting()
        else:
            self._joined.append(anchor)

    def take_map(self, path_map: PathMap) -> None:
        """A map that was asked for; one of an anchor that is not the last any more is of no use."""
        if self._joined and path_map.start == self._joined[-1]:
            self._map = path_map
            self._join_waiting()

    def step_back(self) -> None:
        """The last anchor away."""
        if self._waiting:
            self._waiting.pop()
        elif self._joined:
            self._joined.pop()
            self._map = None
            if self._paths:
                self._paths.pop()

    def way_to(self, point: XY, *, straight: bool = False) -> list[XY]:
        """From the last anchor to a point that is none yet; straight where that is wanted or no map is there."""
        if not self._joined:
            return []
        if straight or self._map is None or self._waiting:
            return [self.anchors[-1], point]
        return self._map.path(point)

    def closed(self) -> list[XY]:
        """The whole outline, back to the first anchor and without it at the end."""
        return [*self.path(), *self.way_to(self._joined[0])[1:-1]]

    def _join_waiting(self) -> None:
        while self._waiting and (self._map is not None or self._waiting[0][1]):
            anchor, straight = self._waiting.pop(0)
            last = self._joined[-1]
            path = [last, anchor] if straight or self._map is None else self._map.path(anchor)
            self._paths.append(path)
            self._joined.append(anchor)
            self._map = None
