"""The shapes between two shapes: a region that a person labelled in two frames of a sequence, for the frames between.

Signed distances to the two outlines are mixed (S. P. Raya and J. K. Udupa, Shape-based interpolation of
multidimensional objects, IEEE TMI 9(1), 1990) after both have been moved to a common centre, so that an object that
moves stays whole; the centre itself goes in a straight line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Region
from studio.core.raster import Rect
from studio.core.regions import Chosen, whole_class

Distances = npt.NDArray[np.float32]


class ShapesBetween:
    """`at(0)` is the first shape and `at(1)` the second, to the pixel."""

    def __init__(self, first: Chosen, last: Chosen) -> None:
        self._centers = _center(first), _center(last)
        reach = max(_reach(shape, center) for shape, center in zip((first, last), self._centers, strict=True)) + 2
        self._reach = reach
        self._distances = tuple(
            _signed_distances(shape, center, reach) for shape, center in zip((first, last), self._centers, strict=True)
        )

    def at(self, share: float, width: int, height: int) -> tuple[Rect, Region] | None:
        """The shape at `share` (0–1) of the way: where it lies in a picture of that size, and (rect.height, rect.width)
        bool. None when nothing of it lies inside."""
        (ax, ay), (bx, by) = self._centers
        x = round(ax + share * (bx - ax)) - self._reach
        y = round(ay + share * (by - ay)) - self._reach
        side = 2 * self._reach + 1
        rect = Rect(x, y, side, side).clipped(width, height)
        if rect is None:
            return None
        first, last = self._distances
        inside = (1 - share) * first + share * last > 0
        return rect, inside[Rect(rect.x - x, rect.y - y, rect.width, rect.height).slices]


def counterpart(mask: Mask, chosen: Chosen) -> Chosen | None:
    """The connected piece of the same value in another frame's mask that is likeliest the same thing: the one that
    shares most pixels with it, or else the one that is nearest and most alike in size. None without such a value."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    everything = whole_class(mask, chosen.value)
    if everything is None:
        return None
    box = everything.rect
    count, numbers, stats, centers = cv2.connectedComponentsWithStats(everything.region.view(np.uint8), connectivity=4)
    shared = np.zeros(count, np.int64)
    common = box.intersect(chosen.rect)
    if common is not None:
        here = numbers[Rect(common.x - box.x, common.y - box.y, common.width, common.height).slices]
        there = chosen.region[
            Rect(common.x - chosen.rect.x, common.y - chosen.rect.y, common.width, common.height).slices
        ]
        shared = np.bincount(here[there], minlength=count)
    shared[0] = 0
    if shared.any():
        piece = int(shared.argmax())
    else:
        x, y = _center(chosen)
        away = np.hypot(centers[:, 0] + box.x - x, centers[:, 1] + box.y - y)
        unlike = np.abs(np.sqrt(stats[:, cv2.CC_STAT_AREA]) - np.sqrt(np.count_nonzero(chosen.region)))
        piece = 1 + int((away + unlike)[1:].argmin())
    left, top, width, height = (int(side) for side in stats[piece, :4])
    part = Rect(left, top, width, height)
    return Chosen(Rect(box.x + left, box.y + top, width, height), numbers[part.slices] == piece, chosen.value)


def _center(shape: Chosen) -> tuple[int, int]:
    rows, columns = np.nonzero(shape.region)
    return shape.rect.x + round(float(columns.mean())), shape.rect.y + round(float(rows.mean()))


def _reach(shape: Chosen, center: tuple[int, int]) -> int:
    """How far the shape's bounding box goes from the centre, in pixels."""
    rect, (x, y) = shape.rect, center
    return max(x - rect.x, rect.right - x, y - rect.y, rect.bottom - y)


def _signed_distances(shape: Chosen, center: tuple[int, int], reach: int) -> Distances:
    """Pixels to the outline, positive inside, in a square that goes `reach` pixels to each side of the centre."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    region = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    place = Rect(
        shape.rect.x - center[0] + reach, shape.rect.y - center[1] + reach, shape.rect.width, shape.rect.height
    )
    region[place.slices] = shape.region
    inside = cv2.distanceTransform(region, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - region, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(inside - outside, np.float32)
