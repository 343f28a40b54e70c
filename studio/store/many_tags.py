"""Tags of many items at once: one action of a person, one edit for each item, a few statements for all of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from studio.core.document import Document, TagsDocument
from studio.core.edits import TagsEdit
from studio.core.errors import UnknownItem
from studio.core.tags import Tags, ids_of
from studio.store.database import DATABASE_FILE, Database
from studio.store.items import Items
from studio.store.journal import Journal, encoded_tags
from studio.store.locations import Locations
from studio.store.proposals import Proposals
from studio.store.settings_file import read_settings

Result = TypeVar("Result")
TaggedItems = Mapping[int, int]
"""By item, the edit that an action made of it."""

_OF_ITEMS: Final = "FROM json_each(?) AS wanted JOIN items ON items.id = wanted.value"


@dataclass(frozen=True, slots=True)
class _Move:
    """An item that comes to show the edit `head`, and the tags that it has then."""

    item: int
    head: int
    tags: Tags | None


class ManyTags:
    """A hundred thousand items cost a second or two, not a transaction each. `opened` tells the open documents by
    item."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        proposals: Proposals,
        opened: Callable[[], Mapping[int, Document]],
    ) -> None:
        self._database = database
        self._journal = journal
        self._proposals = proposals
        self._opened = opened

    def of(self, ids: Collection[int]) -> dict[int, Tags | None]:
        """The tags of these items; ids that the project does not have are passed over."""
        rows = self._database.execute(f"SELECT items.id, tags {_OF_ITEMS}", (json.dumps(list(ids)),))
        return {item: _decoded(tags) for item, tags in rows}

    def counts(self, ids: Collection[int]) -> dict[int, int]:
        """How many of these items have each class; classes that none of them has are left out."""
        rows = self._database.execute(
            "SELECT class_id, COUNT(*) FROM class_pixels WHERE pixels > 0 "
            "AND item IN (SELECT value FROM json_each(?)) GROUP BY class_id",
            (json.dumps(list(ids)),),
        )
        return dict(rows.fetchall())

    def replace(self, tags: Mapping[int, Tags | None], what: str) -> dict[int, int]:
        """Give items other tags, one edit each and all or none; open documents follow. Returns the edits of those that
        changed, which `undo` and `redo` take. Raises UnknownItem, CannotWrite."""
        return self._replace(tags, lambda _found: tags, what)

    def change(self, ids: Collection[int], new: Callable[[Tags | None], Tags | None], what: str) -> dict[int, int]:
        """`replace` by what `new` makes of the tags that each item has at that moment."""
        return self._replace(ids, lambda found: {item: new(now) for item, now in found.items()}, what)

    def _replace(
        self,
        ids: Collection[int],
        wanted: Callable[[Mapping[int, Tags | None]], Mapping[int, Tags | None]],
        what: str,
    ) -> dict[int, int]:
        """What `wanted` makes of the present tags is made within the transaction that reads them."""
        self.settle()
        with self._database.transaction() as connection:
            rows = self._database.execute(f"SELECT items.id, head, tags {_OF_ITEMS}", (json.dumps(list(ids)),))
            found = {item: (head, _decoded(now)) for item, head, now in rows}
            tags = wanted({item: now for item, (_, now) in found.items()})
            for item in ids:
                if item not in found:
                    raise UnknownItem(f"number {item}", self._database.path.parent)
            edits = {i: TagsEdit(what, found[i][1], new) for i, new in tags.items() if found[i][1] != new}
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'edits'").fetchone()
            numbers = dict(zip(edits, range((row[0] if row else 0) + 1, 2**62), strict=False))
            now = time.time()
            connection.executemany(
                "INSERT INTO edits (id, item, parent, kind, what, time, data) VALUES (?, ?, ?, 'tags', ?, ?, ?)",
                ((numbers[i], i, found[i][0], what, now, edit.encode()) for i, edit in edits.items()),
            )
            self._show([_Move(i, numbers[i], edit.new) for i, edit in edits.items()])
            self._proposals.settle({i: numbers[i] for i, edit in edits.items() if edit.new is not None})
        self._tell(edits)
        return numbers

    def undo(self, edits: TaggedItems) -> list[int]:
        """Take the edits of one action back, where they are still the last ones. Returns the items that changed.

        Raises CannotWrite.
        """
        self.settle()
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT edits.item, edits.id, edits.parent, data FROM json_each(?) AS wanted "
                "JOIN edits ON edits.id = wanted.value JOIN items ON items.id = edits.item AND items.head = edits.id "
                "WHERE edits.parent IS NOT NULL",
                (json.dumps(list(edits.values())),),
            ).fetchall()
            connection.executemany(
                "UPDATE edits SET redo = ? WHERE id = ?", ((number, parent) for _, number, parent, _ in rows if parent)
            )
            connection.executemany(
                "UPDATE items SET redo = ? WHERE id = ?",
                ((number, item) for item, number, parent, _ in rows if not parent),
            )
            changes = {item: TagsEdit.decode(data, "").inverse("") for item, _, _, data in rows}
            self._show([_Move(item, parent, changes[item].new) for item, _, parent, _ in rows])
            self._proposals.follow_many([number for _, number, _, _ in rows], are_undone=True)
        self._tell(changes)
        return list(changes)

    def redo(self, edits: TaggedItems) -> list[int]:
        """Bring the edits of one action again, where they are still what redo would bring. Returns the items that
        changed. Raises CannotWrite."""
        self.settle()
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT edits.item, edits.id, edits.data FROM json_each(?) AS wanted "
                "JOIN edits ON edits.id = wanted.value "
                "JOIN items ON items.id = edits.item AND items.head = edits.parent "
                "LEFT JOIN edits AS above ON above.id = items.head "
                "WHERE CASE items.head WHEN 0 THEN items.redo ELSE above.redo END = edits.id",
                (json.dumps(list(edits.values())),),
            ).fetchall()
            changes = {item: TagsEdit.decode(data, "") for item, _, data in rows}
            self._show([_Move(item, number, changes[item].new) for item, number, _ in rows])
            self._proposals.follow_many([number for _, number, _ in rows], are_undone=False)
        self._tell(changes)
        return list(changes)

    def settle(self) -> None:
        """Commit what is half done in open documents, so that nothing builds on a state that is about to go."""
        for document in self._opened().values():
            document.commit()

    def follow(self) -> None:
        """Let open documents catch up with what was changed by another connection."""
        for item, document in self._opened().items():
            if isinstance(document, TagsDocument) and document.head != self._journal.head(item):
                now = self._journal.tags(item)
                document.adopt(TagsEdit("", document.tags, now), self._journal.history(item))

    def _show(self, moves: Sequence[_Move]) -> None:
        connection = self._database.connection
        connection.executemany("DELETE FROM class_pixels WHERE item = ?", ((move.item,) for move in moves))
        connection.executemany(
            "INSERT INTO class_pixels (class_id, item, pixels) VALUES (?, ?, 1)",
            ((class_id, move.item) for move in moves for class_id in ids_of(move.tags)),
        )
        connection.executemany(
            "UPDATE items SET head = ?, label_head = ?, tags = ?, labelled = ?, revision = revision + 1 WHERE id = ?",
            ((m.head, m.head, encoded_tags(m.tags), int(m.tags is not None), m.item) for m in moves),
        )

    def _tell(self, edits: Mapping[int, TagsEdit]) -> None:
        for item, document in self._opened().items():
            if item in edits and isinstance(document, TagsDocument):
                document.adopt(edits[item], self._journal.history(item))


def tags_beside(root: Path, work: Callable[[ManyTags], Result]) -> Result:
    """Do `work` with a connection of its own, for another thread than the one that the project's store belongs to; that
    one's documents then `follow`. Raises what `work` raises."""
    database = Database(root / DATABASE_FILE)
    try:
        items = Items(database, Locations(root, read_settings(root)))
        return work(ManyTags(database, Journal(database, items), Proposals(root, database), dict))
    finally:
        database.close()


def _decoded(tags: bytes | None) -> Tags | None:
    return msgspec.json.decode(tags, type=Tags) if tags is not None else None
