"""The table of all runs: sorted, starred, noted and compared; and runs that are repeated and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from studio.core.events import EpochAdded, Finished, RateLowered
from studio.core.model_choices import Kept
from studio.core.outcome import OutcomeKind
from studio.engine import FakeEngine
from studio.store import Store
from studio.store.run_remarks import REMARKS_FILE, Remarks
from studio.ui.train.run_list import FIGURE_ROLE, SECOND_LINE_ROLE
from studio.ui.train.run_view import PlotTab
from studio.ui.train.runs_table import RunsTable
from studio.ui.train.runs_table_model import Column

from .conftest import Desk, lr_found, lr_sweep, open_desk, training
from .test_train_runs_list import act, click, finished_run

LEFT = Qt.MouseButton.LeftButton


def table(desk: Desk) -> RunsTable:
    """Two runs, the second of more epochs and with a better end, on the table's tab."""
    finished_run(desk, epochs=1)
    desk.page.draft.set_stage(0, epochs=3)
    finished_run(desk, epochs=3)
    desk.qtbot.mouseClick(desk.page.findChild(QPushButton, "tab_table"), LEFT)
    shown = desk.page.view.table
    assert shown.isVisible()
    return shown


def column(shown: RunsTable, wanted: Column) -> list[str]:
    return [str(shown.sorted.index(row, wanted).data()) for row in range(shown.sorted.rowCount())]


def cell(shown: RunsTable, row: int, wanted: Column) -> QPoint:
    return shown.view.visualRect(shown.sorted.index(row, wanted)).center()


def test_runs_are_sorted_by_what_they_reached(desk: Desk) -> None:
    shown = table(desk)
    assert column(shown, Column.RUN) == ["0002", "0001"]
    assert column(shown, Column.BEST) == ["0.8", "0.6"]
    assert column(shown, Column.VALID_LOSS) == ["0.4", "1.2"]
    header = shown.view.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(Column.BEST) + 10, header.height() // 2)
    desk.qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    if column(shown, Column.RUN) == ["0002", "0001"]:
        desk.qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    assert column(shown, Column.RUN) == ["0001", "0002"]


def test_recipes_are_held_against_the_selected_one_and_the_selection_is_the_lists(desk: Desk) -> None:
    shown = table(desk)
    first_epochs = desk.store.run("0001").spec.stages[0].epochs
    desk.qtbot.mouseClick(shown.view.viewport(), LEFT, pos=cell(shown, 1, Column.WHAT))
    assert desk.page.runs.selected == ["0001"]
    assert desk.page.view.tab is PlotTab.TABLE
    assert column(shown, Column.DIFFERENCE) == [f"epochs 3 instead of {first_epochs}", ""]
    click(desk, "0002")
    assert shown.selected == ["0002"]
    assert column(shown, Column.DIFFERENCE) == ["", f"epochs {first_epochs} instead of 3"]


def test_a_run_that_was_steered_is_not_the_same_as_one_that_was_not(desk: Desk) -> None:
    finished_run(desk)
    desk.page.start_training()
    run = desk.wait_for_run(2)
    added = EpochAdded(step=3, stage=0, epochs=3, total_epochs=3, total_steps=15)
    first, *rest = training(3)
    run.say(replace(first, epochs=2, steps=10), *rest[:4], RateLowered(step=3, divisor=3, rate_divisor=3), added)
    run.say(*rest[4:], Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    run.end()
    desk.wait_for_idle()
    desk.wait_for_plots()
    shown, header = desk.page.view.table, desk.page.view.header
    assert header.title.text() == "Run 0002: 2 + 1 epochs, finished"
    click(desk, "0001")
    assert column(shown, Column.DIFFERENCE) == ["2 + 1 epochs, rates ÷ 3", ""]
    click(desk, "0002")
    assert column(shown, Column.DIFFERENCE) == ["", "without 2 + 1 epochs, rates ÷ 3"]
    click(desk, "0001", together=True)
    desk.wait(lambda: header.facts.text() == "0001, 0002 (2 + 1 epochs, rates ÷ 3)")


def test_a_star_and_a_note_are_kept_with_the_run(desk: Desk) -> None:
    shown = table(desk)
    viewport = shown.view.viewport()
    desk.qtbot.mouseClick(viewport, LEFT, pos=cell(shown, 0, Column.STAR))
    desk.wait(lambda: column(shown, Column.STAR) == ["★", "☆"])
    shown.view.scrollTo(shown.sorted.index(1, Column.NOTE))
    shown.view.edit(shown.sorted.index(1, Column.NOTE))
    editor = viewport.findChild(QLineEdit)
    desk.qtbot.keyClicks(editor, "too short")
    desk.qtbot.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: column(shown, Column.NOTE) == ["", "too short"])
    with Store.open(desk.store.root) as again:
        assert again.run("0002").remarks.starred
        assert again.run("0001").note == "too short"
    assert "too short" in desk.page.runs.model.index_of("0001").data(Qt.ItemDataRole.ToolTipRole)


