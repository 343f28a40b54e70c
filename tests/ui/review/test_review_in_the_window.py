"""Review in the whole window: editing at the mistake and coming back, and its keys on the sheet of all keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from studio.core.document import MaskDocument
from studio.core.review import SCORES_FILE, Decision
from studio.engine import FakeEngine
from studio.ui import workspace
from studio.ui.main_window import MainWindow
from studio.ui.review import ReviewPage
from studio.ui.review.report_table import ROW_ROLE
from studio.ui.review.top_bar import View
from studio.ui.run_control import RunControl
from studio.ui.session import Page

from .test_review_fine_tune import fine_tuned

if TYPE_CHECKING:
    from .conftest import ReviewProject


@pytest.fixture
def window(project: ReviewProject, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """On the Review page of the project, which nothing else has open."""
    project.store.close()
    monkeypatch.setattr(workspace, "LocalEngine", FakeEngine)
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1300, 800)
    window.show()
    window.open_folder(project.store.root)
    assert window.workspace is not None
    window.workspace.show_page(Page.REVIEW)
    qtbot.waitUntil(lambda: review_of(window).gallery.model.rowCount() > 0, timeout=20_000)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)
    yield window
    window.close_now()


def review_of(window: MainWindow) -> ReviewPage:
    assert window.workspace is not None
    page = window.workspace.page(Page.REVIEW)
    assert isinstance(page, ReviewPage)
    return page


def test_esc_on_the_label_page_comes_back_to_the_item_and_after_a_stroke_to_the_next_one(
    window: MainWindow, qtbot: QtBot
) -> None:
    review, space = review_of(window), window.workspace
    assert space is not None
    grid, model = review.gallery.grid, review.gallery.model
    first, second = model.item_id(0), model.item_id(1)
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_E)
    assert space.current_page is Page.LABEL
    qtbot.waitUntil(lambda: isinstance(space.label_page.showing.document, MaskDocument), timeout=20_000)
    qtbot.keyClick(space.label_page.canvas, Qt.Key.Key_Escape)
    assert space.current_page is Page.REVIEW
    assert grid.current_item == first
    assert model.review(0).decision is Decision.UNDECIDED

    qtbot.keyClick(grid, Qt.Key.Key_E)
    document = space.label_page.showing.document
    assert isinstance(document, MaskDocument)
    document.brush((10, 10), (20, 10), 4, 2)
    qtbot.keyClick(space.label_page.canvas, Qt.Key.Key_Escape)
    assert space.current_page is Page.REVIEW
    assert model.review(0).decision is Decision.EDITED
    assert grid.current_item == second
    assert [e.item for e in space.store.review.journal(space.store.review.journal_ids())] == [first]


@pytest.mark.parametrize("undoes", [True, False])
def test_an_undo_on_the_label_page_changes_the_label_or_takes_such_a_change_back(
    window: MainWindow, qtbot: QtBot, *, undoes: bool
) -> None:
    review, space = review_of(window), window.workspace
    assert space is not None
    grid, item = review.gallery.grid, review.gallery.model.item_id(0)
    space.session.document(item).brush((10, 10), (20, 10), 4, 2)  # type: ignore[union-attr]
    grid.setFocus()
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: isinstance(space.label_page.showing.document, MaskDocument), timeout=20_000)
    document = space.label_page.showing.document
    assert isinstance(document, MaskDocument)
    document.undo()
    if not undoes:
        document.redo()
    qtbot.keyClick(space.label_page.canvas, Qt.Key.Key_Escape)
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_R)
    assert review.gallery.model.review(0).decision is (Decision.EDITED if undoes else Decision.LABEL_RIGHT)
    assert [c.item for c in space.store.review.corrections("0001")] == [item] * undoes


def test_esc_without_a_runs_mistake_stays_on_the_label_page(window: MainWindow, qtbot: QtBot) -> None:
    space = window.workspace
    assert space is not None
    space.show_page(Page.LABEL)
    qtbot.keyClick(space.label_page.canvas, Qt.Key.Key_Escape)
    assert space.current_page is Page.LABEL


def report_in(window: MainWindow, project: ReviewProject, qtbot: QtBot) -> QTableView:
    """The table of a fine-tuning's report, which shows."""
    review, space = review_of(window), window.workspace
    assert space is not None
    fine_tuned(replace(project, store=space.store, session=space.session), review)
    space.session.runs_changed.emit()
    table = review.report.view.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 8)
    return table


def press(window: MainWindow, qtbot: QtBot, *keys: Qt.Key) -> None:
    """Where the window's keyboard is."""
    for key in keys:
        focused = window.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, key)


def test_a_report_that_another_page_asks_for_has_the_keyboard(
    window: MainWindow, project: ReviewProject, qtbot: QtBot
) -> None:
    report_in(window, project, qtbot)
    space = window.workspace
    assert space is not None
    review_of(window).top.view_chosen.emit(View.ITEMS)
    space.show_page(Page.TRAIN)
    space.session.run_review_asked.emit("0002")
    space.show_page(Page.REVIEW)
    press(window, qtbot, Qt.Key.Key_K)
    assert space.store.kept_run() == "0002"


def test_back_from_an_item_the_reports_table_goes_on_at_its_row(
    window: MainWindow, project: ReviewProject, qtbot: QtBot
) -> None:
    table, space = report_in(window, project, qtbot), window.workspace
    assert space is not None
    table.setFocus()
    opened: list[int] = []
    space.session.item_opened.connect(opened.append)
    press(window, qtbot, Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(space.label_page.showing.document, MaskDocument), timeout=20_000)
    qtbot.keyClick(space.label_page.canvas, Qt.Key.Key_Escape)
    assert space.current_page is Page.REVIEW
    press(window, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert opened == [table.model().index(row, 0).data(ROW_ROLE).item for row in (1, 2)]


def test_the_sheet_of_keys_has_every_key_of_deciding(window: MainWindow, qtbot: QtBot) -> None:
    names = {action.objectName(): action.shortcut().toString() for action in review_of(window).actions()}
    wanted = {"review_accept": "A", "review_region": "Shift+A", "review_note": "N", "review_journal": "J"}
    assert {name: names.get(name) for name in wanted} == wanted
    sheet = {action.objectName(): menu for menu, action in window._all_actions()}
    assert all(sheet[name] == "Review" for name in wanted)


def test_no_two_actions_of_review_have_the_same_key(window: MainWindow) -> None:
    keys = [key.toString() for action in review_of(window).actions() for key in action.shortcuts()]
    assert sorted(keys) == sorted(set(keys))


def test_what_a_run_scored_anew_before_its_program_went_down_shows_once_that_is_found_out(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    folder = project.store.run("0001").folder
    scores = folder / SCORES_FILE
    scores.write_bytes(b"".join(scores.read_bytes().splitlines(keepends=True)[:3]))
    for path in (folder / "events.jsonl", folder / "snapshot.json"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert page.gallery.model.rowCount() == 8
    engine = FakeEngine(hold=True)
    control = RunControl(project.session, engine)
    qtbot.waitUntil(lambda: page.gallery.model.rowCount() == 3, timeout=20_000)
    control.close()
    engine.close()
