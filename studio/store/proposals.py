"""Proposals of models, at most one an item: a mask file, points or tags, how uncertain, and whether still open."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec

from studio.core.events import Proposed
from studio.core.points import Points
from studio.core.proposals import Proposal
from studio.core.tags import PredictedTags
from studio.store.database import Database
from studio.store.journal import Walk

PROPOSALS_FOLDER: Final = "proposals"

_COLUMNS: Final = "item, source, mask, points, tags, uncertainty, time, open"


class Proposals:
    def __init__(self, project: Path, database: Database) -> None:
        self.folder = project / PROPOSALS_FOLDER
        """Masks lie below it under the same names as label files."""
        self._database = database

    def mask_path(self, item_id: int) -> Path:
        """Where the item's proposed mask goes, a PNG of class ids."""
        row = self._database.execute("SELECT label FROM items WHERE id = ?", (item_id,)).fetchone()
        return self.folder / (row[0] if row else f"{item_id}.png")

    def mask_paths(self, ids: Iterable[int]) -> dict[int, Path]:
        """`mask_path` of many items at once; ids that the project does not have are passed over."""
        rows = self._database.execute(
            "SELECT items.id, label FROM json_each(?) AS wanted JOIN items ON items.id = wanted.value",
            (json.dumps(list(ids)),),
        )
        return {item: self.folder / label for item, label in rows}

    def together(self) -> AbstractContextManager[object]:
        """What is kept inside of the block is kept at once."""
        return self._database.transaction()

    def put(
        self,
        item_id: int,
        source: str,
        *,
        points: Points | None = None,
        tags: PredictedTags | None = None,
        uncertainty: float | None = None,
    ) -> Proposal:
        """Keep a new proposal in the place of the item's former one; without points and tags its mask is at
        `mask_path`."""
        is_mask = points is None and tags is None
        mask = self.mask_path(item_id).relative_to(self.folder).as_posix() if is_mask else None
        proposal = Proposal(
            item=item_id, source=source, mask=mask, points=points, tags=tags, uncertainty=uncertainty, time=time.time()
        )
        encoded = (_encoded(points), _encoded(tags))
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM acceptances WHERE item = ?", (item_id,))
            connection.execute(
                f"INSERT OR REPLACE INTO proposals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
                (item_id, source, mask, *encoded, uncertainty, proposal.time),
            )
        return proposal

    def keep(self, source: str, event: Proposed) -> Proposal:
        """`put` what a worker said; classes of an item that got a label as a whole meanwhile are not offered."""
        with self._database.transaction() as connection:
            self.put(event.item, source, points=event.points, tags=event.tags, uncertainty=event.uncertainty)
            row = connection.execute("SELECT head FROM items WHERE id = ? AND labelled = 1", (event.item,)).fetchone()
            if row is not None and event.tags is not None:
                self.settle({event.item: row[0]})
            kept = self.of(event.item)
        assert kept is not None
        return kept

    def of(self, item_id: int) -> Proposal | None:
        """The item's last proposal, open or not."""
        row = self._database.execute(f"SELECT {_COLUMNS} FROM proposals WHERE item = ?", (item_id,)).fetchone()
        return _proposal(row) if row else None

    def is_open(self, item_id: int) -> bool:
        """Whether the item has a proposal that is offered."""
        row = self._database.execute("SELECT 1 FROM proposals WHERE item = ? AND open = 1", (item_id,)).fetchone()
        return row is not None

    def open_among(self, ids: Iterable[int]) -> frozenset[int]:
        """Those of these items that have a proposal that is offered."""
        rows = self._database.execute(
            "SELECT item FROM proposals WHERE open = 1 AND item IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return frozenset(row[0] for row in rows)

    def discard(self, item_id: int) -> frozenset[int]:
        """It is not offered again, whatever edit is undone. Returns those that had taken it over, for `offer_again`."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT edit FROM acceptances WHERE item = ?", (item_id,)).fetchall()
            connection.execute("DELETE FROM acceptances WHERE item = ?", (item_id,))
            connection.execute("UPDATE proposals SET open = 0 WHERE item = ?", (item_id,))
        return frozenset(edit for (edit,) in rows)

    def offer_again(self, item_id: int, accepting: Iterable[int]) -> None:
        """Take `discard` back, on the edit where it was done; `accepting` are the edits that it returned."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO acceptances (edit, item) VALUES (?, ?)", ((edit, item_id) for edit in accepting)
            )
            connection.execute("UPDATE proposals SET open = 1 WHERE item = ?", (item_id,))

    def accept(self, item_id: int, edit: int) -> None:
        """The item's newest edit took it over as a whole: it is open again while the item does not show that edit."""
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO acceptances (edit, item) VALUES (?, ?)", (edit, item_id))
            connection.execute("UPDATE proposals SET open = 0 WHERE item = ?", (item_id,))

    def settle(self, labelled: Mapping[int, int]) -> None:
        """These items got a label as a whole by these edits, by item: what is offered for one counts as accepted by
        it. To be called within the transaction of the edits."""
        for item in self.open_among(labelled):
            self.accept(item, labelled[item])

    def follow_many(self, edits: Collection[int], *, are_undone: bool) -> None:
        """These edits of many items were undone, or redone: as `follow`, within their transaction."""
        self._database.connection.execute(
            "UPDATE proposals SET open = ? WHERE item IN "
            "(SELECT item FROM acceptances WHERE edit IN (SELECT value FROM json_each(?)))",
            (int(are_undone), json.dumps(list(edits))),
        )

    def follow(self, item_id: int, way: Walk) -> None:
        """The item went this way in its history; an acceptance on it was taken back, or made again.

        A proposal is accepted only while it is open, so that no state descends from two acceptances of it.
        """
        rows = self._database.execute("SELECT edit FROM acceptances WHERE item = ?", (item_id,)).fetchall()
        accepting = {edit for (edit,) in rows}
        if accepting.intersection((*way.back, *way.forth)):
            is_open = accepting.isdisjoint(way.forth)
            self._database.execute("UPDATE proposals SET open = ? WHERE item = ?", (int(is_open), item_id))

    def count_open(self) -> int:
        return int(self._database.execute("SELECT COUNT(*) FROM proposals WHERE open = 1").fetchone()[0])

    def most_uncertain_first(self, ids: Iterable[int]) -> list[int]:
        """`ids` ordered by the uncertainty of each item's last proposal; those without one come after, in their
        order."""
        rows = self._database.execute(
            "SELECT wanted.value FROM json_each(?) AS wanted LEFT JOIN proposals ON proposals.item = wanted.value "
            "ORDER BY proposals.uncertainty IS NULL, proposals.uncertainty DESC, wanted.key",
            (json.dumps(list(ids)),),
        )
        return [row[0] for row in rows]

    def painted_last(self, limit: int) -> list[int]:
        """The items whose labels changed last, newest first; such as are left out or not labelled are passed over."""
        rows = self._database.execute(
            "SELECT edits.item FROM edits JOIN items ON items.id = edits.item WHERE labelled = 1 AND left_out = 0 "
            "GROUP BY edits.item ORDER BY MAX(edits.id) DESC LIMIT ?",
            (limit,),
        )
        return [row[0] for row in rows]


def _encoded(value: Points | PredictedTags | None) -> bytes | None:
    return msgspec.json.encode(value) if value is not None else None


def _proposal(row: tuple[int, str, str | None, bytes | None, bytes | None, float | None, float, int]) -> Proposal:
    item, source, mask, points, tags, uncertainty, made, is_open = row
    return Proposal(
        item=item,
        source=source,
        mask=mask,
        points=msgspec.json.decode(points, type=Points) if points is not None else None,
        tags=msgspec.json.decode(tags, type=PredictedTags) if tags is not None else None,
        uncertainty=uncertainty,
        time=made,
        is_open=bool(is_open),
    )
