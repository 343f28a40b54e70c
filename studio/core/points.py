"""Keypoints as a person places them, in pixels of the original image."""

from __future__ import annotations

import enum

import msgspec


class Visibility(enum.StrEnum):
    """Visible: placed and seen. Hidden: placed by guess, behind something. Absent: not in this picture at all."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    ABSENT = "absent"

    def next(self) -> Visibility:
        order = list(Visibility)
        return order[(order.index(self) + 1) % len(order)]


class KeypointName(msgspec.Struct, frozen=True, kw_only=True):
    """One keypoint that the project asks for. `color` is `#rrggbb`."""

    name: str
    color: str


class Keypoint(msgspec.Struct, frozen=True, kw_only=True):
    """A placed point. `index` counts the project's keypoint names; (0, 0) is the image's top left corner, units are
    pixels, so a pixel's centre lies at +0.5. `instance` tells several objects in one image apart."""

    index: int
    x: float
    y: float
    visibility: Visibility = Visibility.VISIBLE
    instance: int = 0


class Points(msgspec.Struct, frozen=True):
    """All points of one item, at most one for each (instance, index)."""

    placed: tuple[Keypoint, ...] = ()

    def get(self, index: int, instance: int = 0) -> Keypoint | None:
        return next((p for p in self.placed if p.index == index and p.instance == instance), None)

    def with_point(self, point: Keypoint) -> Points:
        """The same points with this one added, or in the place of the one of its index and instance."""
        rest = [p for p in self.placed if (p.index, p.instance) != (point.index, point.instance)]
        return Points(tuple(sorted([*rest, point], key=lambda p: (p.instance, p.index))))

    def without(self, index: int, instance: int = 0) -> Points:
        return Points(tuple(p for p in self.placed if (p.index, p.instance) != (index, instance)))
