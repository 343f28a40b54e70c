"""The journal: every edit of every annotation, committed before the next one begins.

An item's edits are a tree: each names the one before it, and the item names the one that it shows, its head. Undo moves
the head to the parent, redo to the child that undo came from; an edit after an undo starts another branch. Nothing is
ever deleted, so undo has no limit and outlives restarts.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED
from studio.core.document import History, Leap
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.errors import ChangedElsewhere, UnknownItem
from studio.core.points import Points
from studio.core.signals import Signal
from studio.core.tags import Tags, ids_of
from studio.core.tile_edits import Stopped
from studio.core.timeline import Step, net_of
from studio.store.database import Database
from studio.store.items import Items

_MASK: Final = "mask"
_POINTS: Final = "points"
_TAGS: Final = "tags"
_ROOT: Final = "root"


@dataclass(frozen=True)
class _Place:
    """Where an item stands: the edit it shows, and the one that redo would bring."""

    name: str
    head: int
    redo: int
    parent: int | None
    kind: str
    what: str


@dataclass(frozen=True)
class Walk:
    """How to come from one edit to another: revert these, newest first, then apply those, oldest first."""

    back: tuple[int, ...] = ()
    forth: tuple[int, ...] = ()


class Journal:
    """Satisfies `studio.core.document.Journal`. Each change is one transaction; it joins one that is open."""

    def __init__(self, database: Database, items: Items) -> None:
        self.mask_moved: Signal[int] = Signal()
        """Emitted with an item's id when its label file is behind from now on."""
        self.root_left: Signal[int, int] = Signal()
        """Emitted with an item's id and a root when a first edit is about to follow that root, while the label file
        still shows it. Part of the edit's transaction."""
        self.moved: Signal[int, Walk] = Signal()
        """Emitted with an item's id and the way that undo, redo or a jump in the history takes it. Part of their
        transaction."""
        self.tagged: Signal[int, int] = Signal()
        """Emitted with an item's id and a new edit that says what it is as a whole. Part of the edit's transaction."""
        self._database = database
        self._items = items

    def history(self, item_id: int) -> History:
        place = self._place(item_id)
        redo = self._database.execute("SELECT what FROM edits WHERE id = ?", (place.redo,)).fetchone()
        item = self._items.get(item_id)
        labelled = self._database.execute("SELECT labelled FROM items WHERE id = ?", (item_id,)).fetchone()[0]
        return History(
            item=item,
            head=place.head,
            undo_text=place.what if place.head and place.parent is not None else None,
            redo_text=redo[0] if redo else None,
            is_labelled=bool(labelled),
        )

    def commit(self, item_id: int, edit: Edit, head: int) -> History:
        """Keep `edit` as the child of `head` and show it. Raises ChangedElsewhere, CannotWrite."""
        data = edit.encode()
        with self._database.transaction() as connection:
            if self._expect(item_id, head).kind == _ROOT and isinstance(edit, MaskEdit):
                self.root_left.emit(item_id, head)
            cursor = connection.execute(
                "INSERT INTO edits (item, parent, kind, what, time, data) VALUES (?, ?, ?, ?, ?, ?)",
                (item_id, head, _KINDS[type(edit)], edit.what, time.time(), data),
            )
            assert cursor.lastrowid is not None
            self._show(connection, item_id, cursor.lastrowid, edit)
            if isinstance(edit, TagsEdit) and edit.new is not None:
                self.tagged.emit(item_id, cursor.lastrowid)
            return self.history(item_id)

    def undo(self, item_id: int, head: int) -> tuple[Edit, History] | None:
        """Show the edit before; returns the one taken back, None at the beginning.

        Raises ChangedElsewhere, CannotWrite.
        """
        with self._database.transaction() as connection:
            place = self._expect(item_id, head)
            if place.head == 0 or place.parent is None:
                return None
            edit = self.edit(place.head)
            self._offer_again(connection, item_id, ((place.head, place.parent),))
            self._show(connection, item_id, place.parent, edit, back=True)
            self.moved.emit(item_id, Walk(back=(place.head,)))
            return edit, self.history(item_id)

    def redo(self, item_id: int, head: int) -> tuple[Edit, History] | None:
        """Show the edit that undo took back last; None when there is none. Raises ChangedElsewhere, CannotWrite."""
        with self._database.transaction() as connection:
            place = self._expect(item_id, head)
            if place.redo == 0:
                return None
            edit = self.edit(place.redo)
            self._show(connection, item_id, place.redo, edit)
            self.moved.emit(item_id, Walk(forth=(place.redo,)))
            return edit, self.history(item_id)

    def leap(self, head: int, target: int, stopped: Callable[[], bool] = lambda: False) -> Leap | None:
        """All edits on the way from one state to another as one; None when no way leads there, or none is needed.
        Raises Stopped once `stopped` says so."""
        way = self.walk(head, target)
        if way is None:
            return None

        def edit(edit_id: int) -> Edit:
            if stopped():
                raise Stopped
            return self.edit(edit_id)

        net = net_of(map(edit, way.back), map(edit, way.forth), "history")
        if net is None:
            return None
        before = (*way.back[1:], self._parent(way.back[-1])[0]) if way.back else ()
        counted = net.counted() if isinstance(net, MaskEdit) else net
        return Leap(head, target, counted, tuple(zip(way.back, before, strict=True)), way.forth)

    def jump(self, item_id: int, leap: Leap) -> History:
        """Show the state where `leap` leads, as so many undos and redos would, in one transaction.

        Raises ChangedElsewhere, CannotWrite.
        """
        with self._database.transaction() as connection:
            self._expect(item_id, leap.head)
            self._offer_again(connection, item_id, leap.taken_back)
            self._show(connection, item_id, leap.target, leap.edit)
            self.moved.emit(item_id, Walk(tuple(edit for edit, _ in leap.taken_back), leap.brought))
            return self.history(item_id)

    def timeline(self, item_id: int, after: int = 0) -> list[Step]:
        """The item's edits with greater ids than `after`, oldest first, those on other branches included."""
        rows = self._database.execute(
            "SELECT id, parent, what, time FROM edits WHERE item = ? AND id > ? ORDER BY id", (item_id, after)
        )
        return [Step(*row) for row in rows]

    def ahead(self, item_id: int) -> list[int]:
        """The edits that redo would bring, one after the other."""
        rows = self._database.execute(
            "WITH RECURSIVE ahead(id) AS (SELECT ? UNION ALL SELECT edits.redo FROM ahead "
            "JOIN edits ON edits.id = ahead.id WHERE edits.redo != 0) SELECT id FROM ahead",
            (self._place(item_id).redo,),
        )
        return [row[0] for row in rows if row[0]]

    def plant_root(
        self,
        item_id: int,
        what: str,
        *,
        pixels: Mapping[int, int] | None = None,
        points: Points | None = None,
        tags: Tags | None = None,
    ) -> int:
        """Show an annotation that came as a whole; undo stops there. `pixels` counts a mask's pixels by value.

        Returns the root's id, which becomes the item's head.
        """
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO edits (item, parent, kind, what, time) VALUES (?, NULL, ?, ?, ?)",
                (item_id, _ROOT, what, time.time()),
            )
            assert cursor.lastrowid is not None
            root = cursor.lastrowid
            if points is not None:
                self._set_points(connection, item_id, points, root)
            elif tags is not None:
                self._set_tags(connection, item_id, tags, root)
            else:
                connection.execute("DELETE FROM class_pixels WHERE item = ?", (item_id,))
                _add_pixels(connection, item_id, pixels or {})
                labelled = _has_pixels(connection, item_id)
                connection.execute(
                    "UPDATE items SET head = ?, label_head = ?, labelled = ?, revision = revision + 1 WHERE id = ?",
                    (root, root, labelled, item_id),
                )
            return root

    def edit(self, edit_id: int) -> Edit:
        """The edit with this id, which is no root."""
        kind, what, data = self._database.execute(
            "SELECT kind, what, data FROM edits WHERE id = ?", (edit_id,)
        ).fetchone()
        return _DECODERS[kind](data, what)

    def mask_edit(self, edit_id: int) -> MaskEdit:
        edit = self.edit(edit_id)
        assert isinstance(edit, MaskEdit)
        return edit

    def points(self, item_id: int) -> Points | None:
        """The item's points as they are now; None when nobody ever placed one."""
        row = self._database.execute("SELECT points FROM items WHERE id = ?", (item_id,)).fetchone()
        return msgspec.json.decode(row[0], type=Points) if row and row[0] is not None else None

    def tags(self, item_id: int) -> Tags | None:
        """The item's classes as they are now; None when nobody has said anything."""
        row = self._database.execute("SELECT tags FROM items WHERE id = ?", (item_id,)).fetchone()
        return msgspec.json.decode(row[0], type=Tags) if row and row[0] is not None else None

    def head(self, item_id: int) -> int:
        row = self._database.execute("SELECT head FROM items WHERE id = ?", (item_id,)).fetchone()
        return int(row[0]) if row else 0

    def belongs(self, edit_id: int, item_id: int) -> bool:
        """Whether the item's journal has that edit."""
        row = self._database.execute("SELECT item FROM edits WHERE id = ?", (edit_id,)).fetchone()
        return row is not None and row[0] == item_id

    def before(self, edit_id: int) -> int:
        """The edit before, where there is one."""
        before, is_first = self._parent(edit_id)
        return edit_id if is_first else before

    def walk(self, start: int, end: int) -> Walk | None:
        """The way from one edit to another of the same item; None when they have no beginning in common.

        A child's id is greater than its parent's, so the greater of two ids always steps back first.
        """
        back: list[int] = []
        forth: list[int] = []
        while start != end:
            if start > end:
                back.append(start)
                start, stopped = self._parent(start)
            else:
                forth.append(end)
                end, stopped = self._parent(end)
            if stopped:
                return None
        return Walk(tuple(back), tuple(reversed(forth)))

    def root_of(self, edit_id: int) -> int:
        """The root from which an edit descends; 0 is the empty beginning."""
        stopped = False
        while edit_id and not stopped:
            root = edit_id
            edit_id, stopped = self._parent(edit_id)
            if stopped:
                return root
        return 0

    def root_with_digest(self, item_id: int, digest: bytes) -> int | None:
        """The root of an item whose pixels have this digest."""
        row = self._database.execute(
            "SELECT id FROM edits WHERE item = ? AND digest = ? ORDER BY id DESC", (item_id, digest)
        ).fetchone()
        return int(row[0]) if row else None

    def _parent(self, edit_id: int) -> tuple[int, bool]:
        """The edit before, and whether there is none because this one is a root."""
        row = self._database.execute("SELECT parent FROM edits WHERE id = ?", (edit_id,)).fetchone()
        parent = row[0] if row else None
        return (0, True) if parent is None else (int(parent), False)

    def _place(self, item_id: int) -> _Place:
        row = self._database.execute(
            "SELECT name, head, CASE head WHEN 0 THEN items.redo ELSE edits.redo END, parent, "
            "COALESCE(kind, ''), COALESCE(what, '') "
            "FROM items LEFT JOIN edits ON edits.id = head WHERE items.id = ?",
            (item_id,),
        ).fetchone()
        if row is None:
            raise UnknownItem(f"number {item_id}", self._database.path.parent)
        return _Place(*row)

    def _expect(self, item_id: int, head: int) -> _Place:
        place = self._place(item_id)
        if place.head != head:
            raise ChangedElsewhere(place.name)
        return place

    def _offer_again(self, connection: sqlite3.Connection, item_id: int, taken_back: Sequence[tuple[int, int]]) -> None:
        """Make each edit that is taken back the one that redo brings at the edit before it."""
        connection.executemany("UPDATE edits SET redo = ? WHERE id = ?", [step for step in taken_back if step[1]])
        first = [(edit_id, item_id) for edit_id, before in taken_back if not before]
        connection.executemany("UPDATE items SET redo = ? WHERE id = ?", first)

    def _show(self, connection: sqlite3.Connection, item_id: int, head: int, edit: Edit, *, back: bool = False) -> None:
        """Make `head` what the item shows; `edit` is what led there, or, going back, what was taken away."""
        if isinstance(edit, PointsEdit):
            self._set_points(connection, item_id, edit.old if back else edit.new, head)
            return
        if isinstance(edit, TagsEdit):
            self._set_tags(connection, item_id, edit.old if back else edit.new, head)
            return
        sign = -1 if back else 1
        _add_pixels(connection, item_id, {value: sign * n for value, n in edit.class_delta().items()})
        connection.execute(
            "UPDATE items SET head = ?, labelled = ?, revision = revision + 1 WHERE id = ?",
            (head, _has_pixels(connection, item_id), item_id),
        )
        self.mask_moved.emit(item_id)

    def _set_points(self, connection: sqlite3.Connection, item_id: int, points: Points, head: int) -> None:
        connection.execute(
            "UPDATE items SET head = ?, label_head = ?, points = ?, labelled = ?, revision = revision + 1 WHERE id = ?",
            (head, head, msgspec.json.encode(points), int(bool(points.placed)), item_id),
        )

    def _set_tags(self, connection: sqlite3.Connection, item_id: int, tags: Tags | None, head: int) -> None:
        """A tag counts as one pixel of its class, so that items are found by class whatever their labels are."""
        connection.execute("DELETE FROM class_pixels WHERE item = ?", (item_id,))
        _add_pixels(connection, item_id, dict.fromkeys(ids_of(tags), 1))
        connection.execute(
            "UPDATE items SET head = ?, label_head = ?, tags = ?, labelled = ?, revision = revision + 1 WHERE id = ?",
            (head, head, encoded_tags(tags), int(tags is not None), item_id),
        )


