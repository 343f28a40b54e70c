"""Selecting many: ranges with Shift run in reading order, whatever the columns."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from studio.core.items import Split
from studio.core.review import ItemScore, ReviewItem
from studio.core.settings import Task
from studio.ui.review.grid import ReviewGrid
from studio.ui.review.model import GroupHead, ReviewModel
from studio.ui.review.tile_painter import TilePainter

SHIFT, CTRL, LEFT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
COLUMNS = 3


def read(ids: Sequence[int]) -> list[ReviewItem]:
    return [
        ReviewItem(run="0001", score=ItemScore(item=i, name=f"{i}", split=Split.VALID, revision=1, loss=1.0, error=0.1))
        for i in ids
    ]


@pytest.fixture
def grid(qtbot: QtBot) -> ReviewGrid:
    model = ReviewModel(Task.SEGMENTATION)
    grid = ReviewGrid(TilePainter(Task.SEGMENTATION, lambda _review: None, QFont()))
    qtbot.addWidget(grid)
    model.setParent(grid)
    grid.setModel(model)
    grid.resize(1300, 900)
    grid.show()
    qtbot.waitExposed(grid)
    model.show(range(100_000), read)
    return grid


def click(grid: ReviewGrid, qtbot: QtBot, row: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    index = grid.model().index(row, 0)
    grid.scrollTo(index)
    kept = Qt.KeyboardModifier.NoModifier if modifier is None else modifier
    qtbot.mouseClick(grid.viewport(), LEFT, kept, grid.visualRect(index).center())


def test_shift_and_a_click_select_all_between(grid: ReviewGrid, qtbot: QtBot) -> None:
    click(grid, qtbot, 2)
    click(grid, qtbot, 7, SHIFT)
    assert grid.selected_items() == [2, 3, 4, 5, 6, 7]
    click(grid, qtbot, 1, SHIFT)
    assert grid.selected_items() == [1, 2]
    click(grid, qtbot, 60_000, SHIFT)
    assert grid.selected_items() == list(range(2, 60_001))


def test_ctrl_and_a_click_take_one_more_or_one_less(grid: ReviewGrid, qtbot: QtBot) -> None:
    click(grid, qtbot, 0)
    click(grid, qtbot, 4, CTRL)
    click(grid, qtbot, 5, CTRL)
    click(grid, qtbot, 0, CTRL)
    assert grid.selected_items() == [4, 5]


def test_shift_and_the_arrow_keys_select_in_reading_order(grid: ReviewGrid, qtbot: QtBot) -> None:
    grid.select_row(4)
    qtbot.keyClick(grid, Qt.Key.Key_Down, SHIFT)
    assert grid.selected_items() == [4, 5, 6, 7]
    qtbot.keyClick(grid, Qt.Key.Key_Left, SHIFT)
    assert grid.selected_items() == [4, 5, 6]
    for _ in range(2):
        qtbot.keyClick(grid, Qt.Key.Key_Up, SHIFT)
    assert grid.selected_items() == [0, 1, 2, 3, 4]
    qtbot.keyClick(grid, Qt.Key.Key_End, SHIFT)
    assert len(grid.selected_items()) == 100_000 - 4
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.selected_items() == [0]


def test_ctrl_a_selects_a_hundred_thousand(grid: ReviewGrid, qtbot: QtBot) -> None:
    qtbot.keyClick(grid, Qt.Key.Key_A, CTRL)
    assert grid.selected_items() == list(range(100_000))


def test_the_keys_walk_from_group_to_group(grid: ReviewGrid, qtbot: QtBot) -> None:
    model = grid.model()
    assert isinstance(model, ReviewModel)
    model.show(range(12), read, [GroupHead(0, "a"), GroupHead(4, "b"), GroupHead(5, "c")])
    grid.grab()
    grid.select_row(1)
    walk = [
        (Qt.Key.Key_Down, 3),
        (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Down, 5),
        (Qt.Key.Key_Right, 6),
        (Qt.Key.Key_Up, 4),
        (Qt.Key.Key_Right, 5),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Home, 0),
    ]
    for key, row in walk:
        qtbot.keyClick(grid, key)
        assert grid.currentIndex().row() == row, key
        assert grid.indexAt(grid.visualRect(grid.currentIndex()).center()).row() == row


def test_the_head_of_the_first_group_is_in_view_after_the_tiles_changed_their_size(
    grid: ReviewGrid, qtbot: QtBot
) -> None:
    model = grid.model()
    assert isinstance(model, ReviewModel)
    model.show(range(400), read, [GroupHead(0, "a"), GroupHead(200, "b")])
    head = grid.visualRect(model.index(0)).top()
    grid.set_tile_width(250)
    assert grid.verticalScrollBar().value() == 0
    grid.select_row(399)
    grid.select_row(200)
    assert grid.visualRect(model.index(200)).top() >= head
