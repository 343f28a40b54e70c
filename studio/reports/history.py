"""The rounds of the loop: every training that ended in order, what had been labelled by then, and what it came to."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

from studio.core.counting import counted
from studio.core.errors import ProjectDamaged
from studio.core.events import EpochEnd, Metric, Started, last_epoch, read_events
from studio.core.items import Split
from studio.core.model_choices import Standing
from studio.core.recipe import Purpose
from studio.store import RunRecord, Store
from studio.store.runs import EVENTS_FILE

NOT_ALIKE: Final = "Not all rounds were validated on equally many items and at one size, so compare them with care."

_FIRST_EVENTS: Final = 50
"""A run says among the first of them how many items it validates on."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """`number` counts from 1 by when the runs began. `labels`: items that a person had labelled or changed by then;
    `minutes` spent on them. `metrics` are those of the last epoch, on `valid_items` validation items; `valid_learnt` of
    these the model has learnt as corrections. `corrections`: how many were fine-tuned on."""

    number: int
    run: str
    parent: str | None
    time: float
    metrics: tuple[Metric, ...]
    valid_items: int | None
    valid_learnt: int
    labels: int
    minutes: float
    corrections: int
    standing: Standing
    note: str

    @property
    def main(self) -> Metric:
        return self.metrics[0]

    def metric(self, name: str) -> Metric | None:
        return next((metric for metric in self.metrics if metric.name == name), None)


@dataclass(frozen=True, kw_only=True)
class History:
    rounds: tuple[Round, ...]

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Of any round, those of the newest first."""
        names = (metric.name for entry in reversed(self.rounds) for metric in entry.metrics)
        return tuple(dict.fromkeys(names))

    @property
    def validated_alike(self) -> bool:
        """Whether all rounds were validated on equally many items, at one size; else their figures are no comparison,
        or not quite."""
        return len({(entry.valid_items, entry.main.detail.partition(";")[0]) for entry in self.rounds}) <= 1

    @property
    def caution(self) -> str:
        """Why the rounds' figures are no fair comparison, in words; empty where they are one."""
        learnt = sum(entry.valid_learnt > 0 for entry in self.rounds)
        flatters = f"In {counted(learnt, 'round')} the model had learnt corrected validation items, which flatters it."
        return " ".join([*([] if self.validated_alike else [NOT_ALIKE]), *([flatters] if learnt else [])])


def read_history(store: Store) -> History:
    """Reads the journal and every run's first and last events: for a thread of its own."""
    spent = store.labelling_time()
    counting = itertools.count(1)
    rounds: list[Round] = []
    for record in store.runs():
        end = _end(record)
        if end is None or not end.metrics:
            continue
        fine_tune = record.spec.fine_tune
        rounds.append(
            Round(
                number=next(counting),
                run=record.id,
                parent=record.spec.parent,
                time=record.created,
                metrics=tuple(end.metrics),
                valid_items=_valid_items(record),
                valid_learnt=_valid_learnt(store, record),
                labels=spent.labels(record.created),
                minutes=spent.minutes(record.created),
                corrections=len(fine_tune.corrections) if fine_tune is not None else 0,
                standing=record.standing,
                note=record.note,
            )
        )
    return History(rounds=tuple(rounds))


def _end(record: RunRecord) -> EpochEnd | None:
    """The last epoch of a training that ended in order."""
    ended = record.outcome is not None and record.outcome.learnt_something
    return last_epoch(record.folder / EVENTS_FILE) if ended and record.spec.purpose is Purpose.TRAIN else None


def _valid_items(record: RunRecord) -> int | None:
    events = itertools.islice(read_events(record.folder / EVENTS_FILE), _FIRST_EVENTS)
    return next((event.valid_items for event in events if isinstance(event, Started)), None)


def _valid_learnt(store: Store, record: RunRecord) -> int:
    if record.spec.fine_tune is None:
        return 0
    try:
        return sum(item.corrected for item in store.snapshot(record.id).of(Split.VALID))
    except ProjectDamaged:  # the round's figures are there all the same
        return 0
