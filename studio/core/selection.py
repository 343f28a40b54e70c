"""Regions that were found in a picture and not painted yet: where they lie, and in how coarse cells they are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.arrays import Region
from studio.core.raster import Rect, box_around


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Pixels of `rect` (image pixels). `cells` is (ceil(height / step), ceil(width / step)) bool: each cell stands for
    step × step pixels, those at the right and the bottom for what is left of them."""

    rect: Rect
    cells: Region
    step: int = 1

    def pixels(self) -> Region:
        """(rect.height, rect.width) bool."""
        if self.step == 1:
            return self.cells
        rows = np.arange(self.rect.height) // self.step
        columns = np.arange(self.rect.width) // self.step
        return self.cells[rows[:, None], columns]

    def cropped(self) -> Selection | None:
        """The same in the smallest rectangle that holds it; None when no pixel is selected."""
        box = box_around(self.cells)
        if box is None:
            return None
        x, y = self.rect.x + box.x * self.step, self.rect.y + box.y * self.step
        width = min(box.width * self.step, self.rect.right - x)
        height = min(box.height * self.step, self.rect.bottom - y)
        return Selection(Rect(x, y, width, height), self.cells[box.slices], self.step)

    def contains(self, x: int, y: int) -> bool:
        """Whether the image pixel (x, y) is selected."""
        column, row = (x - self.rect.x) // self.step, (y - self.rect.y) // self.step
        height, width = self.cells.shape
        return 0 <= column < width and 0 <= row < height and bool(self.cells[row, column])


def step_for(rect: Rect, most_cells: int) -> int:
    """The smallest step at which `rect` has at most `most_cells` cells (or nearly so)."""
    return max(1, int(np.ceil(np.sqrt(rect.width * rect.height / most_cells))))


def window_around(x: float, y: float, side: int, width: int, height: int) -> Rect:
    """A square of at most `side` pixels around (x, y), moved so that it lies inside an image of that size."""
    wide, high = min(side, width), min(side, height)
    left = min(max(0, round(x) - wide // 2), width - wide)
    top = min(max(0, round(y) - high // 2), height - high)
    return Rect(left, top, wide, high)
