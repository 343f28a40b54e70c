"""What a run's model said about each item, as a table that can be sorted and filtered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from studio.core.errors import ProjectDamaged
from studio.core.items import Split
from studio.core.review import Decision, ItemScore, ReviewItem, decode_score
from studio.core.thresholds import score_at
from studio.store.database import Database
from studio.store.notes import decoded


@dataclass(frozen=True, kw_only=True)
class ReviewFilter:
    """Which items to review. An empty part lets everything through. `class_id`: the model took pixels of that class for
    another one or the other way round; `confusion`: it took pixels of the first class for the second."""

    splits: Collection[Split] = ()
    class_id: int | None = None
    decisions: Collection[Decision] = ()
    confusion: tuple[int, int] | None = None
    asked: bool = False


class Scores:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, run_id: str, path: Path, *, threshold: float | None = None) -> int:
        """Read a run's scores file, replacing what was read from it before; returns the number of items. `threshold`:
        from which probability on a tag is predicted, where a person chose another one than the run had.

        Decisions stay. A torn last line, of a process that was killed, is passed over. Raises ProjectDamaged.
        """
        scores = _chosen(_read(path))
        if threshold is not None:
            scores = [score_at(score, threshold) for score in scores]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM scores WHERE run = ?", (run_id,))
            connection.execute("DELETE FROM confusions WHERE run = ?", (run_id,))
            for score in scores:
                _insert(connection, run_id, score)
        return len(scores)

    def get(self, run_id: str, item_id: int) -> ItemScore | None:
        row = self._database.execute("SELECT data FROM scores WHERE run = ? AND item = ?", (run_id, item_id)).fetchone()
        return decode_score(row[0]) if row else None

    def ids(self, run_id: str, wanted: ReviewFilter) -> list[int]:
        """The ids of the items that pass, greatest loss first."""
        clauses, values = _conditions(run_id, wanted)
        rows = self._database.execute(
            "SELECT scores.item FROM scores LEFT JOIN verdicts USING (run, item) "
            f"WHERE {' AND '.join(['scores.run = ?', *clauses])} ORDER BY loss DESC, scores.item",
            (run_id, *values),
        )
        return [row[0] for row in rows]

    def many(self, run_id: str, ids: Iterable[int]) -> list[ReviewItem]:
        """In the order of `ids`; items that the run has not scored are passed over."""
        rows = self._database.execute(
            "SELECT scores.data, decision, notes.data FROM json_each(?) AS wanted "
            "JOIN scores ON scores.run = ? AND scores.item = wanted.value "
            "LEFT JOIN verdicts ON verdicts.run = scores.run AND verdicts.item = scores.item "
            "LEFT JOIN notes ON notes.item = scores.item ORDER BY wanted.key",
            (json.dumps(list(ids)), run_id),
        )
        return [
            ReviewItem(
                run=run_id,
                score=decode_score(data),
                decision=Decision(decision or Decision.UNDECIDED),
                note=decoded(note),
            )
            for data, decision, note in rows
        ]

    def counts(self, run_id: str) -> dict[Decision, int]:
        """How many scored items have each decision; every decision has an entry."""
        counts = dict.fromkeys(Decision, 0)
        rows = self._database.execute(
            "SELECT COALESCE(decision, ?), COUNT(*) FROM scores LEFT JOIN verdicts USING (run, item) "
            "WHERE scores.run = ? GROUP BY decision",
            (Decision.UNDECIDED.value, run_id),
        )
        for decision, number in rows:
            counts[Decision(decision)] += number
        return counts

    def splits(self, run_id: str) -> set[Split]:
        """The splits that the run's scored items are in."""
        rows = self._database.execute("SELECT DISTINCT split FROM scores WHERE run = ?", (run_id,))
        return {Split(row[0]) for row in rows}

    def confusion(self, run_id: str, classes: int) -> npt.NDArray[np.int64]:
        """(classes, classes) int64: pixels by label (row) and prediction (column); the diagonal is 0, as scores hold
        differences only."""
        table = np.zeros((classes, classes), np.int64)
        rows = self._database.execute(
            "SELECT label, predicted, SUM(pixels) FROM confusions WHERE run = ? GROUP BY label, predicted", (run_id,)
        )
        for label, predicted, pixels in rows:
            if 0 <= label < classes and 0 <= predicted < classes:
                table[label, predicted] = pixels
        return table

    def mistakes(self, run_id: str) -> dict[tuple[int, int], int]:
        """How many pixels or items by (label, prediction) where they differ, `NO_CLASS` included."""
        rows = self._database.execute(
            "SELECT label, predicted, SUM(pixels) FROM confusions WHERE run = ? GROUP BY label, predicted", (run_id,)
        )
        return {(label, predicted): count for label, predicted, count in rows}


def _read(path: Path) -> Iterator[ItemScore]:
    if not path.is_file():
        return
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            yield decode_score(line)
        except msgspec.DecodeError as error:
            if number == len(lines):  # no newline behind it: torn
                return
            raise ProjectDamaged(path, f"line {number}: {error}") from error


def _chosen(scores: Iterable[ItemScore]) -> list[ItemScore]:
    """One score an item: the later one, but of an item that is in two splits that of the validation split."""
    chosen: dict[int, ItemScore] = {}
    for score in scores:
        other = chosen.get(score.item)
        if other is None or score.split is Split.VALID or other.split is not Split.VALID:
            chosen[score.item] = score
    return list(chosen.values())


def _insert(connection: sqlite3.Connection, run_id: str, score: ItemScore) -> None:
    connection.execute(
        "INSERT INTO scores (run, item, split, loss, data) VALUES (?, ?, ?, ?, ?)",
        (run_id, score.item, score.split.value, score.loss, msgspec.json.encode(score)),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO confusions (run, item, label, predicted, pixels) VALUES (?, ?, ?, ?, ?)",
        ((run_id, score.item, label, predicted, pixels) for label, predicted, pixels in score.confusion),
    )


def _conditions(run_id: str, wanted: ReviewFilter) -> tuple[list[str], list[object]]:
    clauses: list[str] = []
    values: list[object] = []
    if wanted.splits:
        clauses.append(f"split IN ({', '.join('?' * len(wanted.splits))})")
        values += [split.value for split in wanted.splits]
    if wanted.decisions:
        clauses.append(f"COALESCE(decision, ?) IN ({', '.join('?' * len(wanted.decisions))})")
        values += [Decision.UNDECIDED.value, *(decision.value for decision in wanted.decisions)]
    # The subquery names the run itself: tied to the outer row it would be carried out anew for every item.
    mistake = "scores.item IN (SELECT item FROM confusions WHERE run = ? AND pixels > 0 AND "
    if wanted.class_id is not None:
        clauses.append(mistake + "(label = ? OR predicted = ?))")
        values += [run_id, wanted.class_id, wanted.class_id]
    if wanted.asked:
        clauses.append("scores.item IN (SELECT item FROM notes WHERE open = 1)")
    if wanted.confusion is not None:
        clauses.append(mistake + "label = ? AND predicted = ?)")
        values += [run_id, *wanted.confusion]
    return clauses, values
