"""What a fold keeps of its masks beside the most probable class: every class's probability at a small scale."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.snapshot import SnapshotItem
from studio.ml.tasks.base import Prediction
from studio.ml.tasks.segmentation import MaskPrediction

SHARES_FOLDER: Final = "shares"

MOST_PIXELS: Final = 96 * 128
"""A wrong label that cannot be seen at this scale is not worth a person's look."""

_WHOLE: Final = 255


class ShareKeeper:
    """Keeps below the folder of a fold; tasks whose scores say the probabilities keep nothing here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / SHARES_FOLDER

    def keep(self, item: SnapshotItem, prediction: Prediction) -> None:
        if not isinstance(prediction, MaskPrediction):
            return
        shares = _small(np.exp(prediction.log_shares))
        self._folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(self._path(item.id), shares=np.round(shares * _WHOLE).astype(np.uint8))

    def read(self, item_id: int) -> NDArray[np.float32]:
        """(C, h, w), each pixel's sum is about 1."""
        with np.load(self._path(item_id), allow_pickle=False) as kept:
            return kept["shares"].astype(np.float32) / _WHOLE

    def _path(self, item_id: int) -> Path:
        return self._folder / f"{item_id:06d}.npz"


def _small(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """(C, H, W) → the same or, where that is more than `MOST_PIXELS`, means over areas."""
    _, height, width = shares.shape
    factor = (MOST_PIXELS / (height * width)) ** 0.5
    if factor >= 1:
        return shares
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in shares])
