"""Review as a project keeps it: a run's scores, what was decided about them, and the corrections that came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from studio.core.deciding import Decide, Deed, JournalEntry, StepState
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.review import LABEL_CHANGED, SCORES_FILE, Correction, Decision, Note, ReviewItem
from studio.core.review_order import ReviewOrder, SortBy
from studio.core.settings import ProjectSettings, Task
from studio.core.suspicions import SUSPICIONS_FILE, Suspicion
from studio.core.thresholds import keep_threshold, kept_threshold, score_at
from studio.store.decisions import Decisions
from studio.store.label_deeds import Acceptance
from studio.store.predictions import PredictedLabel, Predictions
from studio.store.review_queries import Arrangement, ReviewFilter, ReviewQueries
from studio.store.scores import Scores
from studio.store.suspicions import Suspicions

_ACCEPT: Final = Decide(Decision.ACCEPTED)


class Review:
    """`folder` is that of a run and raises UnknownRun, as does every method here that is given an id no run has."""

    def __init__(
        self,
        scores: Scores,
        queries: ReviewQueries,
        decisions: Decisions,
        suspicions: Suspicions,
        predictions: Predictions,
        *,
        folder: Callable[[str], Path],
        settings: Callable[[], ProjectSettings],
    ) -> None:
        self._scores = scores
        self._queries = queries
        self._decisions = decisions
        self._suspicions = suspicions
        self._predictions = predictions
        self._folder = folder
        self._settings = settings

    # --- scores ---

    def load_scores(self, run_id: str) -> int:
        """Read what the run scored, and which labels it suspects, again where that was read before; decisions stay.
        Returns the number of scored items.

        Raises UnknownRun, ProjectDamaged.
        """
        self._suspicions.load(run_id, self._folder(run_id) / SUSPICIONS_FILE)
        return self._load_scores(run_id)

    def load_scores_once(self, run_id: str) -> None:
        """As `load_scores`, where that has not happened yet or was broken off."""
        if not self._scores.is_loaded(run_id):
            self.load_scores(run_id)

    def _load_scores(self, run_id: str) -> int:
        path, one_class = self._folder(run_id) / SCORES_FILE, self._settings().task in (Task.SINGLE_LABEL, Task.TEXT)
        return self._scores.load(run_id, path, threshold=partial(self.threshold, run_id), one_class=one_class)

    def threshold(self, run_id: str) -> float | None:
        """From which probability on the run predicts tags; None where what it says goes by none."""
        folder = self._folder(run_id)
        has_one = self._settings().task is Task.MULTI_LABEL and not _proposes_labels(folder)
        return kept_threshold(folder) if has_one else None

    def choose_threshold(self, run_id: str, threshold: float) -> None:
        """From now on the run predicts the tags whose probability is above `threshold`, here and on new pictures; what
        was decided stays, and others may decide meanwhile. Raises UnknownRun, BadInput, CannotWrite, ProjectDamaged."""
        if _proposes_labels(self._folder(run_id)):
            raise BadInput(f"Run {run_id} proposes labels in the place of wrong ones; they go by no threshold.")
        keep_threshold(self._folder(run_id), threshold)
        self._load_scores(run_id)

    def ids(self, run_id: str, wanted: ReviewFilter | None = None, order: ReviewOrder | None = None) -> list[int]:
        """The ids of the run's scored items that pass, worst first unless `order` says otherwise."""
        return self._queries.ids(run_id, wanted or ReviewFilter(), order or ReviewOrder())

    def arranged(self, run_id: str, wanted: ReviewFilter, order: ReviewOrder) -> Arrangement:
        """The run's scored items that pass, in order and in groups."""
        return self._queries.arranged(run_id, wanted, order)

    def sortable(self, run_id: str) -> frozenset[SortBy]:
        """What the run's items have values of, so that sorting by it makes sense."""
        return self._queries.known(run_id)

    def items(self, run_id: str, ids: Iterable[int], *, threshold: float | None = None) -> list[ReviewItem]:
        """In the order of `ids`; items that the run has not scored are passed over. With a `threshold` as though tags
        were predicted from it on, also while another one is being stored."""
        items = self._scores.many(run_id, ids)
        if threshold is None:
            return items
        return [msgspec.structs.replace(item, score=score_at(item.score, threshold)) for item in items]

    def counts(self, run_id: str) -> dict[Decision, int]:
        """How many scored items have each decision."""
        return self._scores.counts(run_id)

    def worst(self, run_id: str, count: int) -> list[int]:
        """The first `count` of `ids`, without looking at the others."""
        return self._scores.worst(run_id, count)

    def errors(self, run_id: str, split: Split | None = None) -> dict[int, float]:
        """`ItemScore.error` of each scored item that had a label, of all splits or one."""
        return self._scores.errors(run_id, split)

    def splits(self, run_id: str) -> set[Split]:
        """The splits that the run's scored items are in."""
        return self._scores.splits(run_id)

    def confusion(self, run_id: str, split: Split | None = None) -> npt.NDArray[np.int64]:
        """(n, n) int64 for class ids 0…n-1, of all splits or one: pixels by label (row) and prediction (column) where
        they differ."""
        return self._scores.confusion(run_id, self._class_room, split)

    def right(self, run_id: str, split: Split | None = None) -> npt.NDArray[np.int64] | None:
        """(n,) int64 for class ids 0…n-1, of all splits or one: pixels, or items of one class, that the run has right.
        None in masks' scores of earlier versions. Reads every score."""
        of_pixels = self._settings().task is Task.SEGMENTATION
        return self._scores.right(run_id, self._class_room, split, of_pixels=of_pixels)

    @property
    def _class_room(self) -> int:
        return max((c.id + 1 for c in self._settings().known_classes), default=0)

    def mistakes(self, run_id: str) -> dict[tuple[int, int], int]:
        """How many pixels or items by (label id, predicted id) where they differ, `NO_CLASS` included."""
        return self._scores.mistakes(run_id)

    # --- probably wrong labels ---

    def suspects(self, run_id: str, *, issues_only: bool = False) -> list[int]:
        """The ids of the items whose labels the run has judged, the most suspicious first; with `issues_only` those
        alone that somebody should look at."""
        return self._suspicions.ids(run_id, issues_only=issues_only)

    def suspicions(self, run_id: str, ids: Iterable[int]) -> dict[int, Suspicion]:
        """By item; items whose labels the run has not judged are missing."""
        return self._suspicions.many(run_id, ids)

    def suspicion_counts(self, run_id: str) -> tuple[int, int]:
        """How many labels the run suspects, and how many it has judged."""
        return self._suspicions.counts(run_id)

    def decided_suspects(self, run_id: str) -> int:
        """About how many of the labels that the run suspects something is decided."""
        return self._suspicions.decided(run_id)

    # --- decisions ---

    @property
    def who(self) -> str:
        """The name that is written beside what is decided from now on."""
        return self._decisions.who

    @who.setter
    def who(self, name: str) -> None:
        self._decisions.who = name

    def prediction_of(self, run_id: str, item_id: int) -> PredictedLabel:
        """What accepting takes over. Raises NoPrediction, UnknownRun."""
        return self._predictions.prediction_of(run_id, item_id)

    def acceptance(self, run_id: str, item_id: int, deed: Deed = _ACCEPT) -> Acceptance | None:
        """What accepting an item's prediction, or a region of it, changes now, which takes long on a large picture: for
        another thread's store to work out for `act`. None where no mask changes. Raises NoPrediction, BadMask."""
        return self._decisions.acceptance(run_id, item_id, deed)

    def act(
        self, run_id: str, item_id: int, deed: Deed, worked_out: Acceptance | None = None, *, batch: int = 0
    ) -> bool:
        """Carry a deed out and keep it: all of it or nothing; says whether there was anything to do. Deeds of the same
        `batch`, a number by `new_batch`, count as one. Raises NoPrediction, BadMask, CannotWrite."""
        return self._decisions.act(run_id, item_id, deed, worked_out, batch=batch)

    def decide(self, run_id: str, item_id: int, decision: Decision, worked_out: Acceptance | None = None) -> None:
        """`act` on the item as a whole."""
        self._decisions.act(run_id, item_id, Decide(decision), worked_out)

    def in_one_go(self) -> AbstractContextManager[None]:
        """What is done within reaches the disk as one, which is many times quicker; a step that fails is undone alone.
        Raises CannotWrite at the end, and then nothing was done."""
        return self._decisions.in_one_go()

    def decisions_of(self, run_id: str, ids: Iterable[int]) -> dict[int, Decision]:
        """By item; those about which nothing was decided are missing."""
        return self._decisions.decisions_of(run_id, ids)

    def tally(self, run_id: str) -> dict[Decision, int]:
        """How many items have each decision, the undecided ones that never were decided left out."""
        return self._decisions.tally(run_id)

    def new_batch(self) -> int:
        """A number for deeds that count as one."""
        return self._decisions.steps.new_batch()

    def together(self, run_id: str, state: StepState) -> int:
        """How many steps the next undo (of those done) or redo (of those undone) is about, to be taken one by one."""
        return self._decisions.together(run_id, state)

    def undo(self, run_id: str) -> int | None:
        """Take the run's last step back, also after a restart; returns its item, None when there is none."""
        return self._decisions.undo(run_id)

    def redo(self, run_id: str, *, threshold: float | None = None) -> int | None:
        """Do again what was taken back last, with tags above `threshold` as in `Decide`; returns the item, None when
        there is nothing."""
        return self._decisions.redo(run_id, threshold=threshold)

    def note_edited(self, run_id: str, item_id: int, head: int | None = None) -> None:
        """Keep that an item was changed by hand because of what the run showed. `head` is the edit that it showed
        before, the one before the last unless it is given."""
        self._decisions.note_edited(run_id, item_id, head)

    def corrections(self, *run_ids: str) -> list[Correction]:
        """The labels that were changed because of what the runs showed, in the order of the last decisions. About an
        item the last of all decisions holds."""
        return self._decisions.steps.corrections(run_ids)

    def learnable_count(self, run_ids: Sequence[str]) -> int:
        """How many corrections of these runs leave a label to learn, an item that several of them have once."""
        if len(run_ids) > 1:
            return self._decisions.steps.learnable_count(run_ids)
        tally = self.tally(*run_ids)
        return sum(tally[decision] for decision in LABEL_CHANGED)

    # --- the journal and notes ---

    def journal_ids(self, run_id: str | None = None) -> list[int]:
        """The numbers of a run's steps, or of all runs', newest first."""
        return self._decisions.steps.ids(run_id)

    def journal(self, ids: Iterable[int]) -> list[JournalEntry]:
        """In the order of `ids`; numbers that no step has are passed over."""
        return self._decisions.steps.entries(ids)

    def note_of(self, item_id: int) -> Note | None:
        """What somebody asked about the item, answered or not."""
        return self._decisions.notes.of(item_id)

    def open_notes(self) -> int:
        """How many questions wait for an answer."""
        return self._decisions.notes.count_open()


def _proposes_labels(run: Path) -> bool:
    """Whether the run in a folder looked for label errors: what it predicts is what it proposes."""
    return (run / SUSPICIONS_FILE).is_file()
