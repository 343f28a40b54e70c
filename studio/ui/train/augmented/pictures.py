"""The pictures of one roll, read and coloured off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PySide6.QtGui import QImage

from studio.core.arrays import Mask
from studio.core.classes import LabelClass
from studio.core.events import AugmentedSample
from studio.core.masks import read_mask
from studio.core.points import Points
from studio.core.tag_words import label_words, percent
from studio.ui.label.overlay_colors import OverlayColors
from studio.ui.widgets.decoding import decode, upright_size

PICTURE_SIDE: Final = 512
"""The longer side that is kept of a picture, in pixels."""

_COLOR_SHARE: Final = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class SeenSample:
    """`overlay` has the mask's colours, at the picture's size; `points` are in pixels of the written picture, of which
    one is `scale` pixels of `picture`; `words` say the classes of the whole item."""

    item: int
    name: str
    picture: QImage
    scale: float = 1.0
    overlay: QImage | None = None
    points: Points | None = None
    words: str = ""


def read_roll(
    folder: Path, samples: Sequence[AugmentedSample], classes: Sequence[LabelClass]
) -> tuple[SeenSample, ...]:
    """Raises StudioError or OSError where a file cannot be used."""
    colors = OverlayColors(tuple(classes), _COLOR_SHARE)
    return tuple(_read(folder, sample, colors) for sample in samples)


def _read(folder: Path, sample: AugmentedSample, colors: OverlayColors) -> SeenSample:
    path = folder / sample.picture
    picture = decode(path, max_side=PICTURE_SIDE)
    overlay = None
    if sample.mask is not None:
        ids, _head = read_mask(folder / sample.mask)
        overlay = _colored(ids, colors, width=picture.width(), height=picture.height())
    return SeenSample(
        item=sample.item,
        name=sample.name,
        picture=picture,
        scale=picture.width() / max(1, upright_size(path).width()),
        overlay=overlay,
        points=sample.points,
        words=_words(sample, {c.id: c.name for c in colors.classes}),
    )


def _words(sample: AugmentedSample, names: dict[int, str]) -> str:
    """The classes, of a mixed picture with their shares; empty where it has other labels."""
    if sample.shares:
        return ", ".join(f"{names.get(class_id, class_id)} {percent(share)}" for class_id, share in sample.shares)
    return label_words(sample.tags, None, names) if sample.tags is not None else ""


def _colored(ids: Mask, colors: OverlayColors, *, width: int, height: int) -> QImage:
    small = np.asarray(cv2.resize(ids, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
    pixels = np.ascontiguousarray(colors.color(np.pad(small, 1, mode="edge"), None, 0, 0))
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
