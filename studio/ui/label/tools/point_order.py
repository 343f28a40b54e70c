"""Which point comes next: of the keypoints that are asked for, in their order, in one instance after the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from studio.core.points import Points
from studio.core.settings import ProjectSettings


def active_points(settings: ProjectSettings) -> list[int]:
    """The indices of the keypoints that are asked for."""
    return [index for index, keypoint in enumerate(settings.keypoints) if not keypoint.retired]


def next_missing(placed: Collection[int], active: Sequence[int], chosen: int) -> int:
    """`chosen` if it is still missing, else the next missing one after it, round and round; -1 when none is."""
    missing = [index for index in active if index not in placed]
    return next((index for index in missing if index >= chosen), missing[0] if missing else -1)


def free_instance(points: Points) -> int:
    """The lowest number that no instance has."""
    taken = set(points.instances)
    return next(number for number in range(len(taken) + 1) if number not in taken)


def first_unfinished(points: Points, settings: ProjectSettings) -> int:
    """The first instance that misses a point; the first one where none does."""
    active = active_points(settings)
    unfinished = (n for n in points.instances if any(index not in points.of(n) for index in active))
    return next(unfinished, next(iter(points.instances), 0))


def stepped_instance(points: Points, current: int, steps: int) -> int:
    """The next instance that there is, round and round."""
    numbers = sorted({*points.instances, current})
    return numbers[(numbers.index(current) + steps) % len(numbers)]
