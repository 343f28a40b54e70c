"""Several edits laid over each other, to bring a mask up to date that passes by in bands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.edits import MaskEdit
from studio.core.raster import Rect
from studio.core.tiles import TILE


@dataclass
class EditOverlay:
    """What a walk through the journal does to a mask; memory is needed for the tiles that it changes, once each."""

    _tiles: dict[tuple[int, int], tuple[Rect, Region, Mask]] = field(
        default_factory=dict[tuple[int, int], tuple[Rect, Region, Mask]]
    )

    def revert(self, edit: MaskEdit) -> None:
        for patch in edit.patches:
            self._lay(patch.rect, patch.old != patch.new, patch.old)

    def apply(self, edit: MaskEdit) -> None:
        for patch in edit.patches:
            self._lay(patch.rect, patch.old != patch.new, patch.new)

    def bring(self, band: Mask, y: int) -> None:
        """Change a band of whole rows of tiles, whose first row is the mask's row `y`, in place."""
        for row in range(y // TILE, -(-(y + band.shape[0]) // TILE)):
            for column in range(-(-band.shape[1] // TILE)):
                laid = self._tiles.get((row, column))
                if laid is not None:
                    rect, where, values = laid
                    place = slice(rect.y - y, rect.bottom - y), slice(rect.x, rect.right)
                    np.copyto(band[place], values, where=where)

    def _lay(self, rect: Rect, where: Region, values: Mask) -> None:
        key = rect.y // TILE, rect.x // TILE
        below = self._tiles.get(key)
        if below is None:
            self._tiles[key] = rect, where, values.copy()
        else:
            np.copyto(below[2], values, where=where)
            np.logical_or(below[1], where, out=below[1])
