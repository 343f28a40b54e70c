"""Polygons painted in one piece, for tests to compare with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.arrays import Mask
from studio.core.raster import XY, Rect, polygon_bounds, polygon_pixels


def fill_polygon(mask: Mask, points: Sequence[XY], value: int) -> Rect | None:
    """Returns the rectangle around the polygon, None when nothing of it lies inside the mask."""
    rect = polygon_bounds(points, mask.shape[1], mask.shape[0])
    if rect is not None:
        np.copyto(mask[rect.slices], np.uint8(value), where=polygon_pixels(rect, points))
    return rect