def test_a_note_that_is_being_typed_stays_while_runs_come_go_and_are_read(desk: Desk) -> None:
    shown = table(desk)
    shown.view.scrollTo(shown.sorted.index(1, Column.NOTE))
    shown.view.edit(shown.sorted.index(1, Column.NOTE))
    editor = shown.view.viewport().findChild(QLineEdit)
    desk.qtbot.keyClicks(editor, "too sh")
    desk.page.library.loaded.emit("0001")
    desk.page.requests.remark("0002", Remarks(starred=True))
    desk.control.submit(desk.store.run("0001").spec)
    run = desk.wait_for_run(3)
    assert column(shown, Column.RUN) == ["0003", "0002", "0001"]
    run.say(*training(1))
    run.stop()
    desk.wait_for_idle()
    desk.wait(lambda: desk.store.run("0003").outcome is not None)
    assert editor.text() == "too sh"
    desk.qtbot.keyClicks(editor, "ort")
    desk.qtbot.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: column(shown, Column.NOTE) == ["", "", "too short"])
    assert desk.store.run("0001").note == "too short"


def test_a_star_changes_one_row_and_nothing_else(desk: Desk) -> None:
    shown = table(desk)
    told: list[tuple[int, int]] = []
    for model in (shown.model, desk.page.runs.model):
        model.modelReset.connect(lambda: pytest.fail("all rows were told anew"))
        model.dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.row())))
    desk.page.requests.remark("0002", Remarks(starred=True))
    assert told == [(0, 0), (1, 1)]


def test_a_deleted_run_comes_back_with_all_that_it_had(desk: Desk) -> None:
    run = finished_run(desk)
    finished_run(desk)
    click(desk, "0001")
    act(desk, "train_star")
    act(desk, "train_delete")
    assert not run.folder.exists()
    act(desk, "train_undo_delete")
    assert [record.id for record in desk.store.runs()] == ["0001", "0002"]
    assert (run.folder / REMARKS_FILE).is_file()
    assert desk.store.run("0001").remarks.starred
    undo = desk.page.findChild(QAction, "train_undo_delete")
    assert not undo.isEnabled()


def test_a_rate_finder_that_comes_back_has_its_value_and_the_window_says_so(desk: Desk) -> None:
    finished_run(desk)
    desk.page.find_rate()
    run = desk.wait_for_run(2)
    run.say(*lr_sweep(), lr_found(), Finished(outcome=OutcomeKind.FINISHED, seconds=3.0))
    run.end()
    desk.wait_for_idle()
    desk.qtbot.mouseClick(desk.page.findChild(QPushButton, "tab_table"), LEFT)
    shown, row = desk.page.view.table, desk.page.runs.model
    desk.wait(lambda: "1.5e-3" in column(shown, Column.BEST))
    shown.view.sortByColumn(Column.DIFFERENCE, Qt.SortOrder.DescendingOrder)
    said: list[str] = []
    desk.session.message.connect(lambda sentence, _tone: said.append(sentence))
    act(desk, "train_delete")
    desk.qtbot.wait(100)
    act(desk, "train_undo_delete")
    assert said[-1] == "Run 0002 is back."
    desk.wait(lambda: row.index(0).data(FIGURE_ROLE) == "1.5e-3")
    assert "1.5e-3" in column(shown, Column.BEST)


def test_a_deleted_run_that_could_not_come_back_can_be_asked_for_again(desk: Desk) -> None:
    run = finished_run(desk)
    click(desk, "0001")
    act(desk, "train_delete")
    run.folder.mkdir()
    (run.folder / "in the way").touch()
    act(desk, "train_undo_delete")
    assert desk.store.runs() == []
    (run.folder / "in the way").unlink()
    act(desk, "train_undo_delete")
    assert [record.id for record in desk.store.runs()] == ["0001"]


def test_what_was_deleted_can_be_brought_back_after_a_restart(project: Path, qtbot: QtBot) -> None:
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        finished_run(desk)
        finished_run(desk)
        for run in ("0002", "0001"):
            click(desk, run)
            act(desk, "train_delete")
    for desk in open_desk(project, qtbot, FakeEngine(hold=True)):
        undo = desk.page.findChild(QAction, "train_undo_delete")
        act(desk, "train_undo_delete")
        assert [record.id for record in desk.store.runs()] == ["0001"]
        act(desk, "train_undo_delete")
        assert [record.id for record in desk.store.runs()] == ["0001", "0002"]
        assert not undo.isEnabled()


def test_a_run_is_repeated_with_its_own_recipe(desk: Desk) -> None:
    finished_run(desk, note="first")
    recipe = desk.store.run("0001").spec
    desk.page.draft.set_rate(0, high=0.25)
    finished_run(desk)
    click(desk, "0001")
    act(desk, "train_repeat")
    desk.wait_for_run(3)
    assert desk.store.run("0003").spec == recipe
    assert desk.page.draft.spec == recipe


def test_a_remarks_file_that_cannot_be_read_says_nothing(desk: Desk) -> None:
    run = finished_run(desk, note="from the recipe")
    (run.folder / REMARKS_FILE).write_bytes(b"{")
    assert desk.store.run("0001").note == "from the recipe"
    assert not desk.store.run("0001").remarks.starred


def test_the_table_and_the_list_say_which_model_is_kept(desk: Desk) -> None:
    shown = table(desk)
    store = desk.session.store
    parent = store.run("0002")
    for _ in range(2):
        store.create_run(replace(parent.spec, parent="0002"))
    store.models.keep("0003", Kept.NEW)
    store.models.keep("0004", Kept.OLD)
    desk.session.runs_changed.emit()
    told = dict(zip(column(shown, Column.RUN), column(shown, Column.MODEL), strict=True))
    assert told == {"0004": "set aside", "0003": "kept before", "0002": "kept", "0001": ""}
    second = desk.page.runs.model.index_of("0002").data(SECOND_LINE_ROLE)
    assert " · kept" in second
