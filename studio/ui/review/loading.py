"""What the Review page reads away from the GUI thread: runs with scores, one run's figures, and reports."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio import reports
from studio.core.errors import StudioError
from studio.core.events import Metric, last_epoch
from studio.core.images import image_size
from studio.core.items import Split
from studio.core.recipe import RunSpec
from studio.core.review import SCORES_FILE
from studio.core.review_order import SortBy
from studio.core.settings import Task
from studio.lessons import lessons_for
from studio.reports import History, RunReport
from studio.store import TRAINED_ON, Store
from studio.store.runs import EVENTS_FILE

_LOOKED_AT: Final = 25
"""Of the first pictures of a run the size is read, to know how tiles are best shaped."""


@dataclass(frozen=True, kw_only=True)
class RunChoice:
    """A run that can be reviewed. `metric` is its main one after the last epoch."""

    id: str
    spec: RunSpec
    metric: Metric | None

    @property
    def words(self) -> str:
        parts = [f"Run {self.id}"]
        if self.spec.label_errors is not None:
            of = f" of run {self.spec.label_errors.run}" if not self.spec.label_errors.folds else ""
            parts.append(f"label errors{of}")
        elif self.metric is not None:
            parts.append(f"{self.metric.name} {self.metric.value:#.3g}")
        if self.spec.fine_tune is not None:
            parts.append(f"fine-tuned from {self.spec.parent}")
        elif self.spec.note:
            parts.append(self.spec.note)
        return "  ·  ".join(parts)


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """Of each split of the items, `confusion` (n, n) int64 counts wrong pixels or items by label and prediction, and
    `errors` has those of points in pixels. `only_split` is the split of all items, None where they have several.
    `threshold` is the one in force for tags, None where there is none. `sortable` is what the items have figures of."""

    run: str
    confusion: dict[Split, npt.NDArray[np.int64]]
    errors: dict[Split, list[float]]
    only_split: Split | None
    threshold: float | None = None
    sortable: frozenset[SortBy] = frozenset()
    aspect: float | None = None
    """Width / height of the pictures at the top, the one in the middle of them; None where they cannot be read."""

    suspected: int | None = None
    """How many labels are probably wrong; None where the run judged none."""

    trained_on: int = 0
    """How many labelled training items the project has, which a fine-tuning may replay."""


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
        store.review.load_scores_once(run)
        suspected, judged = store.review.suspicion_counts(run)
        used, of_points = store.review.splits(run), task is Task.KEYPOINTS
        return RunFigures(
            run=run,
            confusion={split: store.review.confusion(run, split) for split in used},
            errors={split: list(store.review.errors(run, split).values()) for split in used if of_points},
            only_split=next(iter(used)) if len(used) == 1 else None,
            threshold=store.review.threshold(run),
            sortable=store.review.sortable(run),
            suspected=suspected if judged else None,
            trained_on=store.item_count(TRAINED_ON),
            aspect=None if task is Task.TEXT else _usual_aspect(store, store.review.worst(run, _LOOKED_AT)),
        )


def _usual_aspect(store: Store, items: Sequence[int]) -> float | None:
    found: list[float] = []
    for item in store.items(items):
        with contextlib.suppress(StudioError):  # its tile says what is wrong with it
            width, height = image_size(item.path)
            found.append(width / height)
    return sorted(found)[len(found) // 2] if found else None


def read_right(project: Path, run: str, split: Split | None) -> npt.NDArray[np.int64] | None:
    """`Review.right` for another thread. Raises StudioError."""
    with Store.open(project) as store:
        return store.review.right(run, split)


def choose_threshold(project: Path, run: str, threshold: float) -> None:
    """`Review.choose_threshold` for another thread. Raises StudioError."""
    with Store.open(project) as store:
        store.review.choose_threshold(run, threshold)


def read_lessons(project: Path, run: str) -> tuple[int, ...]:
    """The items that a fine-tuning on the run's corrections learns. Raises StudioError."""
    with Store.open(project) as store:
        return lessons_for(store, run)


def read_report(project: Path, run: str) -> RunReport:
    """`studio.reports.read_report` for another thread. Raises StudioError."""
    with Store.open(project) as store:
        return reports.read_report(store, run)


def load_history(project: Path) -> History:
    """`studio.reports.read_history` for another thread. Raises StudioError."""
    with Store.open(project) as store:
        return reports.read_history(store)


def save_report(project: Path, run: str, out: Path) -> str:
    """`studio.reports.save_report` for another thread; returns the sentence that says so. Raises StudioError."""
    with Store.open(project) as store:
        return reports.save_report(store, run, out).sentence


def _main_metric(folder: Path) -> Metric | None:
    end = last_epoch(folder / EVENTS_FILE)
    return end.metrics[0] if end is not None and end.metrics else None
