"""What to label next, as the project keeps it: the items that a run's model chose, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from studio.core.label_queue import Queued
from studio.store.database import Database

_LEFT: Final = "FROM queue CROSS JOIN items ON items.id = queue.item WHERE labelled = 0 AND left_out = 0"
"""CROSS, so that SQLite goes through the queue and not through all items."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """`run` chose the queue's items; it is empty where they were drawn at random, None without a queue. `left` of
    `total` have no label yet."""

    run: str | None = None
    left: int = 0
    total: int = 0


class LabelQueue:
    """One a project. An item that is labelled or left out stands in it no more, until that is undone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, run: str, queue: Sequence[Queued]) -> None:
        """The queue is this one now; `run` is empty for one drawn at random. Raises CannotWrite."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM queue")
            connection.executemany(
                "INSERT INTO queue (place, item, run, uncertainty) VALUES (?, ?, ?, ?)",
                ((place, one.item, run, one.uncertainty) for place, one in enumerate(queue, start=1)),
            )

    def left(self) -> list[Queued]:
        """Those that wait for a label, the first one first."""
        rows = self._database.execute(f"SELECT queue.item, uncertainty {_LEFT} ORDER BY place")
        return [Queued(item=item, uncertainty=uncertainty) for item, uncertainty in rows]

    def state(self) -> QueueState:
        row = self._database.execute("SELECT MAX(run), COUNT(*) FROM queue").fetchone()
        left = self._database.execute(f"SELECT COUNT(*) {_LEFT}").fetchone()[0]
        return QueueState(run=row[0], left=left, total=row[1])

    def next(self, item_id: int | None) -> int | None:
        """The item to label after this one: the next that waits, from the end on the first again. None where no other
        one waits; an item that does not stand in the queue comes before all."""
        row = self._database.execute(
            f"SELECT queue.item {_LEFT} AND queue.item IS NOT ?1 "
            "ORDER BY place <= IFNULL((SELECT place FROM queue WHERE item = ?1), 0), place LIMIT 1",
            (item_id,),
        ).fetchone()
        return row[0] if row else None
