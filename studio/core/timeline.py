"""An item's edits one after the other, and a stretch of them as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from studio.core.arrays import Mask
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.raster import Rect
from studio.core.tiles import TilePatch


@dataclass(frozen=True, slots=True)
class Step:
    """One edit as the journal has it. `parent` is the edit before, 0 the empty beginning and None for a root, an
    annotation that came as a whole; `time` in seconds since 1970."""

    id: int
    parent: int | None
    what: str
    time: float


def net_of(back: Iterable[Edit], forth: Iterable[Edit], what: str) -> Edit | None:
    """One edit for reverting `back`, newest first, and then applying `forth`, oldest first; None for no edits.

    The edits are read one at a time and hold together: each begins where the one before it ended.
    """
    mask_net = _MaskNet()
    first: PointsEdit | TagsEdit | None = None
    last: PointsEdit | TagsEdit | None = None
    for is_back, edits in ((True, back), (False, forth)):
        for edit in edits:
            if isinstance(edit, MaskEdit):
                mask_net.add(edit, back=is_back)
            else:
                last = edit.inverse(what) if is_back else edit
                first = first or last
    match first, last:
        case PointsEdit(), PointsEdit():
            return PointsEdit(what, first.old, last.new)
        case TagsEdit(), TagsEdit():
            return TagsEdit(what, first.old, last.new)
        case _:
            pass
    return mask_net.edit(what)


class _MaskNet:
    """The tiles that any of the edits touched, as they were first and as they are now."""

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._tiles: dict[Rect, tuple[Mask, Mask]] = {}

    def add(self, edit: MaskEdit, *, back: bool) -> None:
        self._size = edit.width, edit.height
        for patch in edit.patches:
            before, after = (patch.new, patch.old) if back else (patch.old, patch.new)
            if patch.rect in self._tiles:
                now = self._tiles[patch.rect][1]
                np.copyto(now, after, where=before != after)
            else:
                self._tiles[patch.rect] = before, after.copy()

    def edit(self, what: str) -> MaskEdit | None:
        if self._size is None:
            return None
        tiles = sorted(self._tiles.items(), key=lambda tile: (tile[0].y, tile[0].x))
        patches = (TilePatch(rect, old, new) for rect, (old, new) in tiles if not np.array_equal(old, new))
        return MaskEdit(what, *self._size, tuple(patches))
