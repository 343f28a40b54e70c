"""What a run said becomes arrays, whether it comes at once, bit by bit, or twice because the run was resumed."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from studio.core.events import Finished, Paused, Resumed, Warned
from studio.core.outcome import OutcomeKind
from studio.ui.run_history import GrowingTable, RunHistory
from studio.ui.train.run_words import end_figure, figure_text

from .conftest import epoch_end, loss_at, lr_found, lr_sweep, stage, started, step, training


def test_a_growing_table_keeps_every_row_beyond_its_first_capacity() -> None:
    table = GrowingTable(2)
    rows = np.arange(6000, dtype=float).reshape(-1, 2)
    for start in range(0, len(rows), 7):
        table.append(rows[start : start + 7])
    assert np.array_equal(table.column(0), rows[:, 0])
    assert np.array_equal(table.column(1), rows[:, 1])


def test_a_column_that_was_handed_out_does_not_change_when_more_is_appended() -> None:
    table = GrowingTable(1)
    table.append(np.array([[1.0], [2.0]]))
    early = table.column(0)
    table.append(np.full((5000, 1), 9.0))
    table.cut(1)
    table.append(np.array([[7.0]]))
    assert early.tolist() == [1.0, 2.0]
    assert table.column(0).tolist() == [1.0, 7.0]


def test_events_in_one_batch_and_one_by_one_give_the_same_curves() -> None:
    events = training(3)
    at_once, bit_by_bit = RunHistory.of(events), RunHistory()
    for event in events:
        bit_by_bit.apply([event])
    for curve in ("steps", "losses", "smoothed", "momenta", "speeds", "step_epochs"):
        assert np.array_equal(getattr(at_once, curve), getattr(bit_by_bit, curve))
    assert np.array_equal(at_once.rates(1), bit_by_bit.rates(1))
    assert at_once.epochs == bit_by_bit.epochs


def test_curves_hold_what_the_steps_said() -> None:
    history = RunHistory.of(training(2))
    assert history.steps.tolist() == list(range(1, 11))
    assert np.allclose(history.losses, [loss_at(n) for n in range(1, 11)])
    assert np.allclose(history.rates(0), 1e-4)
    assert np.allclose(history.rates(1), 1e-3)
    assert np.isnan(history.rates(2)).all()
    assert history.groups == 2
    assert history.epoch_boundaries() == [5, 10]


def test_the_best_epoch_is_the_one_with_the_best_main_metric() -> None:
    history = RunHistory.of([started(), stage(), epoch_end(1, accuracy=0.8), epoch_end(2, accuracy=0.7)])
    best = history.best()
    assert best is not None
    assert (best[0].name, best[0].value, best[1]) == ("Pixel accuracy", 0.8, 1)


def test_what_a_run_is_named_by_is_what_its_model_reaches_and_the_best_stands_behind() -> None:
    fell = RunHistory.of([started(), stage(), epoch_end(1, accuracy=0.8), epoch_end(2, accuracy=0.7)])
    assert figure_text(fell) == "Pixel accuracy 0.7 (best 0.8 after epoch 1)"
    assert end_figure(fell) == "0.7"
    rose = RunHistory.of([started(), stage(), epoch_end(1, accuracy=0.7), epoch_end(2, accuracy=0.8)])
    assert figure_text(rose) == "Pixel accuracy 0.8"


def test_a_resumed_run_shows_each_step_once_as_it_went_after_the_resumption() -> None:
    history = RunHistory.of(training(2)[:-3])
    assert history.steps[-1] == 8
    redone = [replace(step(number), loss=9.0) for number in (6, 7)]
    history.apply([started(resumed_at=5), stage(), *redone])
    assert history.steps.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert history.losses[5:].tolist() == [9.0, 9.0]
    assert [end.epoch for end in history.epochs] == [1]
    assert len(history.stages) == 1
    assert history.resumed_at == [5]


def test_a_rate_finder_run_has_its_curve_and_its_suggestions() -> None:
    history = RunHistory.of([*lr_sweep(60), lr_found()])
    assert len(history.lr_rates) == 60
    assert history.suggestion("valley") == 1.5e-3
    assert history.suggestion("nonsense") is None
    assert history.lr_stopped == "diverged"


def test_pauses_warnings_and_the_end_are_remembered() -> None:
    history = RunHistory.of([started(), Paused(), Warned(sentence="One image is damaged.")])
    assert history.paused
    assert history.warnings == ["One image is damaged."]
    history.apply([Resumed(), Finished(outcome=OutcomeKind.FINISHED, seconds=1.0)])
    assert not history.paused
    assert history.ending is not None
    history.go_on()
    assert history.ending is None


def test_a_run_that_has_said_nothing_has_empty_curves() -> None:
    history = RunHistory()
    assert history.groups == 0
    assert history.steps.tolist() == []
    assert history.best() is None
