"""One key a decision: labels change to the pixel, everything is kept, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, Qt
from pytestqt.qtbot import QtBot

from studio.core.items import LabelState
from studio.core.points import Keypoint
from studio.core.review import Decision
from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.review.tile_painter import figures_in_words
from studio.ui.session import Overlay

if TYPE_CHECKING:
    from .conftest import ReviewProject

VOID = 4


def decision_of(project: ReviewProject, item: int) -> Decision:
    (review,) = project.store.review.items("0001", [item])
    return review.decision


def press(qtbot: QtBot, page: ReviewPage, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, key, modifiers or Qt.KeyboardModifier.NoModifier)


def select(page: ReviewPage, items: list[int]) -> None:
    page.gallery.grid.select_rows([row for item in items if (row := page.gallery.model.row_of(item)) is not None])


def test_a_accepts_the_prediction_into_the_label_file_and_void_stays(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)

    expected = np.where(project.labels[worst] == VOID, VOID, project.predictions[worst])
    np.testing.assert_array_equal(project.label_file(worst), expected)
    assert decision_of(project, worst) is Decision.ACCEPTED
    (review,) = project.store.review.items("0001", [worst])
    assert all(words.startswith("was ") for words in figures_in_words(review, project.store.settings.task))
    assert page.gallery.grid.current_item == page.gallery.model.item_id(1)


def test_ctrl_z_brings_the_label_back_pixel_for_pixel_and_ctrl_shift_z_decides_again(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    np.testing.assert_array_equal(project.label_file(worst), project.labels[worst])
    assert decision_of(project, worst) is Decision.UNDECIDED
    assert page.gallery.grid.current_item == worst

    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert decision_of(project, worst) is Decision.ACCEPTED
    assert (project.label_file(worst) == 2).sum() == (project.predictions[worst] == 2).sum()


def test_r_keeps_the_label_and_x_leaves_the_item_out(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    first, second = (page.gallery.model.item_id(row) for row in (0, 1))
    press(qtbot, page, Qt.Key.Key_R)
    press(qtbot, page, Qt.Key.Key_X)

    assert decision_of(project, first) is Decision.LABEL_RIGHT
    assert decision_of(project, second) is Decision.LEFT_OUT
    np.testing.assert_array_equal(project.label_file(first), project.labels[first])
    assert project.store.item(second).state is LabelState.LEFT_OUT
    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert project.store.item(second).state is LabelState.LABELLED


def test_several_items_are_decided_together_and_taken_back_together(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    chosen = [page.gallery.model.item_id(row) for row in (1, 2, 4)]
    press(qtbot, page, Qt.Key.Key_R)
    select(page, chosen)
    press(qtbot, page, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: not page.decisions.is_busy)
    assert [decision_of(project, item) for item in chosen] == [Decision.ACCEPTED] * 3
    assert page.gallery.grid.current_item == page.gallery.model.item_id(5)

    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [decision_of(project, item) for item in chosen] == [Decision.UNDECIDED] * 3
    assert decision_of(project, page.gallery.model.item_id(0)) is Decision.LABEL_RIGHT
    assert sorted(page.gallery.selected()) == sorted(chosen)


def test_deciding_the_same_again_leaves_nothing_to_take_back_twice(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    first, second = (page.gallery.model.item_id(row) for row in (0, 1))
    press(qtbot, page, Qt.Key.Key_A)
    press(qtbot, page, Qt.Key.Key_R)
    select(page, [second])
    press(qtbot, page, Qt.Key.Key_R)
    press(qtbot, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert decision_of(project, second) is Decision.UNDECIDED
    assert decision_of(project, first) is Decision.ACCEPTED


def test_decisions_are_there_after_a_restart(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_A)
    project.store.flush()
    with Store.open(project.store.root) as again:
        assert [c.item for c in again.review.corrections("0001")] == [worst]
        assert again.review.undo("0001") == worst
        mask = again.read_mask(worst)
    assert mask is not None
    np.testing.assert_array_equal(mask, project.labels[worst])


def test_e_opens_the_label_page_where_the_largest_mistake_lies(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    pages: list[str] = []
    project.session.page_requested.connect(pages.append)
    press(qtbot, page, Qt.Key.Key_E)

    overlay = project.session.overlay
    assert overlay is not None
    assert (overlay.run, overlay.item, project.session.current_item) == ("0001", worst, worst)
    assert pages == ["label"]
    differs = (project.labels[worst] != project.predictions[worst]) & (project.labels[worst] != VOID)
    rows, columns = np.nonzero(differs)
    assert overlay.focus is not None
    assert overlay.focus.x <= columns.min() <= columns.max() < overlay.focus.right
    assert overlay.focus.y <= rows.min() <= rows.max() < overlay.focus.bottom


def test_an_item_painted_on_the_label_page_becomes_a_correction(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_E)
    document = project.session.document(worst)
    assert decision_of(project, worst) is Decision.UNDECIDED
    document.brush((10, 10), (20, 10), 4, 2)  # type: ignore[union-attr]

    assert decision_of(project, worst) is Decision.EDITED
    assert [c.decision for c in project.store.review.corrections("0001")] == [Decision.EDITED]
    assert "1 correction" in page.top.summary.text()


def test_painting_an_item_that_was_not_opened_from_review_is_no_correction(
    project: ReviewProject, page: ReviewPage
) -> None:
    first, second = (page.gallery.model.item_id(row) for row in (0, 1))
    project.session.open_item(first, Overlay(run="0001", item=first))
    project.session.document(second).brush((10, 10), (20, 10), 4, 2)  # type: ignore[union-attr]
    assert project.store.review.corrections("0001") == []


def test_accepting_while_the_item_is_open_is_not_taken_for_painting(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    press(qtbot, page, Qt.Key.Key_E)
    document = project.session.document(worst)
    press(qtbot, page, Qt.Key.Key_A)
    assert decision_of(project, worst) is Decision.ACCEPTED
    np.testing.assert_array_equal(document.mask, project.read_label(worst))  # type: ignore[union-attr]


def test_a_prediction_that_is_gone_is_told_in_a_sentence_and_changes_nothing(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    worst = page.gallery.model.item_id(0)
    (project.store.run("0001").folder / "predictions" / f"{worst}.png").unlink()
    said: list[str] = []
    project.session.message.connect(lambda sentence, _tone: said.append(sentence))
    press(qtbot, page, Qt.Key.Key_A)
    assert len(said) == 1
    assert f"{worst}.png" in said[0]
    assert decision_of(project, worst) is Decision.UNDECIDED
    np.testing.assert_array_equal(project.read_label(worst), project.labels[worst])


def test_typing_a_name_decides_nothing(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    page.gallery.filters.text.setFocus()
    qtbot.keyClicks(page.gallery.filters.text, "arex")
    assert page.gallery.filters.text.text() == "arex"
    assert project.store.review.counts("0001")[Decision.UNDECIDED] == 8


def test_accepting_points_moves_them(points_project: ReviewProject, points_page: ReviewPage, qtbot: QtBot) -> None:
    worst = points_page.gallery.model.item_id(0)
    press(qtbot, points_page, Qt.Key.Key_A)
    points = points_project.store.read_points(worst)
    assert points is not None
    assert points.get(0) == Keypoint(index=0, x=40, y=15)
    press(qtbot, points_page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    points = points_project.store.read_points(worst)
    assert points is not None
    assert points.get(0) == Keypoint(index=0, x=20, y=15)


def test_the_selection_grows_with_shift_and_the_arrow_keys(page: ReviewPage, qtbot: QtBot) -> None:
    grid = page.gallery.grid
    press(qtbot, page, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert page.gallery.selected() == [page.gallery.model.item_id(row) for row in (0, 1)]
    grid.selectionModel().select(page.gallery.model.index(3), QItemSelectionModel.SelectionFlag.Select)
    assert len(page.gallery.selected()) == 3
    press(qtbot, page, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(page.gallery.selected()) == 8


def test_the_next_undecided_item_is_found_far_away_and_behind(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    model = page.gallery.model
    ids = list(range(1000, 3000))
    model.show(ids, lambda wanted: [])
    asked: list[int] = []

    def decided_but(free: set[int]) -> Callable[[Sequence[int]], list[int]]:
        def decided(items: Sequence[int]) -> list[int]:
            asked.extend(items)
            return [item for item in items if item not in free]

        return decided

    assert model.next_undecided(10, decided_but({1011})) == 11
    assert len(asked) < 100
    assert model.next_undecided(10, decided_but({2900, 1003})) == 1900
    assert model.next_undecided(10, decided_but({1003, 1001})) == 3
    assert model.next_undecided(10, decided_but(set())) is None
    assert model.next_undecided(1999, decided_but({1000})) == 0
    model.show([], None)


def test_selecting_rows_that_follow_each_other_makes_ranges_of_them(page: ReviewPage) -> None:
    grid = page.gallery.grid
    grid.select_rows([6, 2, 1, 3, 0, 7])
    assert page.gallery.selected() == [page.gallery.model.item_id(row) for row in (0, 1, 2, 3, 6, 7)]
    assert len(grid.selectionModel().selection()) == 2
    assert grid.current_item == page.gallery.model.item_id(0)
