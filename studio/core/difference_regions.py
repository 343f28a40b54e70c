"""One region in which a label and a prediction differ: where the same class is taken for the same other one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED
from studio.core.raster import Rect, flood_region

_MOST_KINDS: Final = 32


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


def largest_regions(label: Mask, predicted: Mask, void: Collection[int], *, most: int) -> list[tuple[int, int]]:
    """A pixel (column, row) of each of the largest regions of difference, the largest first. Of very many kinds of
    mistakes only the most frequent ones are looked at."""
    import cv2  # noqa: PLC0415  takes 0.2 s, which the first picture need not wait for

    different = (label != predicted) & counts(label, void)
    kinds, numbers = np.unique(
        label[different].astype(np.int32) * 256 + predicted[different].astype(np.int32), return_counts=True
    )
    found: list[tuple[int, int, int]] = []
    for kind in kinds[np.argsort(-numbers, kind="stable")][:_MOST_KINDS]:
        same = (different & (label == kind // 256) & (predicted == kind % 256)).view(np.uint8)
        connected = cv2.connectedComponentsWithStats(same, connectivity=4)  # pyright: ignore[reportUnknownVariableType]
        pieces, stats = cast(tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]], connected[1:3])
        order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:most]
        for piece in order:
            left, top, width, _height, area = (int(side) for side in stats[piece])
            column = int(np.argmax(pieces[top, left : left + width] == piece))
            found.append((-area, left + column, top))
    return [(x, y) for _area, x, y in sorted(found)[:most]]
