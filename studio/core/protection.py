"""Which pixels of a mask painting leaves alone: those of locked classes, or all that are labelled already."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED


@dataclass(frozen=True)
class Protection:
    """`locked` values are never changed. With `only_unlabelled` a class goes onto unlabelled pixels only; taking a
    label away is no painting over and stays possible."""

    locked: frozenset[int] = frozenset()
    only_unlabelled: bool = False
    _for_paint: Region = field(init=False, repr=False, compare=False)
    _for_erasing: Region = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_for_erasing", _all_but(self.locked))
        labels = range(UNLABELLED) if self.only_unlabelled else ()
        object.__setattr__(self, "_for_paint", _all_but([*self.locked, *labels]))

    def __bool__(self) -> bool:
        """Whether any pixel could be protected."""
        return bool(self.locked) or self.only_unlabelled

    def allows(self, now: Mask, new: Mask | int) -> Region:
        """Where `now`, (H, W) uint8, may become `new`, one value or an array of the same shape."""
        if isinstance(new, int):
            return (self._for_erasing if new == UNLABELLED else self._for_paint)[now]
        return np.where(new == UNLABELLED, self._for_erasing[now], self._for_paint[now])


def _all_but(values: Collection[int]) -> Region:
    """(256,) bool, False at `values`."""
    table = np.ones(256, np.bool_)
    table[list(values)] = False
    return table


NOTHING_PROTECTED: Final = Protection()
