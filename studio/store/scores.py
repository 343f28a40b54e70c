"""What a run's model said about each item: whole, and its figures in tables that can be sorted and filtered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.items import Split
from studio.core.review import Decision, ItemScore, ReviewItem, decode_score
from studio.core.thresholds import score_at
from studio.store.database import Database
from studio.store.json_lines import read_lines
from studio.store.notes import decoded
from studio.store.right_counts import right_counts
from studio.store.score_loading import ScoreLoading


class Scores:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, run_id: str, path: Path, *, threshold: Callable[[], float | None], one_class: bool = False) -> int:
        """Read a run's scores file, replacing what was read from it before; returns the number of items. `threshold`:
        from which probability on a tag is predicted, where a person chose another one than the run had. `one_class`:
        items have one class each, and are filed under that of their label.

        A score goes by the id and the name of its item; what the project no longer has is passed over, and so is a torn
        last line, of a process that was killed. Decisions stay, and others may decide meanwhile. Where another loading
        of the run begins meanwhile, this waits for its end. Raises ProjectDamaged.
        """
        names: Mapping[int, str] = dict(self._database.execute("SELECT id, name FROM items"))
        scores = [score for score in _chosen(read_lines(path, decode_score)) if names.get(score.item) == score.name]
        loading, is_there = ScoreLoading(self._database, run_id, one_class=one_class), False
        while not is_there:
            loading.begin()
            chosen = threshold()  # not sooner: who chooses another one from here on begins a loading that ends this one
            wanted = scores if chosen is None else [score_at(score, chosen) for score in scores]
            is_there = loading.write(wanted) or loading.wait_for_the_other()
        return len(scores)

    def is_loaded(self, run_id: str) -> bool:
        """Whether all scores of the run have been read; not so where that was broken off."""
        return ScoreLoading.is_complete(self._database, run_id)

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

    def errors(self, run_id: str, split: Split | None = None) -> dict[int, float]:
        """By item, of all splits or one; what had no label is missing."""
        sql = "SELECT item, error FROM measures WHERE run = ?1 AND error IS NOT NULL AND (?2 IS NULL OR split = ?2)"
        return dict(self._database.execute(sql, (run_id, split)))

    def splits(self, run_id: str) -> set[Split]:
        """The splits that the run's scored items are in."""
        rows = self._database.execute("SELECT DISTINCT split FROM measures WHERE run = ?", (run_id,))
        return {Split(row[0]) for row in rows}

    def confusion(self, run_id: str, classes: int, split: Split | None = None) -> npt.NDArray[np.int64]:
        """(classes, classes) int64, of all splits or one: pixels by label (row) and prediction (column); the diagonal
        is 0, as scores hold differences only."""
        table = np.zeros((classes, classes), np.int64)
        of_split = "" if split is None else "AND item IN (SELECT item FROM measures WHERE run = ?1 AND split = ?2)"
        rows = self._database.execute(
            f"SELECT label, predicted, SUM(pixels) FROM confusions WHERE run = ?1 {of_split} GROUP BY label, predicted",
            (run_id,) if split is None else (run_id, split),
        )
        for label, predicted, pixels in rows:
            if 0 <= label < classes and 0 <= predicted < classes:
                table[label, predicted] = pixels
        return table

    def right(
        self, run_id: str, classes: int, split: Split | None = None, *, of_pixels: bool
    ) -> npt.NDArray[np.int64] | None:
        """As `right_counts`."""
        return right_counts(self._database, run_id, split, classes=classes, of_pixels=of_pixels)

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
