"""One region in which a label and a prediction differ: where the same class is taken for the same other one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.raster import Rect, flood_region


@dataclass(frozen=True, eq=False)
class DifferenceRegion:
    """`region`, (rect.height, rect.width) bool, are the pixels of `rect` that belong to it; they are joined through
    sides. All of them have the class `label` and are predicted to be `predicted`."""

    rect: Rect
    region: Region
    label: int
    predicted: int

    @property
    def pixels(self) -> int:
        return int(np.count_nonzero(self.region))


def counts(label: Mask, void: Collection[int]) -> Region:
    """(H, W) bool: pixels about which a person said something that counts."""
    table = np.ones(256, np.bool_)
    table[[UNLABELLED, *void]] = False
    return table[label]


def region_at(label: Mask, predicted: Mask, void: Collection[int], *, x: int, y: int) -> DifferenceRegion | None:
    """The region of difference that pixel (x, y) lies in; None where both agree there, where nobody has said anything
    or where the label is void. Both masks are (H, W) uint8. Raises IndexError outside of them."""
    was, said = int(label[y, x]), int(predicted[y, x])
    if was in (said, UNLABELLED, *void):
        return None
    same = ((label == was) & (predicted == said)).view(np.uint8)
    region, rect = flood_region(same, x, y)
    return DifferenceRegion(rect, region[rect.slices].copy(), was, said)


def nearest_difference(
    label: Mask, predicted: Mask, void: Collection[int], *, x: float, y: float, reach: float
) -> tuple[int, int] | None:
    """The pixel (column, row) that differs and is nearest to (x, y), at most `reach` pixels away along either axis."""
    height, width = label.shape
    x0, x1 = max(0, int(np.floor(x - reach))), min(width, int(np.floor(x + reach)) + 1)
    y0, y1 = max(0, int(np.floor(y - reach))), min(height, int(np.floor(y + reach)) + 1)
    if x0 >= x1 or y0 >= y1:
        return None
    near = label[y0:y1, x0:x1]
    rows, columns = np.nonzero((near != predicted[y0:y1, x0:x1]) & counts(near, void))
    if not rows.size:
        return None
    nearest = int(np.argmin((columns + x0 + 0.5 - x) ** 2 + (rows + y0 + 0.5 - y) ** 2))
    return int(columns[nearest]) + x0, int(rows[nearest]) + y0
