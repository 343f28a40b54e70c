"""What the Review page reads away from the GUI thread: runs with scores, one run's figures, and reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from studio.core.errors import BadTable
from studio.core.events import EpochEnd, Metric, decode_event
from studio.core.items import Split
from studio.core.recipe import RunSpec
from studio.core.report import Report, before_after
from studio.core.review import SCORES_FILE, ItemScore, decode_score
from studio.core.settings import Task
from studio.core.tags import TAG_THRESHOLD
from studio.core.thresholds import ThresholdCurve, kept_threshold, threshold_curve
from studio.store import ReviewFilter, RunRecord, Store

EVENTS_FILE: Final = "events.jsonl"
_TAIL_BYTES: Final = 64 * 1024
"""An epoch's end is among the last lines of a run: what follows it is a checkpoint, scores and the end."""


@dataclass(frozen=True, kw_only=True)
class RunChoice:
    """A run that can be reviewed. `metric` is its main one after the last epoch."""

    id: str
    spec: RunSpec
    metric: Metric | None

    @property
    def words(self) -> str:
        parts = [f"Run {self.id}"]
        if self.metric is not None:
            parts.append(f"{self.metric.name} {self.metric.value:#.3g}")
        if self.spec.fine_tune is not None:
            parts.append(f"fine-tuned from {self.spec.parent}")
        elif self.spec.note:
            parts.append(self.spec.note)
        return "  ·  ".join(parts)


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """`confusion` (n, n) int64 counts wrong pixels or items by label and prediction; `mistakes` likewise, with tags
    that are missing or too many; `errors` by item, in pixels, for points. `only_split` is the split of all items, None
    where they have several. Of tags: `curve` says what each threshold gives, `threshold` is the one in force."""

    run: str
    confusion: np.ndarray
    mistakes: dict[tuple[int, int], int]
    errors: dict[int, float]
    only_split: Split | None
    curve: ThresholdCurve | None = None
    threshold: float = TAG_THRESHOLD


def choices(store: Store) -> list[RunChoice]:
    """Runs that have scores, newest first."""
    scored = [record for record in store.runs() if (record.folder / SCORES_FILE).is_file()]
    return [
        RunChoice(id=record.id, spec=record.spec, metric=_main_metric(record.folder)) for record in reversed(scored)
    ]


def read_choices(project: Path) -> list[RunChoice]:
    """`choices` for another thread."""
    with Store.open(project) as store:
        return choices(store)


def read_figures(project: Path, run: str, task: Task) -> RunFigures:
    """Take the run's scores into the project where that has not happened yet, and count. Raises StudioError."""
    with Store.open(project) as store:
        if not sum(store.review.counts(run).values()):
            store.review.load_scores(run)
        errors: dict[int, float] = {}
        curve: ThresholdCurve | None = None
        if task in (Task.KEYPOINTS, Task.MULTI_LABEL):
            scores = [review.score for review in store.review.items(run, store.review.ids(run, ReviewFilter()))]
            errors = {score.item: score.error for score in scores}
            curve = threshold_curve(scores) if task is Task.MULTI_LABEL else None
        used = store.review.splits(run)
        return RunFigures(
            run=run,
            confusion=store.review.confusion(run),
            mistakes=store.review.mistakes(run),
            errors=errors,
            only_split=used.pop() if len(used) == 1 else None,
            curve=curve,
            threshold=kept_threshold(store.run(run).folder),
        )


def choose_threshold(project: Path, run: str, threshold: float) -> None:
    """`Review.choose_threshold` for another thread. Raises StudioError."""
    with Store.open(project) as store:
        store.review.choose_threshold(run, threshold)


def read_report(project: Path, run: str) -> Report:
    """The before/after report of a run that was fine-tuned on corrections. Raises StudioError."""
    with Store.open(project) as store:
        record = store.run(run)
        assert record.spec.fine_tune is not None
        assert record.spec.parent is not None
        parent = store.run(record.spec.parent)
        learnt = set(record.spec.fine_tune.corrections)
        corrections = [c for c in store.review.corrections(parent.id) if c.item in learnt]
        return before_after(_scores(parent), _scores(record), corrections, task=record.spec.task)


def _scores(record: RunRecord) -> list[ItemScore]:
    path = record.folder / SCORES_FILE
    if not path.is_file():
        raise BadTable(path, f"run {record.id} has no scores", "train it to its end, then the report can be made")
    try:
        return [decode_score(line) for line in path.read_bytes().splitlines() if line.strip()]
    except msgspec.DecodeError as error:
        raise BadTable(path, f"a line is no score ({error})", "train the run again") from error


def _main_metric(folder: Path) -> Metric | None:
    path = folder / EVENTS_FILE
    if not path.is_file():
        return None
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read().splitlines()
    for line in reversed(lines):
        if b'"epoch"' not in line:
            continue
        try:
            event = decode_event(line)
        except msgspec.DecodeError:  # torn by the start of the tail, or by a crash
            continue
        if isinstance(event, EpochEnd) and event.metrics:
            return event.metrics[0]
    return None
