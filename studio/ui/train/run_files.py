"""What a run's folder still allows: going on, starting from it, reviewing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from studio.core.kept_state import can_go_on
from studio.core.outcome import OutcomeKind
from studio.core.review import SCORES_FILE
from studio.store import RunRecord
from studio.store.runs import WEIGHTS_FILE
from studio.ui.train.recipe_form import StartChoice
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_words import date_text


def can_resume(record: RunRecord) -> bool:
    """A run that ended before its time and left a checkpoint."""
    unfinished = record.outcome is not None and record.outcome.kind is not OutcomeKind.FINISHED
    return unfinished and can_go_on(record.folder)


def can_start_from(record: RunRecord) -> bool:
    return record.has_model


def is_a_start(record: RunRecord) -> bool:
    """Whether a recipe may name it as its parent: also what scored production errors, with a copy of its model."""
    return (record.folder / WEIGHTS_FILE).is_file()


def can_review(record: RunRecord) -> bool:
    return (record.folder / SCORES_FILE).exists()


def start_choices(records: Sequence[RunRecord], library: RunLibrary) -> list[StartChoice]:
    """The runs that a new one may start from, newest first, named by id, the figure each ended with and note."""
    return [
        StartChoice(run=record.id, model=record.spec.model, text=_start_text(record, library))
        for record in reversed(records)
        if can_start_from(record)
    ]


def _start_text(record: RunRecord, library: RunLibrary) -> str:
    figures = library.figures(record)
    figure = figures.figure if figures is not None else ""
    when = date_text(dt.datetime.fromtimestamp(record.created), dt.datetime.now())
    return " · ".join(part for part in (f"Run {record.id}", figure or when, record.note) if part)
