"""Keypoints as a person places them, in pixels of the original image."""

from __future__ import annotations

import enum
from collections.abc import Iterable

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
    """One keypoint that the project asks for. `color` is `#rrggbb`; `mirror` names the keypoint that this one becomes
    in a mirrored picture (left eye, right eye), empty for one on the axis. It is enough that one of a pair names the
    other.

    A `retired` keypoint is asked for no more: what was placed of it is kept, but not shown and not trained on. Its
    place in the list stays taken, since points and their history count by it.
    """

    name: str
    color: str
    mirror: str = ""
    retired: bool = False


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

    @property
    def instances(self) -> tuple[int, ...]:
        """The instances that have a point, in ascending order."""
        return tuple(sorted({p.instance for p in self.placed}))

    def of(self, instance: int) -> dict[int, Keypoint]:
        """The points of one instance by their index."""
        return {p.index: p for p in self.placed if p.instance == instance}

    def by_key(self) -> dict[tuple[int, int], Keypoint]:
        """All points by (instance, index)."""
        return {(p.instance, p.index): p for p in self.placed}

    def without_instance(self, instance: int) -> Points:
        return Points(tuple(p for p in self.placed if p.instance != instance))

    def updated(self, others: Iterable[Keypoint]) -> Points:
        """The same points with these added, or in the places of those of their indices and instances."""
        merged = self.by_key() | {(p.instance, p.index): p for p in others}
        return Points(tuple(merged[key] for key in sorted(merged)))

    def completed_from(self, other: Points) -> Points:
        """The same points with what is missing taken from `other`."""
        return other.updated(self.placed)

    def with_prediction(self, predicted: Points) -> Points:
        """The prediction's points in place of all visible points of the instances that it has. Other instances stay,
        and so does what a person called hidden or absent: a network learns visible points and knows of no others."""
        said = set(predicted.instances)
        others = Points(tuple(p for p in self.placed if p.instance not in said))
        unseen = (p for p in self.placed if p.instance in said and p.visibility is not Visibility.VISIBLE)
        return others.updated(predicted.placed).updated(unseen)
