"""The rounds of the loop: as curves, as rows, and the way from a round to what its run made of the items."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from studio.core.items import Split
from studio.core.model_choices import Kept
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.ui.review import ReviewPage
from studio.ui.review.history_curves import Against
from studio.ui.review.history_page import HistoryPage
from studio.ui.review.top_bar import View
from studio.ui.theme import ThemeMode, theme

from .test_review_fine_tune import fine_tuned

if TYPE_CHECKING:
    from .conftest import ReviewProject

FINISHED = RunOutcome(kind=OutcomeKind.FINISHED, sentence="Finished.")


def end_runs(project: ReviewProject) -> None:
    """Mark the runs as finished, the first at 1000 s and the others 1000 s apart, with an accepted label half-way."""
    for record in project.store.runs():
        project.store.set_outcome(record.id, FINISHED)
    connection = sqlite3.connect(project.store.root / "studio.db")
    connection.execute("UPDATE runs SET created = 1000 * CAST(id AS INTEGER)")
    edits = connection.execute("SELECT id FROM edits WHERE kind != 'root' ORDER BY id").fetchall()
    for number, (edit,) in enumerate(edits):
        connection.execute("UPDATE edits SET time = ? WHERE id = ?", (1500 + 90 * number, edit))
    connection.execute("UPDATE decisions SET time = 1500")
    connection.commit()
    connection.close()


def shown_history(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> HistoryPage:
    """Two rounds: 0001, and 0002 after two corrections that took a minute and a half."""
    fine_tuned(project, page)
    page.decisions.finish()
    end_runs(project)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: page.report.run == "0002")
    qtbot.mouseClick(page.findChild(QToolButton, "view_history"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.history.model.rowCount() == 2, timeout=20_000)
    assert page.history.isVisible()
    return page.history


def cells(history: HistoryPage, row: int) -> list[str]:
    return [history.model.index(row, column).data() for column in range(history.model.columnCount())]


def test_each_round_is_a_row_with_its_labels_minutes_and_metric(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    history = shown_history(project, page, qtbot)
    newest, oldest = cells(history, 0), cells(history, 1)
    assert [newest[0], newest[1], newest[3], newest[4], newest[5], newest[7]] == [
        "2",
        "0002",
        "2 corrections of 0001",
        "2",
        "1.5",
        "0.9",
    ]
    assert [oldest[0], oldest[1], oldest[3], oldest[4], oldest[5], oldest[7]] == [
        "1",
        "0001",
        "from scratch",
        "0",
        "0.0",
        "0.75",
    ]


@pytest.mark.parametrize(
    ("against", "x", "effort"),
    [
        (Against.ROUND, [1, 2], ["labels", "minutes"]),
        (Against.LABELS, [0, 2], ["minutes"]),
        (Against.MINUTES, [0, 1.5], ["labels"]),
    ],
)
def test_the_metric_is_drawn_over_rounds_labels_or_minutes(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, against: Against, x: list[float], effort: list[str]
) -> None:
    history = shown_history(project, page, qtbot)
    place = history.against.findText(against.value)
    history.against.setCurrentIndex(place)
    history.against.activated.emit(place)
    drawn = history.figures.data("pixel accuracy")
    np.testing.assert_allclose(drawn, [x, [0.75, 0.9]])
    assert history.effort.keys == effort
    for key, values in (("labels", [0, 2]), ("minutes", [0, 1.5])):
        if key in effort:
            np.testing.assert_allclose(history.effort.data(key), [x, values])


def test_a_round_whose_model_was_set_aside_stands_beside_the_line(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    history = shown_history(project, page, qtbot)
    project.store.models.keep("0002", Kept.OLD)
    project.session.runs_changed.emit()
    qtbot.waitUntil(lambda: "aside 0002" in history.figures.keys)
    np.testing.assert_allclose(history.figures.data("pixel accuracy"), [[1], [0.75]])
    np.testing.assert_allclose(history.figures.data("aside 0002"), [[2], [0.9]])
    assert cells(history, 0)[8] == "set aside"
    assert cells(history, 1)[8] == "kept"


def test_one_round_is_no_history_yet(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    end_runs(project)
    page.top.view_chosen.emit(View.HISTORY)
    qtbot.waitUntil(lambda: len(page.history.history.rounds) == 1)
    assert page.history.empty.isVisible()
    assert not page.history.table.isVisible()


def test_a_round_opens_the_report_or_the_items_of_its_run(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    history = shown_history(project, page, qtbot)
    history.table.activated.emit(history.model.index(0, 0))
    assert page.report.isVisible()
    assert page.report.run == "0002"
    page.top.view_chosen.emit(View.HISTORY)
    history.table.activated.emit(history.model.index(1, 0))
    assert page.gallery.isVisible()
    assert page.run == "0001"


def test_back_from_a_run_the_history_goes_on_at_its_round(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    history = shown_history(project, page, qtbot)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        focused = page.window().focusWidget()
        assert focused is history.table
        qtbot.keyClick(focused, key)
    assert (page.stack.currentWidget(), page.run) == (page.gallery, "0001")
    qtbot.waitUntil(lambda: page.gallery.run == "0001")
    read: list[object] = []
    history.model.modelReset.connect(lambda: read.append(None))
    qtbot.mouseClick(page.findChild(QToolButton, "view_history"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(read))
    assert history.table.hasFocus()
    assert history.table.currentIndex().row() == 1


def test_the_history_follows_the_theme(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    history = shown_history(project, page, qtbot)
    before = theme().mode
    try:
        for mode in (ThemeMode.DARK, ThemeMode.LIGHT):
            theme().apply(mode)
            picture = history.figures.canvas.grab().toImage()
            assert picture.pixelColor(picture.width() // 2, 8) == theme().color("plot")
    finally:
        theme().apply(before)


def test_a_run_that_the_train_page_asks_for_shows_in_place_of_any_view(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    shown_history(project, page, qtbot)
    assert page.run == "0001"
    project.session.run_review_asked.emit("0002")
    assert page.report.isVisible()
    focused = page.window().focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.gallery.run == "0002")
    assert (page.run, page.gallery.isVisible(), page.top.runs.currentData()) == ("0002", True, "0002")
    page.gallery.filters.split.setCurrentIndex(page.gallery.filters.split.findData(Split.PRODUCTION))
    project.session.run_review_asked.emit("0001")
    qtbot.waitUntil(lambda: page.run == "0001")
    assert page.gallery.isVisible()


def test_production_items_are_not_asked_of_a_run_that_has_none(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    shown_history(project, page, qtbot)
    split = page.gallery.filters.split
    split.setCurrentIndex(split.findData(Split.PRODUCTION))
    assert page.gallery.model.rowCount() == 0
    other = "0002" if page.run == "0001" else "0001"
    page.top.run_chosen.emit(other)
    qtbot.waitUntil(lambda: page.gallery.run == other and page.gallery.model.rowCount() > 0)
    assert page.gallery.filters.filters.split is None


def test_the_journal_says_that_other_runs_have_their_own_steps(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    shown_history(project, page, qtbot)
    page.top.run_chosen.emit("0002")
    page.top.view_chosen.emit(View.JOURNAL)
    heading = page.journal.empty.heading
    qtbot.waitUntil(lambda: heading.text() == "Nothing decided in run 0002 yet", timeout=20_000)
    assert page.journal.empty.isVisible()
    page.journal.scope.setCurrentIndex(page.journal.scope.findText("All runs"))
    qtbot.waitUntil(lambda: page.journal.model.rowCount() == 2, timeout=20_000)
