"""Masks: the largest connected part of each that networks which had not seen it confidently see otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.masks import encode_mask, read_mask
from studio.core.review import MistakenRegion
from studio.core.suspicions import DoubtedRegion, Method
from studio.ml.label_errors.answers import Answer, Judged, suspicion_of
from studio.ml.label_errors.shares import ShareKeeper
from studio.ml.scoring import PREDICTIONS_FOLDER
from studio.ml.tasks.segmentation import IGNORED, Segmentation

DOUBTED_FROM: Final = 0.01
"""How much of a picture, weighed by how sure the network is, one region must be to be an issue."""

SMALLEST_REGION: Final = 0.002
"""Of a picture; a smaller region is an outline drawn a little differently."""

_OPENING: Final = np.ones((3, 3), np.uint8)
"""Thin strips along outlines are where people and networks differ without either being wrong."""


@dataclass(frozen=True)
class Doubt:
    """At the scale of the shares: `regions` (h, w) int32, 0 where nothing is doubted, else the region's number from 1;
    `weights` of the regions in the order of their numbers, in parts of the picture."""

    regions: NDArray[np.int32]
    weights: NDArray[np.float64]

    @property
    def strongest(self) -> float:
        return float(self.weights.max(initial=0.0))


def judge_masks(folder: Path, task: Segmentation, answers: Sequence[Answer]) -> Iterator[Judged]:
    """What is proposed is the label with the doubted regions as the network sees them."""
    thresholds = _usual_confidence(folder, task, answers)
    for answer in answers:
        label = _label(folder, answer)
        doubt = doubted_regions(*_small(task, answer, label), thresholds)
        yield _judged(folder, task, answer, label, doubt)


def _usual_confidence(folder: Path, task: Segmentation, answers: Sequence[Answer]) -> NDArray[np.float64]:
    """(C,) the mean probability of each class where it is labelled: what confident learning compares with."""
    sums, pixels = np.zeros(task.outputs), np.zeros(task.outputs)
    for answer in answers:
        shares, target = _small(task, answer, _label(folder, answer))
        counts = target != IGNORED
        given = np.take_along_axis(shares, np.where(counts, target, 0)[None].astype(np.int64), 0)[0]
        sums += np.bincount(target[counts], weights=given[counts], minlength=task.outputs)
        pixels += np.bincount(target[counts], minlength=task.outputs)
    return np.where(pixels > 0, sums / np.maximum(pixels, 1), 1.0)


def doubted_regions(shares: NDArray[np.float32], target: NDArray[np.uint8], thresholds: NDArray[np.float64]) -> Doubt:
    """`shares` (C, h, w); `target` (h, w) positions of classes, `IGNORED` where nothing is labelled; `thresholds` (C,)
    the probability from which an answer of each class is confident."""
    counts = target != IGNORED
    answer = shares.argmax(0)
    sure = shares.max(0)
    given = np.take_along_axis(shares, np.where(counts, target, 0)[None].astype(np.int64), 0)[0]
    doubted = counts & (answer != target) & (sure >= thresholds[answer])
    opened = cv2.morphologyEx(doubted.astype(np.uint8), cv2.MORPH_OPEN, _OPENING)
    number, regions = cv2.connectedComponents(opened, connectivity=4)
    areas = np.bincount(regions.ravel(), minlength=number)[1:]
    weights = np.bincount(regions.ravel(), weights=(sure - given).ravel(), minlength=number)[1:]
    large = areas >= SMALLEST_REGION * target.size
    renumbered = np.concatenate([[0], np.where(large, np.cumsum(large), 0)]).astype(np.int32)
    return Doubt(renumbered[np.asarray(regions, np.intp)], weights[large] / target.size)


def _judged(folder: Path, task: Segmentation, answer: Answer, label: NDArray[np.uint8], doubt: Doubt) -> Judged:
    predicted, _ = read_mask(answer.folder / str(answer.score.mask))
    height, width = label.shape
    regions = cv2.resize(doubt.regions.astype(np.uint16), (width, height), interpolation=cv2.INTER_NEAREST)
    changed = (regions > 0) & (label != predicted) & np.isin(label, task.ids)
    proposed = np.where(changed, predicted, label)
    relative = f"{PREDICTIONS_FOLDER}/{answer.item.id:06d}.png"
    (folder / PREDICTIONS_FOLDER).mkdir(exist_ok=True)
    (folder / relative).write_bytes(encode_mask(proposed, task.snapshot.classes))
    confusion = _confusion(label[changed], predicted[changed])
    order = np.argsort(-doubt.weights, kind="stable")
    found = [_region((regions == number + 1) & changed, label, predicted) for number in order]
    doubted = tuple(region for region in found if region is not None)
    return Judged(
        score=answer.scored(
            mask=relative,
            confusion=confusion,
            region=_mistaken(doubted[0], answer) if doubted else None,
            error=float(changed.sum()) / max(int(np.isin(label, task.ids).sum()), 1),
        ),
        suspicion=suspicion_of(
            answer,
            quality=1 / (1 + doubt.strongest / DOUBTED_FROM),
            is_issue=doubt.strongest >= DOUBTED_FROM,
            method=Method.REGIONS,
            regions=doubted,
        ),
    )


def _label(folder: Path, answer: Answer) -> NDArray[np.uint8]:
    """(H, W) class ids as they were frozen."""
    return read_mask(folder / str(answer.item.mask))[0]


def _small(
    task: Segmentation, answer: Answer, label: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The kept shares (C, h, w), and the label as (h, w) positions of classes."""
    shares = ShareKeeper(answer.folder).read(answer.item.id)
    size = (shares.shape[2], shares.shape[1])
    resized = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return shares, task.positions(np.asarray(resized, np.uint8))


def _mistaken(region: DoubtedRegion, answer: Answer) -> MistakenRegion:
    """Where a person is led to first."""
    return MistakenRegion(
        x=region.left,
        y=region.top,
        width=region.right - region.left,
        height=region.bottom - region.top,
        pixels=region.area,
        loss=answer.score.loss,
    )


def _confusion(label: NDArray[np.uint8], proposed: NDArray[np.uint8]) -> tuple[tuple[int, int, int], ...]:
    """(label id, proposed id, pixels) of (n,) pixels, the largest first."""
    pairs, numbers = np.unique(label.astype(np.int64) * 256 + proposed, return_counts=True)
    order = np.argsort(-numbers, kind="stable")
    return tuple((int(pairs[i] // 256), int(pairs[i] % 256), int(numbers[i])) for i in order)


def _region(inside: NDArray[np.bool_], label: NDArray[np.uint8], proposed: NDArray[np.uint8]) -> DoubtedRegion | None:
    """None where at the original's scale nothing is left of it."""
    y, x = np.nonzero(inside)
    if not len(y):
        return None
    ((said, otherwise, _), *_) = _confusion(label[y, x], proposed[y, x])
    return DoubtedRegion(
        left=int(x.min()),
        top=int(y.min()),
        right=int(x.max()) + 1,
        bottom=int(y.max()) + 1,
        area=len(y),
        label=said,
        proposed=otherwise,
    )
