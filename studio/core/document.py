"""An open item and its history: the only thing that changes an annotation.

A document speaks through signals and keeps nothing to itself: when `commit` returns, its journal has the edit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from studio.core.arrays import Mask, Region
from studio.core.edits import Edit, MaskEdit, PointsEdit, TilePatch, bounds_of, tile_rect, tiles_over
from studio.core.items import Item
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import (
    XY,
    Rect,
    brush_bands,
    brush_pixels,
    flood_region,
    polygon_bounds,
    polygon_pixels,
)
from studio.core.signals import Signal


@dataclass(frozen=True, slots=True)
class History:
    """Where an item stands in its journal. `head` is the edit it shows (0: none); `undo_text` and `redo_text` say what
    undo would take back and redo bring again, None where there is nothing."""

    item: Item
    head: int = 0
    undo_text: str | None = None
    redo_text: str | None = None
    is_labelled: bool = False


class Journal(Protocol):
    """What a document needs of the store. Each call returns only once the disk has the change.

    `head` is the edit that the document shows; a journal raises ChangedElsewhere where the item has moved on.
    """

    def commit(self, item_id: int, edit: Edit, head: int) -> History: ...

    def undo(self, item_id: int, head: int) -> tuple[Edit, History] | None: ...

    def redo(self, item_id: int, head: int) -> tuple[Edit, History] | None: ...


class _Document:
    """What mask and points have in common: the item, its place in the journal, and who to tell."""

    def __init__(self, journal: Journal, history: History) -> None:
        self.history_changed: Signal[()] = Signal()
        self._journal = journal
        self._history = history

    @property
    def item(self) -> Item:
        """The item as of the last change, its revision and state included."""
        return self._history.item

    @property
    def head(self) -> int:
        return self._history.head

    @property
    def is_labelled(self) -> bool:
        return self._history.is_labelled

    @property
    def can_undo(self) -> bool:
        return self._history.undo_text is not None

    @property
    def can_redo(self) -> bool:
        return self._history.redo_text is not None

    @property
    def undo_text(self) -> str:
        """What undo would take back, such as “brush stroke”; empty when there is nothing."""
        return self._history.undo_text or ""

    @property
    def redo_text(self) -> str:
        return self._history.redo_text or ""

    def note(self, history: History) -> None:
        """Take over what the store says about the item, such as another state, and tell who listens."""
        self._history = history
        self.history_changed.emit()


class MaskDocument(_Document):
    """A mask that is being painted.

    Painting (`brush`, `polygon`, `fill`, `paint`) belongs to an edit between `begin` and `commit`; called outside of
    one it makes an edit of its own. Each call costs what it paints, never the size of the mask.
    """

    def __init__(self, mask: Mask, journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[Rect] = Signal()
        """Emitted with the pixels to redraw after each change."""
        self._mask = mask
        self._view = mask.view()
        self._view.flags.writeable = False
        self._what: str | None = None
        self._refused = False
        self._before: dict[tuple[int, int], Mask] = {}

    @property
    def mask(self) -> Mask:
        """(H, W) uint8, always current: read it, never write it (it refuses)."""
        return self._view

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self._mask.shape
        return width, height

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    def begin(self, what: str) -> None:
        """Open an edit, such as “brush stroke”. One that is still open is committed first; one that the journal could
        not take is carried on."""
        if self._refused:
            return
        self.commit()
        self._what = what

    def touch(self, rect: Rect) -> None:
        """Keep the tiles under `rect` as they are now, once an edit; must precede every change of them."""
        inside = rect.clipped(*self.size)
        if inside is None:
            return
        for key in tiles_over(inside):
            if key not in self._before:
                self._before[key] = self._mask[tile_rect(*key, *self.size).slices].copy()

    def paint(self, rect: Rect, region: Region, value: int) -> None:
        """Set the pixels of `rect` where `region`, (rect.height, rect.width) bool, is True. `rect` lies inside."""
        alone = self._enter("painting")
        self.touch(rect)
        np.copyto(self._mask[rect.slices], np.uint8(value), where=region)
        self.changed.emit(rect)
        self._leave(alone)

    def brush(self, a: XY, b: XY, diameter: float, value: int) -> None:
        """Paint from `a` to `b` (image pixels, floats): each pixel whose centre is within diameter / 2."""
        alone = self._enter("brush stroke")
        dirty: Rect | None = None
        for band in brush_bands(*self.size, a, b, diameter):
            self.touch(band)
            np.copyto(self._mask[band.slices], np.uint8(value), where=brush_pixels(band, a, b, diameter))
            dirty = band if dirty is None else dirty.union(band)
        if dirty is not None:
            self.changed.emit(dirty)
        self._leave(alone)

    def polygon(self, points: Sequence[XY], value: int) -> None:
        """Fill a polygon: each pixel whose centre lies inside (even-odd rule)."""
        rect = polygon_bounds(points, *self.size)
        if rect is not None:
            alone = self._enter("polygon")
            self.paint(rect, polygon_pixels(rect, points), value)
            self._leave(alone)

    def fill(self, x: int, y: int, value: int) -> None:
        """Fill the connected pixels that have the value of (x, y); outside of the mask nothing happens."""
        width, height = self.size
        if not (0 <= x < width and 0 <= y < height) or self._mask[y, x] == value:
            return
        region, rect = flood_region(self._mask, x, y)
        alone = self._enter("fill")
        self.paint(rect, region[rect.slices], value)
        self._leave(alone)

    def replace(self, new: Mask, what: str, *, keep: Collection[int] = ()) -> bool:
        """Take over a whole mask of the same shape as one edit; pixels whose value is now in `keep` stay.

        Returns whether anything changed.
        """
        if new.shape != self._mask.shape:
            raise ValueError(f"a mask of shape {new.shape} cannot replace one of shape {self._mask.shape}")
        self.begin(what)
        for patch in MaskEdit.between(self._mask, kept(self._mask, new, keep), what).patches:
            self.touch(patch.rect)
            self._mask[patch.rect.slices] = patch.new
        self._emit_touched()
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit, of this or
        of a further stroke, brings it along.
        """
        if self._what is None:
            return False
        edit = self._edit(self._what)
        if edit.patches:
            self._refused = True
            self._history = self._journal.commit(self.item.id, edit, self.head)
        self._refused = False
        self._what = None
        self._before.clear()
        if edit.patches:
            self.history_changed.emit()
        return bool(edit.patches)

    def cancel(self) -> None:
        """Close the edit as if it had never been begun."""
        for key, old in self._before.items():
            self._mask[tile_rect(*key, *self.size).slices] = old
        self._emit_touched()
        self._refused = False
        self._what = None
        self._before.clear()

    def undo(self) -> Edit | None:
        """Take the last edit back (an open one is committed first); None when there is none."""
        self.commit()
        return self._step(self._journal.undo(self.item.id, self.head), back=True)

    def redo(self) -> Edit | None:
        """Bring the edit again that undo took back last; None when there is none."""
        self.commit()
        return self._step(self._journal.redo(self.item.id, self.head), back=False)

    def adopt(self, edit: MaskEdit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as an accepted prediction."""
        dirty = edit.apply(self._mask)
        self._history = history
        if dirty is not None:
            self.changed.emit(dirty)
        self.history_changed.emit()

    def _step(self, step: tuple[Edit, History] | None, *, back: bool) -> Edit | None:
        if step is None:
            return None
        edit, self._history = step
        assert isinstance(edit, MaskEdit)
        dirty = edit.revert(self._mask) if back else edit.apply(self._mask)
        if dirty is not None:
            self.changed.emit(dirty)
        self.history_changed.emit()
        return edit

    def _edit(self, what: str) -> MaskEdit:
        width, height = self.size
        patches: list[TilePatch] = []
        for key, old in sorted(self._before.items()):
            rect = tile_rect(*key, width, height)
            now = self._mask[rect.slices]
            if not np.array_equal(old, now):
                patches.append(TilePatch(rect, old, now.copy()))
        return MaskEdit(what, width, height, tuple(patches))

    def _enter(self, what: str) -> bool:
        """Open an edit unless one is open; says whether it did."""
        if self._what is not None:
            return False
        self._what = what
        return True

    def _leave(self, alone: bool) -> None:
        if alone:
            self.commit()

    def _emit_touched(self) -> None:
        dirty = bounds_of(tile_rect(*key, *self.size) for key in self._before)
        if dirty is not None:
            self.changed.emit(dirty)


class PointsDocument(_Document):
    """Keypoints that are being placed. Changes between `begin` and `commit` are one edit; others are one each."""

    def __init__(self, points: Points, size: tuple[int, int], journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[()] = Signal()
        self.size = size
        """(width, height) of the picture in pixels."""
        self._points = points
        self._what: str | None = None
        self._refused = False
        self._before = points

    @property
    def points(self) -> Points:
        return self._points

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    def begin(self, what: str) -> None:
        """Open an edit, such as “drag”. One that is still open is committed first; one that the journal could not take
        is carried on."""
        if self._refused:
            return
        self.commit()
        self._what = what
        self._before = self._points

    def place(self, point: Keypoint) -> None:
        """Add `point`, or put it in the place of the one with its index and instance."""
        self._become(self._points.with_point(point), "placing a point")

    def move(self, index: int, x: float, y: float, *, instance: int = 0) -> None:
        """Move a placed point to (x, y) in image pixels. Raises KeyError when it is not placed."""
        point = self._placed(index, instance)
        moved = Keypoint(index=index, x=x, y=y, visibility=point.visibility, instance=instance)
        self._become(self._points.with_point(moved), "moving a point")

    def set_visibility(self, index: int, visibility: Visibility, *, instance: int = 0) -> None:
        """Raises KeyError when the point is not placed."""
        point = self._placed(index, instance)
        seen = Keypoint(index=index, x=point.x, y=point.y, visibility=visibility, instance=instance)
        self._become(self._points.with_point(seen), "visibility")

    def remove(self, index: int, *, instance: int = 0) -> None:
        """Take a point away; does nothing when it is not placed."""
        self._become(self._points.without(index, instance), "removing a point")

    def replace(self, points: Points, what: str) -> bool:
        """Take over all points as one edit; returns whether anything changed."""
        self.begin(what)
        self._become(points, what)
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit brings it
        along.
        """
        if self._what is None:
            return False
        differs = self._points != self._before
        if differs:
            self._refused = True
            edit = PointsEdit(self._what, self._before, self._points)
            self._history = self._journal.commit(self.item.id, edit, self.head)
        self._refused = False
        self._what = None
        self._before = self._points
        if differs:
            self.history_changed.emit()
        return differs

    def cancel(self) -> None:
        """Close the edit as if it had never been begun."""
        if self._what is not None:
            self._show(self._before)
            self._refused = False
            self._what = None

    def undo(self) -> Edit | None:
        """Take the last edit back (an open one is committed first); None when there is none."""
        self.commit()
        return self._step(self._journal.undo(self.item.id, self.head), back=True)

    def redo(self) -> Edit | None:
        """Bring the edit again that undo took back last; None when there is none."""
        self.commit()
        return self._step(self._journal.redo(self.item.id, self.head), back=False)

    def adopt(self, edit: PointsEdit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as an accepted prediction."""
        self._history = history
        self._show(edit.new)
        self.history_changed.emit()

    def _step(self, step: tuple[Edit, History] | None, *, back: bool) -> Edit | None:
        if step is None:
            return None
        edit, self._history = step
        assert isinstance(edit, PointsEdit)
        self._show(edit.old if back else edit.new)
        self._before = self._points
        self.history_changed.emit()
        return edit

    def _placed(self, index: int, instance: int) -> Keypoint:
        point = self._points.get(index, instance)
        if point is None:
            raise KeyError(f"point {index} of instance {instance} is not placed")
        return point

    def _become(self, points: Points, what: str) -> None:
        if points == self._points:
            return
        alone = self._what is None
        if alone:
            self.begin(what)
        self._show(points)
        if alone:
            self.commit()

    def _show(self, points: Points) -> None:
        if points != self._points:
            self._points = points
            self.changed.emit()


Document = MaskDocument | PointsDocument


def kept(now: Mask, new: Mask, keep: Collection[int]) -> Mask:
    """`new`, but with the pixels of `now` wherever those have one of the values in `keep`."""
    if not keep:
        return new
    table = np.zeros(256, np.bool_)
    table[list(keep)] = True
    return np.where(table[now], now, new)
