"""An open mask: painting as edits that cost what they paint, never the size of the picture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.edits import Edit, MaskEdit, bounds_of
from studio.core.history import History, Journal, JournaledDocument
from studio.core.protection import NOTHING_PROTECTED
from studio.core.raster import (
    XY,
    Rect,
    flood_region,
    polygon_bounds,
    polygon_pixels,
)
from studio.core.seen_first import Rows, SeenFirst
from studio.core.signals import Signal
from studio.core.sweep import Sweep
from studio.core.tiles import TILE, changed_tiles, keep_tiles, tile_rect


class MaskDocument(JournaledDocument):
    """A mask that is being painted.

    Painting (`brush`, `sweep`, `polygon`, `fill`, `paint`) belongs to an edit between `begin` and `commit`; called
    outside of one it makes an edit of its own. Each call costs what it paints, never the size of the mask.
    """

    def __init__(self, mask: Mask, journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[Rect] = Signal()
        """Emitted with the pixels to redraw after each change."""
        self.held_back: Signal[int] = Signal()
        """Emitted when an edit changed nothing because what it met is protected; with the value of such a pixel."""
        self.protection = NOTHING_PROTECTED
        """What painting leaves alone from now on; undo, redo and what the store adopts do not ask."""
        self._mask = mask
        self._view = mask.view()
        self._view.flags.writeable = False
        self._what: str | None = None
        self._refused = False
        self._before: dict[tuple[int, int], Mask] = {}
        self._since: dict[tuple[int, int], Mask] | None = None
        """Tiles as they were when a refused edit was carried on; None where none was."""
        self._held: int | None = None
        self._owed: SeenFirst | None = None
        self.is_adopting = False
        """Whether what is told of just now was not done to this document but to the item by other means."""

    @property
    def mask(self) -> Mask:
        """(H, W) uint8, always current: read it, never write it (it refuses)."""
        self.settle()
        return self._view

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self._mask.shape
        return width, height

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    @property
    def refused(self) -> MaskEdit | None:
        self.settle()
        return self._edit(self._what) if self._refused and self._what is not None else None

    def begin(self, what: str) -> None:
        """Open an edit, such as “brush stroke”. One that is still open is committed first; one that the journal could
        not take is carried on."""
        self.settle()
        if self._refused:
            self._since = {}
            return
        self.commit()
        self._what = what

    def touch(self, rect: Rect) -> None:
        """Keep the tiles under `rect` as they are now, once an edit; must precede every change of them."""
        self.settle()
        inside = rect.clipped(*self.size)
        if inside is None:
            return
        keep_tiles(self._mask, inside, self._before)
        if self._since is not None:
            keep_tiles(self._mask, inside, self._since)

    def paint(self, rect: Rect, region: Region, value: int | Mask) -> None:
        """Set the pixels of `rect` where `region`, (rect.height, rect.width) bool, is True: to one value, or to those
        of an array of the same shape. `rect` lies inside."""
        alone = self._enter("painting")
        self._set(rect, region, value)
        self.changed.emit(rect)
        self._leave(alone)

    def brush(self, a: XY, b: XY, diameter: float, value: int) -> None:
        """Paint from `a` to `b` (image pixels, floats): each pixel whose centre is within diameter / 2."""
        self.sweep(Sweep.even(a, b, diameter), value)

    def sweep(self, sweep: Sweep, value: int, *, first: Rows | None = None) -> None:
        """Paint each pixel whose centre a brush covers on its way.

        With `first` only these rows are painted at once, for a screen that shows no others; whatever reads or changes
        the mask next, or calls `settle`, paints the rest before.
        """
        self.settle()
        alone = self._enter("brush stroke")
        if first is not None and not self.protection:
            self._owed = SeenFirst.paint(self._mask, sweep, value, first)
            dirty = self._owed.dirty
        else:
            dirty = self._sweep(sweep, value)
        if dirty is not None:
            self.changed.emit(dirty)
        self._leave(alone)

    @property
    def owes(self) -> bool:
        """Whether the rest of a sweep is still to be painted."""
        return self._owed is not None

    def settle(self) -> None:
        """Paint what is owed of a sweep; what shows stays as it is."""
        owed, self._owed = self._owed, None
        if owed is not None:
            owed.take_back(self._mask)
            self._sweep(owed.sweep, owed.value)

    def _sweep(self, sweep: Sweep, value: int) -> Rect | None:
        dirty: Rect | None = None
        for band in sweep.bands(*self.size):
            if self.protection:
                self._set(band, sweep.pixels(band), value)
            else:
                self.touch(band)
                sweep.fill(self._mask[band.slices], band, value)
            dirty = band if dirty is None else dirty.union(band)
        return dirty

    def polygon(self, points: Sequence[XY], value: int) -> None:
        """Fill a polygon: each pixel whose centre lies inside (even-odd rule)."""
        rect = polygon_bounds(points, *self.size)
        if rect is not None:
            alone = self._enter("polygon")
            for y in range(rect.y, rect.bottom, TILE):
                band = Rect(rect.x, y, rect.width, min(TILE, rect.bottom - y))
                self._set(band, polygon_pixels(band, points), value)
            self.changed.emit(rect)
            self._leave(alone)

    def fill(self, x: int, y: int, value: int) -> None:
        """Fill the connected pixels that have the value of (x, y); outside of the mask nothing happens."""
        width, height = self.size
        self.settle()
        if not (0 <= x < width and 0 <= y < height) or self._mask[y, x] == value:
            return
        region, rect = flood_region(self._mask, x, y)
        alone = self._enter("fill")
        self.paint(rect, region[rect.slices], value)
        self._leave(alone)

    def replace(self, new: Mask, what: str, *, keep: Collection[int] = ()) -> bool:
        """Take over a whole mask of the same shape as one edit; protected pixels and those whose value is now in `keep`
        stay.

        Returns whether anything changed.
        """
        if new.shape != self._mask.shape:
            raise ValueError(f"a mask of shape {new.shape} cannot replace one of shape {self._mask.shape}")
        self.begin(what)
        new = kept(self._mask, new, keep)
        if self.protection:
            region = self._unprotected(self._mask, np.ones(new.shape, np.bool_), new)
            new = np.where(region, new, self._mask)
        for patch in MaskEdit.between(self._mask, new, what).patches:
            self.touch(patch.rect)
            self._mask[patch.rect.slices] = patch.new
        self._emit_changed(self._before)
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit, of this or
        of a further stroke, brings it along.
        """
        self.settle()
        if self._what is None:
            return False
        edit = self._edit(self._what)
        if edit.patches:
            self._refused = True
            self._history = self._journal.commit(self.item.id, edit, self.head)
        held = self._held
        self._close()
        if edit.patches:
            self.history_changed.emit()
        elif held is not None:
            self.held_back.emit(held)
        return bool(edit.patches)

    def cancel(self) -> None:
        """Close the edit as if it had never been begun. Of one that carries on what the journal could not take only
        what came since it was begun goes; what was refused before stays."""
        self.settle()
        tiles = self._before if self._since is None else self._since
        for key, old in tiles.items():
            self._mask[tile_rect(*key, *self.size).slices] = old
        self._emit_changed(tiles)
        if self._since is None:
            self._close()
        self._since = None

    def carry_out(self, edit: MaskEdit) -> bool:
        """Make an edit that was worked out elsewhere for the mask as it is now; says whether it changes anything.
        Raises CannotWrite, and nothing is changed then."""
        self.commit()
        if edit.patches:
            self._history = self._journal.commit(self.item.id, edit, self.head)
            dirty = edit.put(self._mask)
            if dirty is not None:
                self.changed.emit(dirty)
            self.history_changed.emit()
        return bool(edit.patches)

    def adopt(self, edit: MaskEdit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as an accepted prediction; `is_adopting` while
        those who listen hear of it."""
        self.is_adopting = True
        try:
            self._history = history
            self._follow(edit, back=False)
            self.history_changed.emit()
        finally:
            self.is_adopting = False

    def _follow(self, edit: Edit, *, back: bool) -> None:
        assert isinstance(edit, MaskEdit)
        self.settle()
        dirty = edit.revert(self._mask) if back else edit.apply(self._mask)
        if dirty is not None:
            self.changed.emit(dirty)

    def _set(self, rect: Rect, region: Region, value: int | Mask) -> None:
        self.touch(rect)
        now = self._mask[rect.slices]
        if self.protection:
            region = self._unprotected(now, region, value)
        np.copyto(now, np.uint8(value) if isinstance(value, int) else value, where=region)

    def _unprotected(self, now: Mask, region: Region, value: int | Mask) -> Region:
        """The part of `region` that may be painted; remembers a value that may not."""
        allowed = self.protection.allows(now, value)
        if self._held is None:
            held = region & ~allowed & (now != value)
            first = int(np.argmax(held))
            if held.size and held.flat[first]:
                self._held = int(now.flat[first])
        return region & allowed

    def _edit(self, what: str) -> MaskEdit:
        width, height = self.size
        return MaskEdit(what, width, height, tuple(changed_tiles(self._mask, self._before)))

    def _enter(self, what: str) -> bool:
        """Open an edit unless one is open; says whether it did."""
        if self._what is not None:
            return False
        self._what = what
        return True

    def _close(self) -> None:
        self._refused = False
        self._what = None
        self._held = None
        self._since = None
        self._before.clear()

    def _leave(self, alone: bool) -> None:
        if alone:
            self.commit()

    def _emit_changed(self, tiles: Iterable[tuple[int, int]]) -> None:
        dirty = bounds_of(tile_rect(*key, *self.size) for key in tiles)
        if dirty is not None:
            self.changed.emit(dirty)


def kept(now: Mask, new: Mask, keep: Collection[int]) -> Mask:
    """`new`, but with the pixels of `now` wherever those have one of the values in `keep`."""
    if not keep:
        return new
    table = np.zeros(256, np.bool_)
    table[list(keep)] = True
    return np.where(table[now], now, new)
