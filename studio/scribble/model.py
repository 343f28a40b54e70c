"""Learning from strokes and proposing the rest: extremely randomised trees over pixel features, borders on edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Picture
from studio.core.classes import UNLABELLED
from studio.core.errors import BadInput
from studio.scribble.features import Features, pixel_features
from studio.scribble.samples import Samples, joined, take_samples
from studio.scribble.smoothing import GuidedFilter

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

WORKING_PIXELS: Final = 300_000
"""Larger pictures are looked at in a smaller copy; the answer's borders still follow the picture's own pixels."""

_TREES: Final = 50
_SMALLEST_LEAF: Final = 2
_ROWS: Final = 65_536
"""Pixels that are asked about at a time, which bounds the memory."""


@dataclass(frozen=True)
class Answer:
    """`mask` (H, W) uint8 class ids at the picture's size; `uncertainty` is the mean entropy of a pixel's answer, 0–1:
    0 where every answer is sure, 1 where all classes are as likely."""

    mask: Mask
    uncertainty: float


@dataclass(frozen=True)
class Scene:
    """A picture ready to be learnt from and answered about."""

    picture: Picture
    small: Picture
    features: Features

    @classmethod
    def of(cls, picture: Picture) -> Scene:
        """`picture` (H, W, 3) uint8 RGB."""
        small = _smaller(picture)
        return cls(picture, small, pixel_features(small))

    def samples(self, label: Mask, seed: int = 0) -> Samples:
        """What the label (H, W) says about this picture. A stroke that is thinner than a pixel of the smaller copy
        still counts there."""
        height, width = self.small.shape[:2]
        return take_samples(self.features, shrunk_label(label, width, height), seed)


class ScribbleModel:
    """Learns in about a second. The same samples and seed give the same model."""

    def __init__(self, forest: ExtraTreesClassifier, classes: npt.NDArray[np.uint8]) -> None:
        """Use `ScribbleModel.learn`."""
        self._forest = forest
        self._classes = classes

    @classmethod
    def learn(cls, samples: Sequence[Samples], *, seed: int = 0, threads: int = 1) -> ScribbleModel:
        """Raises BadInput where the strokes are of fewer than two classes: then there is nothing to tell apart."""
        from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415 - takes a second, and few start this

        every = joined(samples) if samples else Samples(np.zeros((0, 1), np.float32), np.zeros(0, np.uint8))
        classes, numbers = np.unique(every.classes, return_counts=True)
        if len(classes) < 2:
            raise BadInput("Strokes of one class say nothing; paint a few strokes of at least two classes.")
        # Each class counts the same, however long its strokes are: how much is painted says nothing about how much
        # there is.
        weights = {int(c): 1 / int(n) for c, n in zip(classes, numbers, strict=True)}
        forest = ExtraTreesClassifier(
            _TREES, min_samples_leaf=_SMALLEST_LEAF, class_weight=weights, n_jobs=threads, random_state=seed
        )
        forest.fit(every.features, every.classes)
        return cls(forest, classes.astype(np.uint8))

    def propose(self, scene: Scene) -> Answer:
        """A class for every pixel of the picture."""
        height, width = scene.small.shape[:2]
        rows = scene.features.reshape(height * width, -1)
        shares = np.concatenate(
            [self._forest.predict_proba(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
        ).astype(np.float32)
        guided = GuidedFilter(scene.small, scene.picture)
        best = np.full(scene.picture.shape[:2], -np.inf, np.float32)
        mask = np.full(best.shape, UNLABELLED, np.uint8)
        for column, class_id in enumerate(self._classes):
            share = guided.smooth(np.ascontiguousarray(shares[:, column]).reshape(height, width))
            better = share > best
            mask[better] = class_id
            np.copyto(best, share, where=better)
        return Answer(mask, entropy(shares))


def entropy(shares: npt.NDArray[np.float32]) -> float:
    """Of (n, classes) probabilities: the mean entropy in parts of the largest possible, 0–1."""
    if shares.shape[1] < 2:
        return 0.0
    bits = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1, dtype=np.float64)
    return float(bits.mean() / np.log(shares.shape[1]))


def shrunk_label(label: Mask, width: int, height: int) -> Mask:
    """`label` at another size, at which each stroke is still there: of the labelled pixels that fall on one pixel the
    last one counts."""
    if label.shape == (height, width):
        return label
    small = np.full((height, width), UNLABELLED, np.uint8)
    rows, columns = np.nonzero(label != UNLABELLED)
    small[rows * height // label.shape[0], columns * width // label.shape[1]] = label[rows, columns]
    return small


def _smaller(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    factor = (WORKING_PIXELS / (height * width)) ** 0.5
    if factor >= 1:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
