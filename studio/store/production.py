"""What models got wrong out there: where each item was told of, and what the model answered then."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.core.atomic import why
from studio.core.errors import CannotWrite, NotACheckpoint
from studio.core.items import Split
from studio.core.model_header import MODEL_FILE
from studio.core.review import Decision
from studio.core.thresholds import THRESHOLD_FILE
from studio.store.database import Database

_KINDS: Final = (Decision.UNDECIDED.value, Decision.ACCEPTED.value, Decision.EDITED.value)

_OF_RUN: Final = (
    "FROM production JOIN items ON items.id = production.item "
    "JOIN measures ON measures.run = ?1 AND measures.item = items.id AND measures.split = ?2 "
    "LEFT JOIN verdicts ON verdicts.run = ?1 AND verdicts.item = items.id"
)
"""The production items that a run has answered, found by the table that is small."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """`predicted` is what the source says the model answered, in its own words; empty where it says nothing."""

    item: int
    source: str
    predicted: str = ""


@dataclass(frozen=True, kw_only=True)
class ProductionCounts:
    """Of a run's production items: how many there are, have a label, and were decided about in its review; `settled`
    are one or the other, or left out. `learnable` have a label and are not left out; `unchanged` are those of them
    whose label nobody had to change in review."""

    items: int
    labelled: int
    decided: int
    settled: int
    learnable: int
    unchanged: int


class Production:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, seen: Iterable[Seen]) -> None:
        """Keep where items come from; what was told of one before is replaced."""
        now = time.time()
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO production (item, source, predicted, time) VALUES (?, ?, ?, ?)",
                ((each.item, each.source, each.predicted, now) for each in seen),
            )

    def of(self, ids: Iterable[int]) -> dict[int, Seen]:
        """By item; items that nothing was told of are missing."""
        rows = self._database.execute(
            "SELECT item, source, predicted FROM production WHERE item IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {item: Seen(item=item, source=source, predicted=predicted) for item, source, predicted in rows}

    def scored(self, run_id: str) -> list[int]:
        """The production items that the run has answered, in the order of their names."""
        return self._ids(run_id, "1")

    def unlabelled(self, run_id: str) -> list[int]:
        """Those that nobody has labelled or left out, and for which nothing was ever proposed."""
        return self._ids(run_id, "labelled = 0 AND left_out = 0 AND items.id NOT IN (SELECT item FROM proposals)")

    def learnable(self, run_id: str) -> list[int]:
        """The production items of a run that have a label and are not left out, in the order of their names: the model
        answered them wrong, so each is a lesson, whoever labelled it."""
        return self._ids(run_id, "labelled = 1 AND left_out = 0")

    def counts(self, run_id: str) -> ProductionCounts:
        row = self._database.execute(
            "SELECT COUNT(*), TOTAL(labelled), TOTAL(COALESCE(decision, ?3) != ?3), "
            "TOTAL(labelled OR left_out OR COALESCE(decision, ?3) != ?3), TOTAL(labelled AND NOT left_out), "
            f"TOTAL(labelled AND NOT left_out AND COALESCE(decision, ?3) NOT IN (?4, ?5)) {_OF_RUN}",
            (run_id, Split.PRODUCTION.value, *_KINDS),
        ).fetchone()
        items, labelled, decided, settled, learnable, unchanged = (int(value) for value in row)
        return ProductionCounts(
            items=items,
            labelled=labelled,
            decided=decided,
            settled=settled,
            learnable=learnable,
            unchanged=unchanged,
        )

    def _ids(self, run_id: str, condition: str) -> list[int]:
        rows = self._database.execute(
            f"SELECT items.id {_OF_RUN} WHERE {condition} ORDER BY sort_key, items.id",
            (run_id, Split.PRODUCTION.value),
        )
        return [row[0] for row in rows]


def take_over_model(model: Path, folder: Path) -> None:
    """Put a model file into a run's folder: a hard link, as model files are only ever replaced, or a copy; with the
    threshold that was chosen for it. Raises NotACheckpoint where it is gone, CannotWrite."""
    target = folder / MODEL_FILE
    try:
        try:
            target.hardlink_to(model)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(model, target)
        threshold = model.with_name(THRESHOLD_FILE)
        if threshold.is_file():
            shutil.copyfile(threshold, folder / THRESHOLD_FILE)
    except FileNotFoundError as error:
        raise NotACheckpoint(model, "there is no such file") from error
    except OSError as error:
        raise CannotWrite(target, why(error)) from error
