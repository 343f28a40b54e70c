"""The bar over the grid: what the items are sorted and grouped by, and the filters by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from studio.core.review import ClassScore, Decision, ItemScore, decode_score, encode_score
from studio.core.review_order import GroupBy, SortBy
from studio.ui.review import ReviewPage

if TYPE_CHECKING:
    from .conftest import ReviewProject

SURE = (0.9, 0.2, 0.6, 0.3, 0.8, 0.5, 0.7, 0.4)
"""The model's confidence in each of the eight items, in the order of their names."""


def choose(combo: QComboBox, value: object) -> None:
    combo.setCurrentIndex(combo.findData(value))


def shown(page: ReviewPage, project: ReviewProject) -> list[str]:
    model = page.gallery.model
    return project.names([model.item_id(row) for row in range(model.rowCount())])


def rewrite(project: ReviewProject, change: object) -> None:
    path = project.store.run("0001").folder / "scores.jsonl"
    assert callable(change)
    lines = [encode_score(change(decode_score(line))) for line in path.read_bytes().splitlines()]
    path.write_bytes(b"".join(lines))


@pytest.fixture
def sure(project: ReviewProject) -> ReviewProject:
    def change(score: ItemScore) -> ItemScore:
        place = project.ids.index(score.item)
        return msgspec.structs.replace(
            score,
            confidence=SURE[place],
            margin=SURE[place],
            entropy=1 - SURE[place],
            classes=(ClassScore(1, (place * 3 % 8) / 8),) if place else (),
        )

    rewrite(project, change)
    return project


@pytest.fixture
def sure_page(sure: ReviewProject, page: ReviewPage) -> ReviewPage:
    return page


def by_sureness() -> list[str]:
    return [f"frame{n}.png" for n in sorted(range(8), key=lambda n: SURE[n])]


def test_the_least_sure_item_comes_first_and_the_count_says_so(sure: ReviewProject, sure_page: ReviewPage) -> None:
    choose(sure_page.gallery.order.sort, SortBy.CONFIDENCE)
    assert shown(sure_page, sure) == by_sureness()
    assert sure_page.gallery.selected() == [sure_page.gallery.model.item_id(0)]
    assert sure_page.top.summary.text() == "8 validation items, least sure first"
    sure_page.gallery.order.direction.click()
    assert shown(sure_page, sure) == by_sureness()[::-1]
    assert sure_page.top.summary.text() == "8 validation items, surest first"


def test_the_overlap_of_a_class_is_asked_for_where_it_counts(sure: ReviewProject, sure_page: ReviewPage) -> None:
    order = sure_page.gallery.order
    assert not order.of_class.isVisible()
    choose(order.sort, SortBy.OVERLAP)
    assert order.of_class.isVisible()
    choose(order.of_class, 1)
    expected = sorted(range(1, 8), key=lambda n: n * 3 % 8)
    assert shown(sure_page, sure) == [f"frame{n}.png" for n in (*expected, 0)]
    assert sure_page.top.summary.text() == "8 validation items, worst IoU of road first"


def test_what_was_chosen_is_so_again_when_the_project_is_opened_again(
    sure: ReviewProject, sure_page: ReviewPage, qtbot: QtBot
) -> None:
    choose(sure_page.gallery.order.sort, SortBy.NAME)
    choose(sure_page.gallery.order.group, GroupBy.CLASS)
    sure_page.gallery.order.direction.click()
    again = ReviewPage(sure.session)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: again.gallery.model.rowCount() > 0, timeout=20_000)
    order = again.gallery.order
    assert (order.sort.currentData(), order.group.currentData(), order.direction.isChecked()) == ("name", "class", True)
    assert again.top.summary.text() == "8 validation items, by name, backwards, by class"
    assert shown(again, sure) == shown(sure_page, sure)
    again.shut_down()
    again.close()


