"""The few kinds of array that labels and pictures are made of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.uint8]
"""(H, W) uint8: one class id a pixel, `UNLABELLED` where nobody has said anything."""

Picture: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""

Region: TypeAlias = npt.NDArray[np.bool_]
"""(H, W) bool: True for the pixels that belong to it."""