_KINDS: Final[Mapping[type[Edit], str]] = {MaskEdit: _MASK, PointsEdit: _POINTS, TagsEdit: _TAGS}
_DECODERS: Final[Mapping[str, Callable[[bytes, str], Edit]]] = {
    _MASK: MaskEdit.decode,
    _POINTS: PointsEdit.decode,
    _TAGS: TagsEdit.decode,
}


def encoded_tags(tags: Tags | None) -> bytes | None:
    """As the column `tags` of an item has them."""
    return msgspec.json.encode(tags) if tags is not None else None


def digest_of(mask: Mask) -> bytes:
    """Names the pixels of a mask, whatever file they are in."""
    return hashlib.blake2b(np.ascontiguousarray(mask).data, digest_size=16, key=repr(mask.shape).encode()).digest()


def _add_pixels(connection: sqlite3.Connection, item_id: int, pixels: Mapping[int, int]) -> None:
    connection.executemany(
        "INSERT INTO class_pixels (class_id, item, pixels) VALUES (?, ?, ?) "
        "ON CONFLICT (item, class_id) DO UPDATE SET pixels = pixels + excluded.pixels",
        [(value, item_id, number) for value, number in pixels.items() if value != UNLABELLED],
    )


def _has_pixels(connection: sqlite3.Connection, item_id: int) -> int:
    return int(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM class_pixels WHERE item = ? AND pixels > 0)", (item_id,)
        ).fetchone()[0]
    )
