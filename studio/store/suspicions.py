"""Which labels a run holds for wrong, as a table that can be sorted by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from studio.core.review import Decision
from studio.core.suspicions import Suspicion, decode_suspicion
from studio.store.database import Database
from studio.store.json_lines import read_lines


class Suspicions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, run_id: str, path: Path) -> int:
        """Read what a run suspects, replacing what was read from it before; returns the number of items, 0 where the
        file is not there. A suspicion goes by the id and the name of its item, so what the project no longer has is
        passed over, and so is a torn last line. Raises ProjectDamaged."""
        names: Mapping[int, str] = dict(self._database.execute("SELECT id, name FROM items"))
        suspicions = [
            suspicion for suspicion in read_lines(path, decode_suspicion) if names.get(suspicion.item) == suspicion.name
        ]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM suspicions WHERE run = ?", (run_id,))
            connection.executemany(
                "INSERT OR REPLACE INTO suspicions (run, item, quality, issue, data) VALUES (?, ?, ?, ?, ?)",
                ((run_id, s.item, s.quality, int(s.is_issue), msgspec.json.encode(s)) for s in suspicions),
            )
        return len(suspicions)

    def ids(self, run_id: str, *, issues_only: bool = False) -> list[int]:
        """The ids of the items, the most suspicious first."""
        only = " AND issue = 1" if issues_only else ""
        rows = self._database.execute(
            f"SELECT item FROM suspicions WHERE run = ?{only} ORDER BY quality, item", (run_id,)
        )
        return [row[0] for row in rows]

    def many(self, run_id: str, ids: Iterable[int]) -> dict[int, Suspicion]:
        """By item; items that the run has not judged are missing."""
        rows = self._database.execute(
            "SELECT data FROM json_each(?) AS wanted "
            "JOIN suspicions ON suspicions.run = ? AND suspicions.item = wanted.value",
            (json.dumps(list(ids)), run_id),
        )
        found = [decode_suspicion(row[0]) for row in rows]
        return {suspicion.item: suspicion for suspicion in found}

    def decided(self, run_id: str) -> int:
        """How many of the items that the run suspects somebody has decided about."""
        row = self._database.execute(
            "SELECT COUNT(*) FROM verdicts CROSS JOIN suspicions ON suspicions.run = verdicts.run "
            "AND suspicions.item = verdicts.item WHERE verdicts.run = ? AND verdicts.decision != ? "
            "AND suspicions.issue = 1",
            (run_id, Decision.UNDECIDED.value),
        ).fetchone()
        return int(row[0])

    def counts(self, run_id: str) -> tuple[int, int]:
        """How many items the run suspects, and how many it has judged."""
        issues, judged = self._database.execute(
            "SELECT COALESCE(SUM(issue), 0), COUNT(*) FROM suspicions WHERE run = ?", (run_id,)
        ).fetchone()
        return int(issues), int(judged)
