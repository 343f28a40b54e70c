"""Pictures of the watched items: image, frozen label and prediction, read and coloured off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PySide6.QtGui import QImage

from studio.core.classes import LabelClass, palette
from studio.core.events import SamplePrediction
from studio.core.images import image_size
from studio.core.masks import read_mask
from studio.core.points import Points
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, decode_snapshot
from studio.core.tag_words import LabelWords, words_of
from studio.core.texts import TEXT_SUFFIXES
from studio.ui.widgets.decoding import decode
from studio.ui.widgets.document_picture import document_picture

PICTURE_SIDE: Final = 640
"""The longer side of a sample's picture, in pixels."""

_COLOR_SHARE: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class SamplePicture:
    """`label` and `predicted` are the picture under a mask's colours, or None; points are in pixels of the original,
    whose `size` is (width, height); `words` are about the whole picture."""

    item: int
    name: str
    picture: QImage
    size: tuple[int, int]
    label: QImage | None = None
    predicted: QImage | None = None
    label_points: Points | None = None
    predicted_points: Points | None = None
    words: LabelWords | None = None


def load_sample(folder: Path, prediction: SamplePrediction, watched: Sequence[int]) -> SamplePicture:
    """The sample as the run in `folder` saw it. `watched` are the ids of all of the run's samples.

    Raises StudioError or OSError when a file cannot be used.
    """
    classes, items = frozen_items(folder, tuple(watched))
    frozen = items[prediction.item]
    if Path(frozen.image).suffix.lower() in TEXT_SUFFIXES:
        return SamplePicture(
            item=prediction.item,
            name=prediction.name,
            picture=document_picture(Path(frozen.image), width=PICTURE_SIDE // 2, height=PICTURE_SIDE // 3),
            size=(0, 0),
            words=_words(frozen, prediction, classes),
        )
    picture = decode(Path(frozen.image), max_side=PICTURE_SIDE)
    pixels = _pixels(picture)
    return SamplePicture(
        item=prediction.item,
        name=prediction.name,
        picture=picture,
        size=image_size(Path(frozen.image)),
        label=_under_mask(pixels, folder, frozen.mask, classes),
        predicted=_under_mask(pixels, folder, prediction.mask, classes),
        label_points=frozen.points,
        predicted_points=prediction.points,
        words=_words(frozen, prediction, classes),
    )


def _words(frozen: SnapshotItem, prediction: SamplePrediction, classes: Sequence[LabelClass]) -> LabelWords | None:
    if prediction.tags is None:
        return None
    return words_of(frozen.tags, prediction.tags, {c.id: c.name for c in classes})


@lru_cache(maxsize=8)
def frozen_items(folder: Path, watched: tuple[int, ...]) -> tuple[tuple[LabelClass, ...], dict[int, SnapshotItem]]:
    """The classes of a run's snapshot, and the watched ones of its items, as the validation split has them."""
    snapshot: Snapshot = decode_snapshot((folder / SNAPSHOT_FILE).read_bytes())
    wanted = frozenset(watched)
    found: dict[int, SnapshotItem] = {}
    for item in snapshot.items:
        if item.id in wanted and (item.id not in found or item.split == "valid"):
            found[item.id] = item
    return snapshot.classes, found


def _under_mask(pixels: np.ndarray, folder: Path, mask: str | None, classes: Sequence[LabelClass]) -> QImage | None:
    """The picture, (H, W, 3) uint8, with the mask's colours over it where somebody or something said a class."""
    if mask is None:
        return None
    ids, _head = read_mask(folder / mask)
    height, width = pixels.shape[:2]
    small = np.asarray(cv2.resize(ids, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    colors = palette(classes)[small]
    mixed = np.asarray(cv2.addWeighted(pixels, 1 - _COLOR_SHARE, colors, _COLOR_SHARE, 0))
    unsaid = ~np.isin(small, [c.id for c in classes])
    mixed[unsaid] = pixels[unsaid]
    return QImage(mixed.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()
