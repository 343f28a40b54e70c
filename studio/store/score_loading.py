"""Brings what a run scored into its tables, little by little, so that nobody who decides meanwhile waits for it."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from studio.core.review import NO_CLASS, ClassScore, ItemScore
from studio.store.database import Database

_AT_ONCE: Final = 500
"""Items of a transaction; with more of them others wait longer."""

_NEW_AT_ONCE: Final = 4000
"""Items of a transaction where none is there yet: with fewer of them the indices, of which every item changes another
place, would be written to the disk over and over again."""

_CACHE_KIB: Final = 65_536
"""For as long as scores are written: with the indices in memory that takes half the time."""

_LONGEST_PAUSE: Final = 0.05
"""Seconds between two transactions, in which those who wait for the database get it."""

_LOOK_AGAIN: Final = 0.1
"""Seconds between two looks at another loading."""

_STANDS_STILL: Final = 100
"""Looks in a row at which another loading stood where it was: then it was broken off. One that waits for the database
longer than that loses nothing by being taken for dead: it waits in its turn."""


class _Kept(msgspec.Struct, frozen=True):
    """What of a score that is kept has rows of its own in other tables."""

    confusion: tuple[tuple[int, int, int], ...] = ()
    classes: tuple[ClassScore, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Part:
    """`old` and `new` are scores as they are kept, by item, as far as they differ."""

    old: Mapping[int, bytes]
    new: Mapping[int, bytes]
    scores: Mapping[int, ItemScore]


class ScoreLoading:
    """One loading of a run's scores, begun by `begin`. What is there already is left as it is.

    It may be broken off at any time: `is_complete` says so until another loading has come to its end. Where two go on
    at once, the one that began first stops, and may wait for the other. The token of the one that goes on changes with
    each of its transactions.
    """

    def __init__(self, database: Database, run_id: str, *, one_class: bool) -> None:
        self._database = database
        self._run = run_id
        self._one_class = one_class
        self._token = _new_token()

    @staticmethod
    def is_complete(database: Database, run_id: str) -> bool:
        """Whether all scores of the run were brought in, in the end."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM measures WHERE run = ?1) "
            "AND NOT EXISTS (SELECT 1 FROM score_loadings WHERE run = ?1)"
        )
        return bool(database.execute(sql, (run_id,)).fetchone()[0])

    def begin(self) -> None:
        """From now on the scores are incomplete, and no other loading writes any of them."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO score_loadings (run, token) VALUES (?, ?)", self._key)

    def write(self, scores: Iterable[ItemScore]) -> bool:
        """Make these, one an item, all that there are of the run; False where another loading has begun before all of
        them were there."""
        by_item = {score.item: score for score in scores}
        there = self._database.execute("SELECT item FROM scores WHERE run = ?", (self._run,))
        known = {row[0] for row in there}
        items, at_once = sorted(known | by_item.keys()), _AT_ONCE if known else _NEW_AT_ONCE
        with self._large_cache():
            for start in range(0, len(items), at_once):
                part = self._part(items[start : start + at_once], by_item)
                if part.old or part.new:
                    began = time.monotonic()
                    if not self._write_part(part):
                        return False
                    time.sleep(min(_LONGEST_PAUSE, time.monotonic() - began))
        with self._database.transaction() as connection:
            ended = connection.execute("DELETE FROM score_loadings WHERE run = ? AND token = ?", self._key)
        return ended.rowcount == 1

    def wait_for_the_other(self) -> bool:
        """Until the loading that took the place of this one has come to its end; False where it was broken off."""
        before, looks = None, 0
        while (token := self._token_in_force()) is not None:
            before, looks = token, looks + 1 if token == before else 0
            if looks == _STANDS_STILL:
                return False
            time.sleep(_LOOK_AGAIN)
        return True

    def _token_in_force(self) -> str | None:
        row = self._database.execute("SELECT token FROM score_loadings WHERE run = ?", (self._run,)).fetchone()
        return row[0] if row else None

    @contextlib.contextmanager
    def _large_cache(self) -> Generator[None]:
        usual = int(self._database.execute("PRAGMA cache_size").fetchone()[0])
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        try:
            yield
        finally:
            self._database.execute(f"PRAGMA cache_size = {usual}")

    @property
    def _key(self) -> tuple[str, str]:
        return self._run, self._token

    def _part(self, items: Sequence[int], by_item: Mapping[int, ItemScore]) -> _Part:
        """What is to be done about these items, found out while others may write."""
        rows = self._database.execute(
            "SELECT item, data FROM scores WHERE run = ? AND item BETWEEN ? AND ?", (self._run, items[0], items[-1])
        )
        old: dict[int, bytes] = dict(rows)
        scores = {item: by_item[item] for item in items if item in by_item}
        new = {item: msgspec.json.encode(score) for item, score in scores.items()}
        same = {item for item, data in new.items() if old.get(item) == data}
        return _Part(
            old={item: data for item, data in old.items() if item not in same},
            new={item: data for item, data in new.items() if item not in same},
            scores=scores,
        )

    def _write_part(self, part: _Part) -> bool:
        """False where another loading has begun."""
        rows, token = self._rows(part), _new_token()
        gone = json.dumps([item for item in part.old if item not in part.new])
        with self._database.transaction() as connection:
            sql = "UPDATE score_loadings SET token = ? WHERE run = ? AND token = ?"
            if not connection.execute(sql, (token, *self._key)).rowcount:
                return False
            for table in ("scores", "measures"):
                sql = f"DELETE FROM {table} WHERE run = ? AND item IN (SELECT value FROM json_each(?))"
                connection.execute(sql, (self._run, gone))
            for sql, values in rows.items():
                connection.executemany(sql, values)
        self._token = token
        return True

    def _rows(self, part: _Part) -> dict[str, list[tuple[object, ...]]]:
        """By statement. Rows of a table stand in the order in which it is kept, which is quicker."""
        run = self._run
        kept, unreadable = _decoded(part.old)
        unread = [(run, json.dumps(unreadable))] if unreadable else []
        scores = [part.scores[item] for item in part.new]
        confused = sorted((run, label, predicted, item) for item, k in kept for label, predicted, _count in k.confusion)
        confusing = sorted((run, *counted[:2], s.item, counted[2]) for s in scores for counted in s.confusion)
        overlapped = sorted((run, found.class_id, item) for item, k in kept for found in k.classes)
        overlapping = sorted((run, found.class_id, s.item, found.overlap) for s in scores for found in s.classes)
        return {
            "DELETE FROM confusions WHERE run = ? AND label = ? AND predicted = ? AND item = ?": [*confused],
            "DELETE FROM overlaps WHERE run = ? AND class_id = ? AND item = ?": [*overlapped],
            "DELETE FROM confusions WHERE run = ? AND item IN (SELECT value FROM json_each(?))": [*unread],
            "DELETE FROM overlaps WHERE run = ? AND item IN (SELECT value FROM json_each(?))": [*unread],
            "INSERT OR REPLACE INTO scores (run, item, data) VALUES (?, ?, ?)": [
                (run, item, data) for item, data in part.new.items()
            ],
            "INSERT OR REPLACE INTO measures (run, item, split, loss, error, confidence, margin, entropy, corrected, "
            "filed_under) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)": [
                (run, *_measures(score, one_class=self._one_class)) for score in scores
            ],
            "INSERT OR REPLACE INTO confusions (run, label, predicted, item, pixels) VALUES (?, ?, ?, ?, ?)": [
                *confusing
            ],
            "INSERT OR REPLACE INTO overlaps (run, class_id, item, overlap) VALUES (?, ?, ?, ?)": [*overlapping],
        }


def _new_token() -> str:
    return secrets.token_hex(8)


def _decoded(rows: Mapping[int, bytes]) -> tuple[list[tuple[int, _Kept]], list[int]]:
    """What the rows say, and the items of those that are damaged."""
    kept: list[tuple[int, _Kept]] = []
    unreadable: list[int] = []
    for item, data in rows.items():
        try:
            kept.append((item, msgspec.json.decode(data, type=_Kept)))
        except msgspec.DecodeError:
            unreadable.append(item)
    return kept, unreadable


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
