"""How a predicted mask compares with the label: as a whole, class by class, and where it is wrong most.

Everything is counted in bands of rows, so that a huge picture needs little more memory than its masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.review import ClassScore, MistakenRegion
from studio.ml.sureness import DIGITS

_BAND_PIXELS: Final = 2_000_000
_IDS: Final = 256


@dataclass(frozen=True, kw_only=True)
class MaskComparison:
    """As in `core.review.ItemScore`; without any counted pixel everything is 0 and empty."""

    loss: float = 0.0
    error: float = 0.0
    confusion: tuple[tuple[int, int, int], ...] = ()
    classes: tuple[ClassScore, ...] = ()
    region: MistakenRegion | None = None


class LabelLoss:
    """The loss of each pixel of a label, with the probabilities of the nearest pixel of the network."""

    def __init__(self, targets: NDArray[np.uint8], log_shares: NDArray[np.float32]) -> None:
        """`targets` (H, W) are rows of `log_shares` (C, h, w), or anything where a pixel does not count."""
        _, height, width = log_shares.shape
        self._targets = targets
        self._flat = log_shares.reshape(-1)
        self._cells = height * width
        self._row_starts = np.arange(targets.shape[0]) * height // targets.shape[0] * width
        self._columns = np.arange(targets.shape[1]) * width // targets.shape[1]

    def at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """(N,) losses of the pixels at these (N,) rows and columns, all of which count."""
        starts = self._targets[rows, columns].astype(np.int64) * self._cells
        return -self._flat[starts + self._row_starts[rows] + self._columns[columns]]


def compare_masks(
    label: NDArray[np.uint8],
    predicted: NDArray[np.uint8],
    log_shares: NDArray[np.float32],
    *,
    targets: NDArray[np.uint8],
    ignored: int,
) -> MaskComparison:
    """`label` and `predicted` (H, W) class ids; `targets` (H, W) the label's rows of `log_shares` (C, h, w), `ignored`
    where a pixel does not count."""
    losses = LabelLoss(targets, log_shares)
    counts = np.zeros((_IDS, _IDS), np.int64)
    sums = np.zeros(_IDS)
    wrong = np.zeros(label.shape, np.uint8)
    step = max(1, _BAND_PIXELS // label.shape[1])
    for top in range(0, label.shape[0], step):
        rows, columns = np.nonzero(targets[top : top + step] != ignored)
        rows += top
        said, answered = label[rows, columns], predicted[rows, columns]
        counts += np.bincount(said * np.intp(_IDS) + answered, minlength=_IDS**2).reshape(_IDS, _IDS)
        sums += np.bincount(said, weights=losses.at(rows, columns), minlength=_IDS)
        wrong[rows, columns] = said != answered
    total = int(counts.sum())
    if not total:
        return MaskComparison()
    mistakes = total - int(counts.trace())
    return MaskComparison(
        loss=float(sums.sum() / total),
        error=mistakes / total,
        confusion=_confusion(counts),
        classes=_by_class(counts, sums),
        region=_largest_mistake(wrong, losses) if mistakes else None,
    )


def _confusion(counts: NDArray[np.int64]) -> tuple[tuple[int, int, int], ...]:
    """(label, predicted, pixels) where they differ, largest first; ties by the ids."""
    differing = counts.copy()
    np.fill_diagonal(differing, 0)
    pairs = np.flatnonzero(differing)
    numbers = differing.ravel()[pairs]
    order = np.argsort(-numbers, kind="stable")
    return tuple((int(pairs[i] // _IDS), int(pairs[i] % _IDS), int(numbers[i])) for i in order)


def _by_class(counts: NDArray[np.int64], sums: NDArray[np.float64]) -> tuple[ClassScore, ...]:
    hits, labelled, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    return tuple(
        ClassScore(
            class_id=int(i),
            overlap=round(int(hits[i]) / int(labelled[i] + predicted[i] - hits[i]), DIGITS),
            loss=round(float(sums[i] / labelled[i]), DIGITS) if labelled[i] else None,
            hits=int(hits[i]),
        )
        for i in np.flatnonzero(labelled + predicted)
    )


def _largest_mistake(wrong: NDArray[np.uint8], losses: LabelLoss) -> MistakenRegion:
    """Of equally large ones the uppermost, then the leftmost."""
    _count, parts, stats, _centres = cv2.connectedComponentsWithStats(wrong, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = 1 + np.flatnonzero(areas == areas.max())
    part = min(largest, key=lambda i: (stats[i, cv2.CC_STAT_TOP], stats[i, cv2.CC_STAT_LEFT]))
    x, y, width, height, pixels = (int(value) for value in stats[part])
    rows, columns = np.nonzero(parts[y : y + height, x : x + width] == part)
    loss = losses.at(rows + y, columns + x).mean(dtype=np.float64)
    return MistakenRegion(x, y, width, height, pixels, round(float(loss), DIGITS))