def test_a_run_without_probabilities_is_not_sorted_by_them_and_the_choice_waits(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    order = page.gallery.order
    model = order.sort.model()
    assert isinstance(model, QStandardItemModel)
    offered = {SortBy(order.sort.itemData(row)): model.item(row).isEnabled() for row in range(order.sort.count())}
    assert [by for by, enabled in offered.items() if enabled] == [SortBy.LOSS, SortBy.ERROR, SortBy.NAME]
    hint = order.sort.itemData(order.sort.findData(SortBy.CONFIDENCE), Qt.ItemDataRole.ToolTipRole)
    assert "no such figures" in hint
    order.show_known(frozenset(SortBy))
    choose(order.sort, SortBy.CONFIDENCE)
    order.show_known(frozenset({SortBy.LOSS}))
    assert order.order.by is SortBy.LOSS
    assert order.in_words == "worst first"
    order.show_known(frozenset(SortBy))
    assert order.order.by is SortBy.CONFIDENCE


def test_a_range_of_values_lets_through_what_lies_in_it(
    sure: ReviewProject, sure_page: ReviewPage, qtbot: QtBot
) -> None:
    filters = sure_page.gallery.filters
    assert not filters.values.isVisible()
    qtbot.mouseClick(filters.more_button, Qt.MouseButton.LeftButton)
    choose(filters.values.kind, SortBy.CONFIDENCE)
    qtbot.keyClicks(filters.values.low, "0.4")
    qtbot.waitUntil(lambda: len(shown(sure_page, sure)) == 6)
    filters.values.high.setFocus()
    qtbot.keyClicks(filters.values.high, "0.6")
    qtbot.keyClick(filters.values.high, Qt.Key.Key_Return)
    assert set(shown(sure_page, sure)) == {f"frame{n}.png" for n in range(8) if 0.4 <= SURE[n] <= 0.6}
    assert filters.more_button.text() == "More ●"
    qtbot.mouseClick(filters.clear_button, Qt.MouseButton.LeftButton)
    assert len(shown(sure_page, sure)) == 8
    assert filters.values.low.text() == ""
    assert filters.more_button.text() == "More"


def test_only_what_is_wrong_or_was_corrected(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    third, fourth = project.ids[3], project.ids[4]

    def change(score: ItemScore) -> ItemScore:
        right = score.item == third
        return msgspec.structs.replace(score, error=0.0 if right else score.error, corrected=score.item == fourth)

    rewrite(project, change)
    project.store.review.load_scores("0001")
    values = page.gallery.filters.values
    values.only_wrong.setChecked(True)
    assert "frame3.png" not in shown(page, project)
    assert len(shown(page, project)) == 7
    values.only_corrected.setChecked(True)
    assert shown(page, project) == ["frame4.png"]
    values.only_wrong.setChecked(False)
    values.only_corrected.setChecked(False)
    assert len(shown(page, project)) == 8


def test_points_are_sorted_by_distance_and_not_grouped_by_class(
    points_project: ReviewProject, points_page: ReviewPage
) -> None:
    order = points_page.gallery.order
    assert order.sort.findData(SortBy.ENTROPY) == -1
    assert order.group.findData(GroupBy.CLASS) == -1
    choose(order.sort, SortBy.ERROR)
    order.direction.click()
    assert shown(points_page, points_project) == [f"face{n}.png" for n in range(6)]
    assert order.sort.currentText() == "Distance in pixels"


@pytest.mark.parametrize("size", [(960, 600), (1440, 900)])
def test_the_bar_wraps_so_that_nothing_of_it_is_cut_off(
    sure: ReviewProject, sure_page: ReviewPage, qtbot: QtBot, size: tuple[int, int]
) -> None:
    sure_page.resize(*size)
    choose(sure_page.gallery.order.sort, SortBy.OVERLAP)
    filters = sure_page.gallery.filters
    filters.more_button.setChecked(True)
    filters.values.only_wrong.setChecked(True)
    qtbot.wait(30)
    for widget in (sure_page.gallery.order, filters.split, filters.values, filters.clear_button, filters.text):
        assert filters.rect().contains(widget.geometry()), widget.objectName()
        assert widget.width() >= widget.minimumSizeHint().width()
    assert sure_page.gallery.grid.height() > size[1] // 3


def test_groups_stand_below_their_heads_and_a_click_on_a_head_selects_the_group(
    sure: ReviewProject, sure_page: ReviewPage, qtbot: QtBot
) -> None:
    grid, model = sure_page.gallery.grid, sure_page.gallery.model
    choose(sure_page.gallery.order.group, GroupBy.CLASS)
    expected: dict[int, list[int]] = {}
    for item in sure.ids[:8]:
        wrong = (sure.labels[item] != sure.predictions[item]) & (sure.labels[item] != 4)
        counts = np.bincount(sure.labels[item][wrong], minlength=2)
        expected.setdefault(int(counts.argmax()), []).append(item)
    assert [head.words for head in model.heads] == ["sky mistaken most", "road mistaken most"]
    second = model.heads[1].start
    assert {model.item_id(row) for row in range(second)} == set(expected[0])
    grid.scrollTo(model.index(second))
    tile = grid.visualRect(model.index(second))
    above = grid.visualRect(model.index(second - 1))
    assert tile.top() > above.bottom() + 20
    qtbot.mouseClick(
        grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(tile.center().x(), (tile.top() + above.bottom()) // 2)
    )
    assert set(sure_page.gallery.selected()) == set(expected[1])
    choose(sure_page.gallery.order.group, GroupBy.NOTHING)
    assert model.heads == ()


def test_a_decision_is_about_all_that_is_selected(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    grid = page.gallery.grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(page.gallery.selected()) == 8
    qtbot.keyClick(grid, Qt.Key.Key_R)
    page.decisions.finish()
    assert project.store.review.counts("0001")[Decision.LABEL_RIGHT] == 8


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
def test_a_key_opens_the_list_and_the_keys_are_back_with_the_items_after_the_choice(
    sure: ReviewProject, sure_page: ReviewPage, qtbot: QtBot
) -> None:
    grid, sort = sure_page.gallery.grid, sure_page.gallery.order.sort
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_S)
    assert sort.view().isVisible()
    choices = sort.view()
    choices.setCurrentIndex(sort.model().index(sort.findData(SortBy.CONFIDENCE), 0))
    qtbot.keyClick(choices, Qt.Key.Key_Return)
    assert not sort.view().isVisible()
    assert shown(sure_page, sure) == by_sureness()
    qtbot.waitUntil(grid.hasFocus)


def test_no_key_of_the_page_means_two_things(page: ReviewPage) -> None:
    keys = [key.toString() for action in page.actions() for key in action.shortcuts()]
    assert {"S", "Shift+S"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_items_without_a_label_are_kept_apart_under_a_head_that_says_so(
    project: ReviewProject, request: pytest.FixtureRequest
) -> None:
    bare = project.ids[2]

    def change(score: ItemScore) -> ItemScore:
        said = {"loss": 0.0, "error": 0.0, "labelled": False, "confusion": ()} if score.item == bare else {}
        return msgspec.structs.replace(score, **said)

    rewrite(project, change)
    page: ReviewPage = request.getfixturevalue("page")
    model = page.gallery.model
    for _ in range(2):
        assert [(head.start, head.words) for head in model.heads] == [(0, "With a label"), (7, "No label to judge by")]
        assert model.item_id(7) == bare
        page.gallery.order.direction.click()
    choose(page.gallery.order.sort, SortBy.NAME)
    assert model.heads == ()
