"""The items of a project: adding them, finding them, and where each one stands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from studio.core.errors import BadName, UnknownItem
from studio.core.items import Item, LabelState, NewItem, Split
from studio.store.database import Database
from studio.store.locations import Locations
from studio.store.natural_order import natural_key

_COLUMNS: Final = "items.id, name, items.root, items.path, split, labelled, left_out, group_name, revision"

_INSERT: Final = (
    "INSERT INTO items (name, sort_key, root, path, split, group_name, label) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (label) DO NOTHING"
)

_STATE_SQL: Final = {
    LabelState.UNLABELLED: "(labelled = 0 AND left_out = 0)",
    LabelState.LABELLED: "(labelled = 1 AND left_out = 0)",
    LabelState.LEFT_OUT: "left_out = 1",
}


@dataclass(frozen=True, kw_only=True)
class ItemFilter:
    """Which items to list. An empty part lets everything through. `class_id`: the label has a pixel of that class;
    `text`: the name contains it, whatever the case; `proposed`: a model's proposal is open; `queued`: it waits in the
    queue of what to label next, whose order the items then have."""

    states: Collection[LabelState] = ()
    splits: Collection[Split] = ()
    class_id: int | None = None
    text: str = ""
    proposed: bool = False
    queued: bool = False


TRAINED_ON: Final = ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,))
"""What the next training learns."""


@dataclass(frozen=True, kw_only=True)
class ItemCounts:
    """How many items are in each state and in each split; every state and split has an entry."""

    by_state: Mapping[LabelState, int]
    by_split: Mapping[Split, int]

    @property
    def total(self) -> int:
        return sum(self.by_split.values())


class Items:
    def __init__(self, database: Database, locations: Locations) -> None:
        self._database = database
        self.locations = locations

    def add(self, items: Iterable[NewItem]) -> list[int]:
        """The ids of `items` in their order; names that the project has already keep their item as it is.

        All or nothing. Raises BadName for a name that is no relative path.
        """
        with self._database.transaction() as connection:
            return [self._add(connection, item) for item in items]

    def get(self, item_id: int) -> Item:
        """Raises UnknownItem."""
        return self._one("items.id = ?", item_id, f"number {item_id}")

    def revision(self, item_id: int) -> int:
        """That of its annotation; 0 for an item that is not there."""
        row = self._database.execute("SELECT revision FROM items WHERE id = ?", (item_id,)).fetchone()
        return int(row[0]) if row else 0

    def named(self, name: str) -> Item:
        """Raises UnknownItem."""
        return self._one("name = ?", name, name)

    def many(self, ids: Iterable[int]) -> list[Item]:
        """The items with these ids in the order of `ids`; ids that the project does not have are passed over."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM json_each(?) AS wanted JOIN items ON items.id = wanted.value ORDER BY wanted.key",
            (json.dumps(list(ids)),),
        )
        return [self._item(row) for row in rows]

    def sequence(self, item: Item, reach: int) -> tuple[list[Item], int]:
        """The items that stand in a row with `item` in natural order and belong to its group, at most `reach` to either
        side, and its place among them."""
        before, after = self._in_a_row(item, "<", "DESC", reach), self._in_a_row(item, ">", "ASC", reach)
        return [*reversed(before), item, *after], len(before)

    def ids(self, wanted: ItemFilter) -> list[int]:
        """The ids of the items that pass, in natural order of their names, or that of the queue."""
        clauses, values = _conditions(wanted)
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        order = "(SELECT place FROM queue WHERE item = id)" if wanted.queued else "sort_key, id"
        rows = self._database.execute(f"SELECT id FROM items {where} ORDER BY {order}", tuple(values))
        return [row[0] for row in rows]

    def with_class(self, class_id: int) -> list[int]:
        """The ids of the items whose label has the class, ascending."""
        rows = self._database.execute(
            "SELECT item FROM class_pixels WHERE class_id = ? AND pixels > 0 ORDER BY item", (class_id,)
        )
        return [row[0] for row in rows]

    def counts(self) -> ItemCounts:
        by_state = dict.fromkeys(LabelState, 0)
        by_split = dict.fromkeys(Split, 0)
        rows = self._database.execute(
            "SELECT split, labelled, left_out, COUNT(*) FROM items GROUP BY split, labelled, left_out"
        )
        for split, labelled, left_out, number in rows:
            by_state[_state(labelled, left_out)] += number
            by_split[Split(split)] += number
        return ItemCounts(by_state=by_state, by_split=by_split)

    def count(self, wanted: ItemFilter) -> int:
        """How many items pass."""
        clauses, values = _conditions(wanted)
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        return int(next(iter(self._database.execute(f"SELECT COUNT(*) FROM items {where}", tuple(values))))[0])

    def with_each_class(self) -> dict[int, dict[Split, int]]:
        """By class and split, how many labelled items that are not left out have the class."""
        rows = self._database.execute(
            "SELECT class_id, split, COUNT(*) FROM class_pixels JOIN items ON items.id = item "
            "WHERE pixels > 0 AND labelled = 1 AND left_out = 0 GROUP BY class_id, split"
        )
        counts: dict[int, dict[Split, int]] = {}
        for class_id, split, number in rows:
            counts.setdefault(class_id, {})[Split(split)] = number
        return counts

    def set_split(self, ids: Iterable[int], split: Split) -> None:
        with self._database.transaction() as connection:
            connection.executemany("UPDATE items SET split = ? WHERE id = ?", ((split.value, i) for i in ids))

    def set_left_out(self, ids: Iterable[int], left_out: bool) -> None:
        with self._database.transaction() as connection:
            connection.executemany("UPDATE items SET left_out = ? WHERE id = ?", ((int(left_out), i) for i in ids))

    def usable(self) -> Iterator[Item]:
        """The items that may enter a run's data: labelled and not left out, in the order of their ids."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM items WHERE labelled = 1 AND left_out = 0 ORDER BY items.id"
        )
        return (self._item(row) for row in rows.fetchall())

    def unlabelled_paths(self) -> list[str]:
        """Where the items of training and validation lie about which nobody has said anything, but those left out, in
        the order of their ids."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM items WHERE labelled = 0 AND left_out = 0 AND split IN (?, ?) ORDER BY items.id",
            (Split.TRAIN.value, Split.VALID.value),
        )
        return [str(self._item(row).path) for row in rows.fetchall()]

    def _one(self, condition: str, value: object, called: str) -> Item:
        row = self._database.execute(f"SELECT {_COLUMNS} FROM items WHERE {condition}", (value,)).fetchone()
        if row is None:
            raise UnknownItem(called, self._database.path.parent)
        return self._item(row)

    def _in_a_row(self, item: Item, comes: str, order: str, reach: int) -> list[Item]:
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM items, (SELECT sort_key AS here FROM items WHERE id = ?1) "
            f"WHERE (sort_key, items.id) {comes} (here, ?1) ORDER BY sort_key {order}, items.id {order} LIMIT ?2",
            (item.id, reach),
        )
        return list(takewhile(lambda other: other.group == item.group, map(self._item, rows)))

    def _item(self, row: tuple[int, str, int | None, str, str, int, int, str, int]) -> Item:
        item_id, name, root, path, split, labelled, left_out, group, revision = row
        return Item(
            id=item_id,
            name=name,
            path=self.locations.path(root, path),
            split=Split(split),
            state=_state(labelled, left_out),
            group=group,
            revision=revision,
        )

    def _add(self, connection: sqlite3.Connection, item: NewItem) -> int:
        known = connection.execute("SELECT id FROM items WHERE name = ?", (item.name,)).fetchone()
        if known is not None:
            return int(known[0])
        _check_name(item.name)
        root, path = self.locations.stored(item.path)
        values = (item.name, natural_key(item.name), root, path, item.split.value, item.group)
        labels = _label_names(item.name)
        while not (cursor := connection.execute(_INSERT, (*values, next(labels)))).rowcount:
            pass  # another item has that label file; the next name is longer
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def _label_names(name: str) -> Iterator[str]:
    """Where an item's label file may lie below labels/, best first: the name as a PNG, then with its own suffix kept
    (a.jpg and a.png in one folder), then numbered (names that differ in case only)."""
    stem = name.rpartition(".")[0] if "." in name.rpartition("/")[2].lstrip(".") else name
    yield f"{stem}.png"
    yield f"{name}.png"
    number = 2
    while True:
        yield f"{name}.{number}.png"
        number += 1


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not name or ".." in parts or "" in parts or "." in parts or "\\" in name or "\0" in name or ":" in parts[0]:
        raise BadName(name)


def _state(labelled: int, left_out: int) -> LabelState:
    if left_out:
        return LabelState.LEFT_OUT
    return LabelState.LABELLED if labelled else LabelState.UNLABELLED


def _conditions(wanted: ItemFilter) -> tuple[list[str], list[object]]:
    clauses: list[str] = []
    values: list[object] = []
    if wanted.states:
        clauses.append("(" + " OR ".join(_STATE_SQL[state] for state in sorted(set(wanted.states))) + ")")
    if wanted.splits:
        clauses.append(f"split IN ({', '.join('?' * len(wanted.splits))})")
        values += [split.value for split in wanted.splits]
    if wanted.class_id is not None:
        clauses.append("id IN (SELECT item FROM class_pixels WHERE class_id = ? AND pixels > 0)")
        values.append(wanted.class_id)
    if wanted.proposed:
        clauses.append("id IN (SELECT item FROM proposals WHERE open = 1)")
    if wanted.queued:
        clauses.append(f"(id IN (SELECT item FROM queue) AND {_STATE_SQL[LabelState.UNLABELLED]})")
    if wanted.text:
        clauses.append("name LIKE ? ESCAPE '\\'")
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values.append(f"%{escaped}%")
    return clauses, values
