"""GrabCut (Rother, Kolmogorov and Blake 2004; OpenCV): an object in a box told from what is around it.

The graph cut runs on at most `CELLS` cells, because it takes seconds for a million; the border is then brought to the
picture's own pixels by a guided filter (He, Sun and Tang 2013), tile by tile, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Picture, Region
from studio.core.raster import XY, Rect
from studio.core.selection import Selection, step_for
from studio.core.sweep import Sweep

CELLS: Final = 180_000
_MARGIN: Final = 0.35
"""How far around the box the background is learned from, as a part of the box's side."""

_LEAST_MARGIN: Final = 16
"""The same in image pixels, at least."""

_FEWEST: Final = 0.1
"""The part of the box that an object fills at least; where less is found its middle is taken for the object's."""

_MIDDLE: Final = 0.5
_FIRST_ROUNDS: Final = 3
_FURTHER_ROUNDS: Final = 1
_ANSWERS_KEPT: Final = 6
_TILE: Final = 512
_FILTER_EPSILON: Final = 1e-3
"""The guided filter's regularisation, for a guide of 0–1."""

_Plane = npt.NDArray[np.floating[Any]]

ReadPixels = Callable[[Rect, int], Picture | None]
"""RGB of an image rectangle, one for each step × step pixels; None when the picture is not at hand."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A person's word on what belongs to the object: points in image pixels, a brush's diameter."""

    points: tuple[XY, ...]
    diameter: float
    is_object: bool


@dataclass
class Cutting:
    """A box that becomes `value`, what a person said inside it, and what was found for the first so many strokes."""

    box: Rect
    value: int
    strokes: list[Stroke] = field(default_factory=list[Stroke])
    _answers: dict[int, Selection | None] = field(default_factory=dict[int, Selection | None])

    @property
    def is_answered(self) -> bool:
        """Whether it is known what there is for all strokes."""
        return len(self.strokes) in self._answers

    @property
    def selection(self) -> Selection | None:
        return self._answers.get(len(self.strokes))

    def say(self, stroke: Stroke) -> None:
        self.strokes.append(stroke)
        self._answers.pop(len(self.strokes), None)

    def take(self, strokes: int, selection: Selection | None) -> None:
        """What was found for the first so many strokes; only the last few answers are kept."""
        self._answers[strokes] = selection
        while len(self._answers) > _ANSWERS_KEPT:
            del self._answers[min(self._answers)]


def crop_for(box: Rect, width: int, height: int) -> Rect:
    """The part of an image of that size that is looked at for a box: with some of what is around it."""
    dx, dy = (max(_LEAST_MARGIN, round(side * _MARGIN)) for side in (box.width, box.height))
    around = Rect(box.x - dx, box.y - dy, box.width + 2 * dx, box.height + 2 * dy).clipped(width, height)
    assert around is not None
    return around


def cut(read: ReadPixels, box: Rect, strokes: Sequence[Stroke], image: tuple[int, int]) -> Selection | None:
    """The object in `box` of an image of (width, height), as far as `strokes` do not say otherwise.

    None when nothing is left of it, or when the picture is not at hand. For a background thread.
    """
    crop = crop_for(box, *image)
    step = step_for(crop, CELLS)
    pixels = read(crop, step)
    if pixels is None:
        return None
    cells = _cut_cells(pixels, crop, step, box, strokes)
    if step == 1:
        return Selection(crop, cells).cropped()
    fine = _sharpened(read, crop, step, cells)
    for stroke in strokes:
        fine[_covered(stroke, crop, 1)] = stroke.is_object
    return Selection(crop, fine).cropped()


