"""The Decisions view: what was decided, by whom, the newest first; from a row to its item; a hundred thousand rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.deciding import Act, JournalEntry, StepState
from studio.core.review import Decision
from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.review.journal_model import JournalModel, cells, tip
from studio.ui.review.top_bar import View

if TYPE_CHECKING:
    from .conftest import ReviewProject

CTRL = Qt.KeyboardModifier.ControlModifier


def rows(page: ReviewPage) -> list[tuple[str, ...]]:
    """Who, item, what and note of each row."""
    model = page.journal.model
    found = [model.entry(row) for row in range(model.rowCount())]
    return [(cells(e)[1], cells(e)[2], cells(e)[3], cells(e)[6]) for e in found if e is not None]


def press(qtbot: QtBot, page: ReviewPage, *keys: Qt.Key) -> None:
    page.gallery.grid.setFocus()
    for key in keys:
        qtbot.keyClick(page.gallery.grid, key)
        qtbot.waitUntil(lambda: not page.decisions.is_busy, timeout=20_000)


def test_every_key_is_a_row_and_a_row_leads_to_its_item(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    page.journal.who.setText("Ann")
    first, second, third = (project.store.item(page.gallery.model.item_id(row)).name for row in range(3))
    press(qtbot, page, Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_X, Qt.Key.Key_J)
    assert page.journal.isVisible()
    qtbot.waitUntil(lambda: page.journal.model.rowCount() == 3, timeout=20_000)
    assert rows(page) == [
        ("Ann", third, "left out", ""),
        ("Ann", second, "label was right", ""),
        ("Ann", first, "accepted the prediction", ""),
    ]
    assert "3 steps" in page.journal.summary.text()
    entry = page.journal.model.entry(2)
    assert entry is not None
    assert cells(entry)[4] == "1 → 2"
    qtbot.keyClick(page.journal.table, Qt.Key.Key_Escape)
    assert page.gallery.isVisible()
    press(qtbot, page, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.journal.isVisible() and page.journal.model.rowCount() == 3, timeout=20_000)

    page.journal.table.selectRow(1)
    page.journal.table.activated.emit(page.journal.table.currentIndex())
    assert page.gallery.isVisible()
    assert page.gallery.grid.current_item == project.store.item_named(second).id


def test_a_row_leads_to_an_item_that_the_filters_hide(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    hidden = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_R)
    page.gallery.filters.text.setText(project.store.item(page.gallery.model.item_id(1)).name)
    page.gallery.query()
    assert page.gallery.model.row_of(hidden) is None
    page.journal.opened.emit("0001", hidden)
    assert page.gallery.grid.current_item == hidden


def test_ctrl_z_in_the_list_takes_the_last_step_back_and_it_stays_as_such(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A, Qt.Key.Key_R, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.journal.model.rowCount() == 2, timeout=20_000)
    for _ in range(2):
        qtbot.keyClick(page.journal.table, Qt.Key.Key_Z, CTRL)
    assert project.store.review.items("0001", [worst])[0].decision is Decision.UNDECIDED

    def states() -> list[StepState]:
        found = [page.journal.model.entry(row) for row in range(2)]
        return [entry.state for entry in found if entry is not None]

    qtbot.waitUntil(lambda: states() == [StepState.UNDONE] * 2, timeout=20_000)
    index = page.journal.model.index(0, 3)
    assert page.journal.model.data(index, Qt.ItemDataRole.FontRole).strikeOut()
    assert "taken back" in page.journal.model.data(index, Qt.ItemDataRole.ToolTipRole)


def test_the_name_is_kept_for_the_next_time(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    page.journal.who.setText(" Ann ")
    assert project.store.review.who == "Ann"
    with Store.open(project.store.root) as other:
        assert other.review.who != "Ann"
    page.journal.who.setText("")
    assert project.store.review.who == other.review.who


def test_without_a_decision_the_list_says_so(page: ReviewPage, qtbot: QtBot) -> None:
    page.top.view_chosen.emit(View.JOURNAL)
    qtbot.waitUntil(lambda: "0 steps" in page.journal.summary.text(), timeout=20_000)
    assert page.journal.stack.currentWidget() is page.journal.empty


def test_of_a_hundred_thousand_steps_only_those_that_show_are_read(qtbot: QtBot) -> None:
    asked: list[int] = []

    def read(ids: Sequence[int]) -> list[JournalEntry]:
        asked.extend(ids)
        return [
            JournalEntry(
                id=number,
                run="0001",
                item=number,
                name=f"{number}.png",
                act=Act.DECIDED,
                decision=Decision.ACCEPTED,
                previous=Decision.UNDECIDED,
                before=1,
                after=2,
                time=time.time(),
                who="Ann",
            )
            for number in ids
        ]

    model = JournalModel(read)
    model.show(range(100_000, 0, -1))
    assert model.rowCount() == 100_000
    assert model.data(model.index(70_000, 2)) == "30000.png"
    assert len(asked) <= 128
    inserted: list[int] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append(last - first + 1))
    model.show(range(100_003, 0, -1))
    assert inserted == [3], "what is new comes on top, and the rest stays where it is"
    entry = model.entry(0)
    assert entry is not None
    assert tip(entry).startswith("100003.png  ·  accepted the prediction  ·  run 0001")
