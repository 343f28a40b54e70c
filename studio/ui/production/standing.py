"""How far the errors of a model are on their way, read out of the project alone, so that any step can be left."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.model_header import MODEL_FILE
from studio.core.recipe import Purpose
from studio.core.review import SCORES_FILE
from studio.production import answers_otherwise, otherwise_in_words, pre_label
from studio.reports import read_report
from studio.store import TRAINED_ON, RunRecord, Store
from studio.store.production import ProductionCounts
from studio.ui.review.loading import choices


class Step(enum.StrEnum):
    MODEL = "Model"
    ERRORS = "Errors"
    LOOK = "Look through"
    TUNE = "Fine-tune"
    COMPARE = "Compare and export"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`models`: (run id, words) of the runs whose model could be taken, newest first. `scoring` is the last run that
    scored production errors, `scored` whether it came to its end; `tuned` the last run that was fine-tuned from it, and
    `compared` its report in sentences, empty before its end. `proposed`: items that were pre-labelled just now.
    `trained_on`: how many labelled training items there are."""

    models: tuple[tuple[str, str], ...] = ()
    scoring: RunRecord | None = None
    scored: bool = False
    counts: ProductionCounts | None = None
    otherwise: str = ""
    tuned: RunRecord | None = None
    compared: tuple[str, ...] = ()
    proposed: tuple[int, ...] = ()
    trained_on: int = 0

    @property
    def step(self) -> Step:
        """The first one that is not done."""
        if self.scoring is None:
            return Step.MODEL
        if not self.scored or self.counts is None or not self.counts.items:
            return Step.ERRORS
        if self.tuned is not None:
            return Step.COMPARE if self.compared else Step.TUNE
        return Step.TUNE if self.counts.settled >= self.counts.items else Step.LOOK


def read_standing(project: Path) -> Standing:
    """For another thread. What a run has answered meanwhile becomes proposals. Raises StudioError."""
    with Store.open(project) as store:
        records = store.runs()
        named = {choice.id: choice.words for choice in choices(store)}
        models = tuple(
            (record.id, named.get(record.id, f"Run {record.id}"))
            for record in reversed(records)
            if record.spec.purpose is Purpose.TRAIN and (record.folder / MODEL_FILE).is_file()
        )
        scorings = [record for record in records if record.spec.purpose is Purpose.SCORE]
        if not scorings:
            return Standing(models=models)
        scoring = scorings[-1]
        if not (scoring.folder / SCORES_FILE).is_file():
            return Standing(models=models, scoring=scoring)
        store.review.load_scores_once(scoring.id)
        children = [r for r in records if r.spec.parent == scoring.id and r.spec.fine_tune is not None]
        tuned = children[-1] if children else None
        return Standing(
            models=models,
            scoring=scoring,
            scored=True,
            proposed=pre_label(store, scoring.id),
            counts=store.production.counts(scoring.id),
            otherwise=otherwise_in_words(*answers_otherwise(store, scoring.id)),
            tuned=tuned,
            trained_on=store.item_count(TRAINED_ON),
            compared=_compared(store, tuned) if tuned is not None else (),
        )


def _compared(store: Store, tuned: RunRecord) -> tuple[str, ...]:
    if not (tuned.folder / SCORES_FILE).is_file():
        return ()
    try:
        return read_report(store, tuned.id).report.summary
    except StudioError as error:
        return (error.sentence,)
