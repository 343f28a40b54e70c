"""From class ids at device resolution to the premultiplied colours that lie over the picture."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED, LabelClass, palette, void_ids

Colors = npt.NDArray[np.uint32]
"""0xAARRGGBB, premultiplied."""

_BORDER_BOOST: Final = 0.4
_HATCH: Final = 8
"""Device pixels from one hatch line to the next."""

_DASH: Final = 6
"""Device pixels of a dash, and of the gap after it."""

_GAP: Final = np.uint32(0xB0000000)
"""Between the dashes: dark, so that they are seen on a bright picture as well."""


class View(enum.StrEnum):
    """What lies over the picture. Label: the label, with the places marked where a prediction differs."""

    LABEL = "label"
    PREDICTION = "prediction"
    DIFFERENCE = "difference"


class Offer(enum.Enum):
    """What a proposal may change: pixels about which nobody has said anything, or also labelled ones."""

    FILL = enum.auto()
    REPLACE = enum.auto()


@dataclass(frozen=True)
class OverlayColors:
    """How masks are coloured: by class, with `opacity` 0–1, more strongly at the borders of a region. `outline` leaves
    only those borders; `alone` is the one class that is shown. With `offer` the prediction is a proposal: thinly
    hatched in its classes' colours with dashed borders, where it would fill or replace something."""

    classes: Sequence[LabelClass]
    opacity: float
    view: View = View.LABEL
    outline: bool = False
    alone: int | None = None
    offer: Offer | None = None
    _fill: Colors = field(init=False)
    _strong: Colors = field(init=False)
    _void: Region = field(init=False)

    def __post_init__(self) -> None:
        void = np.zeros(256, np.bool_)
        void[list(void_ids(self.classes))] = True
        strong = min(1.0, self.opacity + _BORDER_BOOST) if self.opacity > 0 else 0.0
        fill = premultiplied(self.classes, 0.0 if self.outline else self.opacity)
        object.__setattr__(self, "_fill", _only(fill, self.alone))
        object.__setattr__(self, "_strong", _only(premultiplied(self.classes, strong), self.alone))
        object.__setattr__(self, "_void", void)

    def color(self, label: Mask, prediction: Mask | None, x: int, y: int) -> Colors:
        """Colours for class ids sampled with one more pixel on each side: (h + 2, w + 2) uint8 → (h, w).

        (x, y) is the device pixel of the result's corner, so that a hatching fits from one piece to the next.
        """
        if prediction is None:
            return self._color_regions(label)
        if self.offer is not None and self.view is View.LABEL:
            return self._color_proposal(label, prediction, x, y)
        differs = np.logical_and(label != prediction, ~self._void[label])
        if self.view is View.PREDICTION:
            return self._color_regions(prediction)
        if self.view is View.DIFFERENCE:
            return np.where(differs[1:-1, 1:-1], self._color_regions(prediction), np.uint32(0))
        colors = self._color_regions(label)
        inside = differs[1:-1, 1:-1]
        marked = inside & (edges(differs) | _hatching(inside.shape, x, y))
        colors[marked] = self._strong.take(prediction[1:-1, 1:-1][marked])
        return colors

    def _color_proposal(self, label: Mask, proposed: Mask, x: int, y: int) -> Colors:
        colors = self._color_regions(label)
        takes = label == UNLABELLED
        if self.offer is Offer.REPLACE:
            takes = np.logical_or(takes, np.logical_and(label != proposed, ~self._void[label]))
        offered = np.where(takes, proposed, np.uint8(UNLABELLED))
        middle = offered[1:-1, 1:-1]
        there = middle != UNLABELLED
        border = there & edges(offered)
        faint = there & ~border & _hatching(middle.shape, x, y)
        colors[faint] = self._fill.take(middle[faint])
        dashes = border & _dashes(middle.shape, x, y)
        colors[border] = _GAP
        colors[dashes] = self._strong.take(middle[dashes])
        return colors

    def _color_regions(self, ids: Mask) -> Colors:
        middle = ids[1:-1, 1:-1]
        colors = self._fill.take(middle)
        border = edges(ids)
        colors[border] = self._strong.take(middle[border])
        return colors


def premultiplied(classes: Sequence[LabelClass], opacity: float) -> Colors:
    """The colour of each of the 256 mask values; `UNLABELLED` is clear."""
    table = palette(classes).astype(np.float64)
    channels = np.rint(table * opacity).astype(np.uint32)
    alpha = np.full(256, round(opacity * 255), np.uint32)
    colors: Colors = np.zeros(256, np.uint32)
    for shift, channel in zip((24, 16, 8, 0), (alpha, *channels.T), strict=True):
        colors |= channel << np.uint32(shift)
    colors[UNLABELLED] = 0
    return colors


def _only(colors: Colors, alone: int | None) -> Colors:
    if alone is None:
        return colors
    one: Colors = np.zeros_like(colors)
    one[alone] = colors[alone]
    return one


def edges(ids: npt.NDArray[np.uint8] | Region) -> Region:
    """Where one of the four neighbours differs; (h + 2, w + 2) → (h, w)."""
    middle = ids[1:-1, 1:-1]
    return (
        (middle != ids[1:-1, :-2]) | (middle != ids[1:-1, 2:]) | (middle != ids[:-2, 1:-1]) | (middle != ids[2:, 1:-1])
    )


def _hatching(shape: tuple[int, ...], x: int, y: int) -> Region:
    height, width = shape
    return ((np.arange(x, x + width) + np.arange(y, y + height)[:, None]) % _HATCH) < 2


def _dashes(shape: tuple[int, ...], x: int, y: int) -> Region:
    """Squares like those of a chessboard: a line in any direction that crosses them is dashed."""
    height, width = shape
    return ((np.arange(x, x + width) // _DASH + np.arange(y, y + height)[:, None] // _DASH) % 2) == 0
