"""The pixels that the scribble model learns from: a bounded, even choice of what people have labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.scribble.features import Features

PIXELS_A_CLASS: Final = 1200
"""At most so many of one class are taken from one picture: a large area says little more than a part of it."""


@dataclass(frozen=True)
class Samples:
    """`features` (n, f) float32 and `classes` (n,) uint8, the class ids."""

    features: npt.NDArray[np.float32]
    classes: npt.NDArray[np.uint8]


def take_samples(features: Features, label: Mask, seed: int) -> Samples:
    """`features` (h, w, f) and `label` (h, w) of one picture; the same choice for the same seed."""
    random = np.random.default_rng(seed)
    rows: list[npt.NDArray[np.intp]] = []
    flat = label.ravel()
    for value in np.unique(flat[flat != UNLABELLED]):
        found = np.flatnonzero(flat == value)
        rows.append(random.permutation(found)[:PIXELS_A_CLASS])
    chosen = np.sort(np.concatenate(rows)) if rows else np.zeros(0, np.intp)
    return Samples(features.reshape(-1, features.shape[2])[chosen], flat[chosen])


def joined(parts: Sequence[Samples]) -> Samples:
    return Samples(np.concatenate([p.features for p in parts]), np.concatenate([p.classes for p in parts]))
