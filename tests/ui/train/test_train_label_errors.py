"""A search for label errors among the runs of the Train page: what it is called and what it says it does."""

from __future__ import annotations

from studio.core.label_error_recipe import asking_run, cross_validation
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import Judge, Purpose, RunSpec, Stage
from studio.core.settings import Task
from studio.ui.closing import GOING_ON, STOPPED
from studio.ui.run_control import RunState
from studio.ui.run_history import RunHistory
from studio.ui.train.run_words import live_words, purpose_text, review_text, trains_no_network
from tests.ui.train.conftest import Desk, started, step

TEXTS = RunSpec(task=Task.TEXT, stages=(Stage(epochs=2, height=64, width=64),))
RECIPE = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=2, height=64, width=64),))


def test_a_search_is_called_by_what_it_looks_for() -> None:
    assert purpose_text(cross_validation(RECIPE, folds=3)) == "label errors, 3 folds"
    assert purpose_text(asking_run(RECIPE, "0004")) == "label errors of run 0004"


def test_a_search_counts_its_epochs_over_all_folds() -> None:
    history = RunHistory.of([started(epochs=6, purpose="label-errors", steps=12), step(5, epoch=3)])
    words = live_words("0002", RunState.RUNNING, history)
    assert words.title == "Run 0002: Looking for label errors, epoch 3 of 6"
    assert words.share is not None
    assert abs(words.share - 5 / 12) < 1e-9


def test_what_becomes_of_a_run_is_said_for_every_purpose() -> None:
    assert set(GOING_ON) == set(STOPPED) == set(Purpose)


def test_what_asks_a_model_or_judges_by_words_trains_no_network_and_is_looked_at_for_what_it_judged() -> None:
    asked, folds = asking_run(RECIPE, "0004"), cross_validation(RECIPE, folds=3)
    assert [trains_no_network(spec) for spec in (asked, folds, RECIPE)] == [True, False, False]
    words = [cross_validation(TEXTS, folds=3, by=judge) for judge in (Judge.WORDS, Judge.NETWORK)]
    assert [trains_no_network(spec) for spec in words] == [True, False]
    assert review_text(asked) == review_text(folds) == "See the suspicious labels"
    assert review_text(RECIPE) == "Review the worst items"


def test_a_search_that_judges_by_words_promises_no_curves(desk: Desk) -> None:
    record = desk.store.create_run(cross_validation(TEXTS, folds=3, by=Judge.WORDS))
    desk.store.set_outcome(record.id, RunOutcome(kind=OutcomeKind.FINISHED, sentence="Finished."))
    desk.session.runs_changed.emit()
    empty = desk.page.view.empty
    desk.wait(empty.isVisible)
    assert empty.text() == "This run trains no network, so it has no curves: what it finds is on the Review page."
