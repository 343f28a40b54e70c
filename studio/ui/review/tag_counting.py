"""How each tag of a run fares, counted beside the page: it takes every score, and the items need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.items import Split
from studio.core.review import SCORES_FILE
from studio.core.tag_figures import TagCounts, summed, tag_counts
from studio.core.thresholds import ThresholdCurve, joined, threshold_curve
from studio.store import Store
from studio.store.runs import RUNS_FOLDER
from studio.ui.widgets.work_queue import WorkQueue

_CHUNK: Final = 2000
"""Scores that are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class TagOverview:
    """Of all thresholds: `curve` what each gives on the validation items, None without a labelled one; `counts` how
    each tag fares, by split. `stamp` says of which state of the scores' file that is."""

    run: str
    stamp: float
    curve: ThresholdCurve | None = None
    counts: dict[Split, TagCounts] = field(default_factory=dict)


class TagCounting(QObject):
    """Counts one run at a time; another one, or another state of its scores, takes the place of what is under way."""

    counted = Signal(object)
    """A `TagOverview`."""
    failed = Signal(str)

    def __init__(self, project: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._work = WorkQueue("tags", self)
        self._known: TagOverview | None = None
        self._wanted: tuple[str, float] | None = None

    def want(self, run: str) -> None:
        """Count the run, or tell at once what is known of it."""
        state = run, _stamp(self._project, run)
        if self._known is not None and (self._known.run, self._known.stamp) == state:
            self.counted.emit(self._known)
        elif state != self._wanted:
            self._wanted = state
            read = partial(read_tags, self._project, run, state[1], lambda: self._wanted == state)
            self._work.do(read, self._take, self._fail)

    def close(self) -> None:
        """Count no further, and end the thread."""
        self._wanted = None
        self._work.close()

    def _take(self, overview: TagOverview | None) -> None:
        if overview is not None and (overview.run, overview.stamp) == self._wanted:
            self._known, self._wanted = overview, None
            self.counted.emit(overview)

    def _fail(self, sentence: str) -> None:
        self._wanted = None
        self.failed.emit(sentence)


def read_tags(project: Path, run: str, stamp: float, is_wanted: Callable[[], bool]) -> TagOverview | None:
    """None where it is no longer wanted before the end. Raises StudioError."""
    curves: list[ThresholdCurve] = []
    counts: dict[Split, TagCounts] = {}
    with Store.open(project) as store:
        store.review.load_scores_once(run)  # a part of them would be taken for all as long as their file stays as it is
        ids = store.review.ids(run)
        for start in range(0, len(ids), _CHUNK):
            if not is_wanted():
                return None
            scores = [review.score for review in store.review.items(run, ids[start : start + _CHUNK])]
            curve = threshold_curve(scores)
            curves += [curve] if curve is not None else []
            for split in Split:
                new = tag_counts(score for score in scores if score.split is split)
                counts[split] = summed([counts[split], new]) if split in counts else new
    return TagOverview(run=run, stamp=stamp, curve=joined(curves), counts=counts)


def _stamp(project: Path, run: str) -> float:
    path = project / RUNS_FOLDER / run / SCORES_FILE
    return path.stat().st_mtime if path.is_file() else 0.0
