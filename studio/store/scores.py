"""What a run's model said about each item: whole, and its figures in tables that can be sorted and filtered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from studio.core.items import Split
from studio.core.review import NO_CLASS, Decision, ItemScore, ReviewItem, decode_score
from studio.core.thresholds import score_at
from studio.store.database import Database
from studio.store.json_lines import read_lines
from studio.store.notes import decoded
from studio.store.right_counts import right_counts

_TABLES: Final = ("scores", "measures", "confusions", "overlaps")


class Scores:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, run_id: str, path: Path, *, threshold: float | None = None, one_class: bool = False) -> int:
        """Read a run's scores file, replacing what was read from it before; returns the number of items. `threshold`:
        from which probability on a tag is predicted, where a person chose another one than the run had. `one_class`:
        items have one class each, and are filed under that of their label.

        A score goes by the id and the name of its item; what the project no longer has is passed over, and so is a torn
        last line, of a process that was killed. Decisions stay. Raises ProjectDamaged.
        """
        names: Mapping[int, str] = dict(self._database.execute("SELECT id, name FROM items"))
        scores = [score for score in _chosen(read_lines(path, decode_score)) if names.get(score.item) == score.name]
        if threshold is not None:
            scores = [score_at(score, threshold) for score in scores]
        with self._database.transaction() as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (run_id,))
            _insert(connection, run_id, scores, one_class=one_class)
        return len(scores)

    def get(self, run_id: str, item_id: int) -> ItemScore | None:
        row = self._database.execute("SELECT data FROM scores WHERE run = ? AND item = ?", (run_id, item_id)).fetchone()
        return decode_score(row[0]) if row else None

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
            "SELECT COALESCE(decision, ?), COUNT(*) FROM measures LEFT JOIN verdicts USING (run, item) "
            "WHERE measures.run = ? GROUP BY decision",
            (Decision.UNDECIDED.value, run_id),
        )
        for decision, number in rows:
            counts[Decision(decision)] += number
        return counts

    def worst(self, run_id: str, count: int) -> list[int]:
        """The items with the greatest loss, at most `count` of them."""
        rows = self._database.execute(
            "SELECT item FROM measures WHERE run = ? ORDER BY loss DESC, item LIMIT ?", (run_id, count)
        )
        return [row[0] for row in rows]

    def errors(self, run_id: str) -> dict[int, float]:
        """By item; what had no label is missing."""
        sql = "SELECT item, error FROM measures WHERE run = ? AND error IS NOT NULL"
        return dict(self._database.execute(sql, (run_id,)))

    def splits(self, run_id: str) -> set[Split]:
        """The splits that the run's scored items are in."""
        rows = self._database.execute("SELECT DISTINCT split FROM measures WHERE run = ?", (run_id,))
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

    def right(self, run_id: str, classes: int, *, of_pixels: bool) -> npt.NDArray[np.int64] | None:
        """As `right_counts`."""
        return right_counts(self._database, run_id, classes=classes, of_pixels=of_pixels)

    def mistakes(self, run_id: str) -> dict[tuple[int, int], int]:
        """How many pixels or items by (label, prediction) where they differ, `NO_CLASS` included."""
        rows = self._database.execute(
            "SELECT label, predicted, SUM(pixels) FROM confusions WHERE run = ? GROUP BY label, predicted", (run_id,)
        )
        return {(label, predicted): count for label, predicted, count in rows}


def _chosen(scores: Iterable[ItemScore]) -> list[ItemScore]:
    """One score an item: the later one, but of an item that is in two splits that of the validation split."""
    chosen: dict[int, ItemScore] = {}
    for score in scores:
        other = chosen.get(score.item)
        if other is None or score.split is Split.VALID or other.split is not Split.VALID:
            chosen[score.item] = score
    return list(chosen.values())


def _insert(connection: sqlite3.Connection, run_id: str, scores: Sequence[ItemScore], *, one_class: bool) -> None:
    """Table by table in the order of the items, as each table is kept, which is quicker than score by score."""
    ordered = sorted(scores, key=lambda score: score.item)
    connection.executemany(
        "INSERT INTO scores (run, item, data) VALUES (?, ?, ?)",
        ((run_id, score.item, msgspec.json.encode(score)) for score in ordered),
    )
    connection.executemany(
        "INSERT INTO measures (run, item, split, loss, error, confidence, margin, entropy, corrected, filed_under) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((run_id, *_measures(score, one_class=one_class)) for score in ordered),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO confusions (run, item, label, predicted, pixels) VALUES (?, ?, ?, ?, ?)",
        ((run_id, score.item, *counted) for score in ordered for counted in score.confusion),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO overlaps (run, item, class_id, overlap) VALUES (?, ?, ?, ?)",
        ((run_id, score.item, found.class_id, found.overlap) for score in ordered for found in score.classes),
    )


def _measures(score: ItemScore, *, one_class: bool) -> tuple[object, ...]:
    """The columns of `measures` after the run."""
    sure = (score.confidence, score.margin, score.entropy)
    judged = (score.loss, score.error) if score.labelled else (None, None)
    figures = (score.item, score.split.value, *judged)
    return (*figures, *sure, int(score.corrected), _filed_under(score, one_class=one_class))


def _filed_under(score: ItemScore, *, one_class: bool) -> int | None:
    """The class of the label, or else the class that the largest mistake is about; None without it."""
    if one_class:
        return score.label.ids[0] if score.label is not None and score.label.ids else None
    if not score.confusion:
        return None
    label, predicted, _pixels = score.confusion[0]
    return predicted if label == NO_CLASS else label
