"""Lesson 3's words for what is done to pictures and labels while training."""

from __future__ import annotations

from typing import Final

from studio.core.errors import BadInput
from studio.core.recipe import Augment
from studio.core.resizing import Resize
from studio.ml.models.encoders import image_statistics

ResizeMethod = Resize

Statistics = tuple[tuple[float, ...], tuple[float, ...]]

imagenet_stats: Final[Statistics] = (
    tuple(float(value) for value in image_statistics()[0].flatten()),
    tuple(float(value) for value in image_statistics()[1].flatten()),
)
"""Mean and deviation of ImageNet's pixels."""


def get_transforms(
    do_flip: bool = True,
    flip_vert: bool = False,
    max_rotate: float | None = 10.0,
    max_zoom: float = 1.1,
    max_lighting: float | None = 0.2,
    max_warp: float | None = 0.2,
) -> Augment:
    """What `transform` takes: degrees, a factor from 1 up, shares. Raises BadInput for a warp that is too large."""
    try:
        return Augment(
            flip=do_flip,
            flip_vertical=flip_vert,
            rotate=max_rotate or 0.0,
            zoom=max(max_zoom - 1.0, 0.0),
            warp=max_warp or 0.0,
            lighting=max_lighting or 0.0,
        )
    except ValueError as error:
        raise BadInput(f"These transforms cannot be made: {error}; choose another number.") from error
