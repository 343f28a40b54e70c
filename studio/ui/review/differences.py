"""Where a label and a prediction differ, and pictures of it: plain arrays, fit for any thread."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import cv2
import numpy as np

from studio.core.difference_regions import counts
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import Rect

MASK_OPACITY: Final = 0.58
"""Of a mask over its picture, unless somebody chooses another."""

_DIFFERENCE_OPACITY: Final = 0.9
_HATCH_TINT: Final = 0.55
"""How far every other stripe of a difference is towards white."""

_NARROWEST_STRIPE: Final = 3
_STRIPES_A_SIDE: Final = 90
"""Along the shorter side of a picture that is large enough for so many."""

_COMPONENT_SIDE: Final = 1024
"""Components are looked for on a picture no larger than this; a focus needs no pixel precision."""

_FOCUS_MARGIN: Final = 0.25
_SMALLEST_FOCUS: Final = 24


def differing(label: np.ndarray, predicted: np.ndarray, void: Collection[int]) -> np.ndarray:
    """(H, W) bool: counted pixels of `label`, (H, W) uint8, where `predicted`, of the same shape, says otherwise."""
    return (label != predicted) & counts(label, void)


def largest_difference(different: np.ndarray) -> Rect | None:
    """The box, with a margin, around the largest connected region of `different`, (H, W) bool; None without any."""
    height, width = different.shape
    scale = min(1.0, _COMPONENT_SIDE / max(height, width))
    small = different.astype(np.uint8)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = (cv2.resize(small * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    count, _labels, stats, _centres = cv2.connectedComponentsWithStats(small, connectivity=8)
    if count < 2:
        return None
    x, y, box_width, box_height, _area = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    sx, sy = width / small.shape[1], height / small.shape[0]
    return _with_margin(x * sx, y * sy, box_width * sx, box_height * sy, width=width, height=height)


def largest_distance(label: Points, predicted: Points, *, width: int, height: int) -> Rect | None:
    """The box around the pair of points, label and prediction, that lie farthest apart; None without a pair."""
    pairs = point_pairs(label, predicted)
    if not pairs:
        return None
    a, b = max(pairs, key=lambda pair: (pair[0].x - pair[1].x) ** 2 + (pair[0].y - pair[1].y) ** 2)
    left, top = min(a.x, b.x), min(a.y, b.y)
    return _with_margin(left, top, abs(a.x - b.x), abs(a.y - b.y), width=width, height=height)


def point_pairs(label: Points, predicted: Points) -> list[tuple[Keypoint, Keypoint]]:
    """Label and prediction of every point that both have and that is in the picture."""
    pairs: list[tuple[Keypoint, Keypoint]] = []
    for point in label.placed:
        other = predicted.get(point.index, point.instance)
        if other is not None and Visibility.ABSENT not in (point.visibility, other.visibility):
            pairs.append((point, other))
    return pairs


def fit(width: int, height: int, box_width: int, box_height: int) -> tuple[int, int]:
    """The largest size of the picture's shape within the box, never below 1×1."""
    scale = min(box_width / width, box_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture at `size` (width, height): averaged when it shrinks, interpolated when it grows."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    smaller = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def shrink_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)


def shrink_share(different: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) float32 in [0, 1]: how much of each small pixel differs, so that thin errors stay visible."""
    share = cv2.resize(different.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.minimum(np.sqrt(share), 1.0)


def highlighted(image: np.ndarray, share: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """`image` (H, W, 3) uint8 in dimmed grey, where `share` (H, W) in [0, 1] says that things differ in stripes of
    `color` and a lighter one: a pattern is seen whatever colours the eye tells apart."""
    grey = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) * 0.62 + 12).astype(np.uint8)
    shown = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    rows, columns = np.nonzero(share)
    alpha = (share[rows, columns] * _DIFFERENCE_OPACITY)[:, None]
    stripe = max(_NARROWEST_STRIPE, min(share.shape) // _STRIPES_A_SIDE)
    dark = np.array(color, np.float32)
    stripes = np.stack([dark, dark + (255 - dark) * _HATCH_TINT])[(rows + columns) // stripe % 2]
    shown[rows, columns] = shown[rows, columns] * (1 - alpha) + stripes * alpha
    return shown


def _with_margin(left: float, top: float, wide: float, high: float, *, width: int, height: int) -> Rect:
    grow_x = max(wide * _FOCUS_MARGIN, (_SMALLEST_FOCUS - wide) / 2)
    grow_y = max(high * _FOCUS_MARGIN, (_SMALLEST_FOCUS - high) / 2)
    x0, y0 = max(0, int(left - grow_x)), max(0, int(top - grow_y))
    x1, y1 = min(width, int(np.ceil(left + wide + grow_x))), min(height, int(np.ceil(top + high + grow_y)))
    x0, y0 = min(x0, width - 1), min(y0, height - 1)
    return Rect(x0, y0, max(1, x1 - x0), max(1, y1 - y0))
