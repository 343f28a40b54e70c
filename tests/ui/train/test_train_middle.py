"""A run is seen, whatever the middle of the page showed before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QProgressBar, QSlider

from studio.core.events import Failed, Finished
from studio.core.outcome import OutcomeKind, Remedy
from studio.engine import FakeRun

from .conftest import Desk, training

LEFT = Qt.MouseButton.LeftButton


def look_at_the_data(desk: Desk) -> None:
    desk.page.check_data()
    assert not desk.page.view.isVisible()


def look_at_samples(desk: Desk) -> None:
    desk.page.show_augmented()
    assert not desk.page.view.isVisible()


LOOKS = pytest.mark.parametrize("look", [look_at_the_data, look_at_samples])


def ended_run(desk: Desk, *, kind: OutcomeKind = OutcomeKind.FINISHED) -> FakeRun:
    desk.page.start_training()
    run = desk.wait_for_run(len(desk.engine.runs) + 1)
    ending = Finished(outcome=kind, seconds=1.0) if kind is OutcomeKind.FINISHED else failed(kind)
    run.say(*training(1), ending)
    run.end()
    desk.wait_for_idle()
    return run


def failed(kind: OutcomeKind) -> Failed:
    return Failed(outcome=kind, sentence="There was no room for the batch.")


@LOOKS
def test_a_run_that_another_page_proposes_is_seen(desk: Desk, look: Callable[[Desk], None]) -> None:
    look(desk)
    desk.session.propose_run(replace(desk.page.draft.spec, note="proposed"))
    assert desk.page.view.isVisible()
    desk.wait(lambda: desk.control.record is not None)


def test_a_run_that_is_repeated_is_seen(desk: Desk) -> None:
    ended_run(desk)
    look_at_the_data(desk)
    desk.page.requests.repeat()
    assert desk.page.view.isVisible()
    desk.wait(lambda: len(desk.engine.runs) == 2)


def test_what_helps_a_run_that_ended_badly_is_seen_to_begin(desk: Desk) -> None:
    run = ended_run(desk, kind=OutcomeKind.OUT_OF_MEMORY)
    look_at_the_data(desk)
    desk.page.requests.carry_out(run.folder.name, Remedy.HALVE_BATCH)
    assert desk.page.view.isVisible()
    desk.wait(lambda: len(desk.engine.runs) == 2)


@LOOKS
def test_a_click_on_a_run_shows_it_also_when_it_was_chosen_already(desk: Desk, look: Callable[[Desk], None]) -> None:
    ended_run(desk)
    look(desk)
    runs = desk.page.runs.view
    desk.qtbot.mouseClick(runs.viewport(), LEFT, pos=runs.visualRect(runs.model().index(0, 0)).center())
    assert desk.page.view.isVisible()


def test_the_arrow_keys_in_the_list_show_another_run(desk: Desk) -> None:
    ended_run(desk)
    ended_run(desk)
    look_at_the_data(desk)
    desk.qtbot.keyClick(desk.page.runs.view, Qt.Key.Key_Down)
    assert desk.page.view.isVisible()


def test_what_shows_a_run_has_a_name_for_who_does_not_see_it(desk: Desk) -> None:
    kinds = (QProgressBar, QComboBox, QPlainTextEdit, QSlider)
    found = [widget for kind in kinds for widget in desk.page.view.findChildren(kind)]
    assert len(found) >= 6
    assert [widget.objectName() for widget in found if not widget.accessibleName()] == []


def test_bars_over_a_low_window_leave_the_plot_its_numbers_and_hide_the_samples_until_they_go(desk: Desk) -> None:
    desk.page.resize(960, 516)
    ended_run(desk, kind=OutcomeKind.OUT_OF_MEMORY)
    view = desk.page.view
    desk.wait(lambda: view.outcome.isVisible() and view.card.isVisible())
    desk.wait(lambda: not view.samples.isVisible())
    below_plots = view.curves.mapTo(view, view.curves.rect().bottomLeft()).y()
    assert below_plots < view.height()
    assert view.curves.height() >= view.curves.minimumSizeHint().height()
    for button in (view.outcome.dismiss, view.card.dismiss):
        desk.qtbot.mouseClick(button, LEFT)
    desk.wait(view.samples.isVisible)