def _cut_cells(pixels: Picture, crop: Rect, step: int, box: Rect, strokes: Sequence[Stroke]) -> Region:
    import cv2  # noqa: PLC0415 - takes 0.2 s, which the first picture need not wait for

    trimap = np.full(pixels.shape[:2], cv2.GC_BGD, np.uint8)
    x, y = (box.x - crop.x) // step, (box.y - crop.y) // step
    trimap[y : -(-(box.bottom - crop.y) // step), x : -(-(box.right - crop.x) // step)] = cv2.GC_PR_FGD
    models: tuple[npt.NDArray[Any], npt.NDArray[Any]] = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    inside = trimap == cv2.GC_PR_FGD
    _cut_rounds(pixels, trimap, models, _FIRST_ROUNDS, cv2.GC_INIT_WITH_MASK)
    if np.count_nonzero(trimap & 1) < _FEWEST * np.count_nonzero(inside):
        trimap[:] = np.where(inside, cv2.GC_PR_BGD, cv2.GC_BGD)
        trimap[_middle(inside)] = cv2.GC_FGD
        _cut_rounds(pixels, trimap, models, _FIRST_ROUNDS, cv2.GC_INIT_WITH_MASK)
    if strokes:
        for stroke in strokes:
            trimap[_covered(stroke, crop, step)] = cv2.GC_FGD if stroke.is_object else cv2.GC_BGD
        _cut_rounds(pixels, trimap, models, _FURTHER_ROUNDS, cv2.GC_EVAL)
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


def _middle(inside: Region) -> Region:
    """An ellipse in the middle of the box: what is there belongs to the object that the box was drawn around, even if
    its colours are found elsewhere too."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    down = (np.arange(inside.shape[0], dtype=np.float64) - float(rows.mean())) / (_MIDDLE * rows.size / 2)
    across = (np.arange(inside.shape[1], dtype=np.float64) - float(columns.mean())) / (_MIDDLE * columns.size / 2)
    return down[:, None] ** 2 + across**2 <= 1


def _cut_rounds(pixels: Picture, trimap: npt.NDArray[np.uint8], models: Any, rounds: int, mode: int) -> None:
    """OpenCV asks for samples of both sides; where a person left it only one there is nothing to decide."""
    import cv2  # noqa: PLC0415 - as above

    background = (trimap == cv2.GC_BGD) | (trimap == cv2.GC_PR_BGD)
    if background.any() and not background.all():
        cv2.grabCut(pixels, trimap, (0, 0, 1, 1), models[0], models[1], rounds, mode)


def _covered(stroke: Stroke, crop: Rect, step: int) -> Region:
    """The cells of `crop` that a stroke covers."""
    height, width = -(-crop.height // step), -(-crop.width // step)
    covered = np.zeros((height, width), np.bool_)
    points = [((x - crop.x) / step, (y - crop.y) / step) for x, y in stroke.points]
    diameter = max(1.5, stroke.diameter / step)
    for a, b in zip(points, points[1:] or points, strict=False):
        sweep = Sweep.even(a, b, diameter)
        for band in sweep.bands(width, height):
            covered[band.slices] |= sweep.pixels(band)
    return covered


def _sharpened(read: ReadPixels, crop: Rect, step: int, cells: Region) -> Region:
    """(crop.height, crop.width): the cells at the picture's own pixels, with the border moved to where the picture has
    one."""
    fine = Selection(crop, cells, step).pixels().copy()
    margin = 3 * step
    for y in range(0, crop.height, _TILE):
        for x in range(0, crop.width, _TILE):
            tile = Rect(x, y, min(_TILE, crop.width - x), min(_TILE, crop.height - y))
            around = Rect(x - margin, y - margin, tile.width + 2 * margin, tile.height + 2 * margin)
            wide = around.clipped(crop.width, crop.height)
            assert wide is not None
            coarse = _cells_over(wide, step, cells)
            if coarse.all() or not coarse.any():
                continue
            pixels = read(Rect(crop.x + wide.x, crop.y + wide.y, wide.width, wide.height), 1)
            if pixels is None:
                continue
            filtered = _guided(pixels, wide, cells, step) > 0.5
            fine[tile.slices] = filtered[tile.y - wide.y :, tile.x - wide.x :][: tile.height, : tile.width]
    return fine


def _cells_over(rect: Rect, step: int, cells: Region) -> Region:
    """The cells that a rectangle of the crop touches."""
    return cells[rect.y // step : -(-rect.bottom // step), rect.x // step : -(-rect.right // step)]


def _guided(pixels: Picture, rect: Rect, cells: Region, step: int) -> _Plane:
    """The guided filter of the coarse answer over `pixels`, which are those of `rect`, a part of the crop; 0–1."""
    import cv2  # noqa: PLC0415 - as above

    rows = np.arange(rect.y, rect.bottom) // step
    columns = np.arange(rect.x, rect.right) // step
    answer = cells[rows[:, None], columns].astype(np.float32)
    guide = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32) / 255
    side = (4 * step + 1, 4 * step + 1)

    def mean(values: _Plane) -> _Plane:
        return np.asarray(cv2.blur(values, side), np.float32)

    mean_guide, mean_answer = mean(guide), mean(answer)
    covariance = mean(guide * answer) - mean_guide * mean_answer
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + _FILTER_EPSILON)
    return mean(slope) * guide + mean(mean_answer - slope * mean_guide)
