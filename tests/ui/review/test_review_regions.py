"""Only the region of difference at the mouse: outlined, accepted with a key or a click, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.core.review import Decision
from studio.ui.review import ReviewPage

if TYPE_CHECKING:
    from .conftest import ReviewProject

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def two_regions(project: ReviewProject, page: ReviewPage) -> tuple[int, np.ndarray, np.ndarray]:
    """The item whose car is predicted half in the sky and half on the road, shown; the pixels of both halves."""
    worst = project.ids[5]
    page.gallery.reveal([worst])
    label, said = project.labels[worst], project.predictions[worst]
    car = (said == 2) & (label != said) & (label != 4)
    return worst, car & (label == 0), car & (label == 1)


def place_of(region: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(region)
    middle = len(rows) // 2
    return columns[middle] + 0.5, rows[middle] + 0.5


def point_in_preview(page: ReviewPage, qtbot: QtBot, x: float, y: float) -> QPoint:
    """Move the mouse to the pixel (x, y) of the large picture; returns the position."""
    canvas = page.gallery.preview.canvas
    qtbot.waitUntil(lambda: canvas.target is not None, timeout=20_000)
    target = canvas.target
    assert target is not None and canvas.pictures is not None
    scale = target.width() / canvas.pictures.size[0]
    position = QPoint(round(target.x() + x * scale), round(target.y() + y * scale))
    qtbot.mouseMove(canvas, position + QPoint(1, 0))
    qtbot.mouseMove(canvas, position)
    return position


def outlined(page: ReviewPage) -> int | None:
    hover = page.gallery.hover
    assert hover is not None
    return hover.region.item if hover.region is not None else None


@pytest.fixture
def large(page: ReviewPage, qtbot: QtBot) -> ReviewPage:
    page.gallery.toggle_preview()
    page.gallery.show_next_pane()
    page.gallery.show_next_pane()
    assert page.gallery.preview.pane == 2
    return page


def test_shift_a_accepts_the_region_at_the_mouse_and_no_other(
    project: ReviewProject, large: ReviewPage, qtbot: QtBot
) -> None:
    worst, sky, road = two_regions(project, large)
    assert sky.any() and road.any()
    point_in_preview(large, qtbot, *place_of(sky))
    qtbot.waitUntil(lambda: outlined(large) == worst, timeout=20_000)
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_A, SHIFT)

    expected = project.labels[worst].copy()
    expected[sky] = 2
    np.testing.assert_array_equal(project.label_file(worst), expected)
    (review,) = project.store.review.items("0001", [worst])
    assert review.decision is Decision.EDITED
    assert large.gallery.grid.current_item == worst, "more of its regions may follow"

    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(project.label_file(worst), project.labels[worst])
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_Z, CTRL | SHIFT)
    np.testing.assert_array_equal(project.label_file(worst), expected)


def test_a_click_on_the_difference_accepts_the_region_and_one_on_the_label_does_not(
    project: ReviewProject, large: ReviewPage, qtbot: QtBot
) -> None:
    worst, sky, road = two_regions(project, large)
    position = point_in_preview(large, qtbot, *place_of(road))
    qtbot.waitUntil(lambda: outlined(large) == worst, timeout=20_000)
    large.gallery.show_next_pane()
    qtbot.mouseClick(large.gallery.preview.canvas, Qt.MouseButton.LeftButton, pos=position)
    assert project.store.review.journal_ids() == []
    for _ in range(2):
        large.gallery.show_next_pane()
    qtbot.mouseClick(large.gallery.preview.canvas, Qt.MouseButton.LeftButton, pos=position)
    expected = project.labels[worst].copy()
    expected[road] = 2
    np.testing.assert_array_equal(project.label_file(worst), expected)
    assert not np.array_equal(expected[sky], np.full(int(sky.sum()), 2))


def test_after_accepting_a_region_the_mouse_points_at_nothing_until_it_moves_to_another(
    project: ReviewProject, large: ReviewPage, qtbot: QtBot
) -> None:
    worst, sky, road = two_regions(project, large)
    point_in_preview(large, qtbot, *place_of(sky))
    qtbot.waitUntil(lambda: outlined(large) == worst, timeout=20_000)
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_A, SHIFT)
    qtbot.waitUntil(lambda: outlined(large) is None, timeout=20_000)
    point_in_preview(large, qtbot, *place_of(road))
    qtbot.waitUntil(lambda: outlined(large) == worst, timeout=20_000)
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_A, SHIFT)
    expected = project.labels[worst].copy()
    expected[sky | road] = 2
    np.testing.assert_array_equal(project.label_file(worst), expected)


def test_a_region_is_accepted_in_a_tile_too(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    worst, sky, _road = two_regions(project, page)
    grid = page.gallery.grid
    row = page.gallery.model.row_of(worst)
    assert row is not None
    first_pane = grid.visualRect(page.gallery.model.index(row)).topLeft() + QPoint(40, 40)
    qtbot.waitUntil(lambda: grid.picture_at(first_pane) is not None, timeout=20_000)
    found = grid.picture_at(first_pane)
    assert found is not None and found[0].score.item == worst
    target = found[1]
    x, y = place_of(sky)
    position = QPoint(round(target.x() + x * target.width() / 48), round(target.y() + y * target.height() / 32))
    qtbot.mouseMove(grid.viewport(), position + QPoint(1, 0))
    qtbot.mouseMove(grid.viewport(), position)
    qtbot.waitUntil(lambda: outlined(page) == worst, timeout=20_000)
    qtbot.keyClick(grid, Qt.Key.Key_A, SHIFT)
    expected = project.labels[worst].copy()
    expected[sky] = 2
    np.testing.assert_array_equal(project.label_file(worst), expected)


def test_without_a_region_at_the_mouse_nothing_changes_and_it_is_told(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    said: list[str] = []
    project.session.message.connect(lambda sentence, _tone: said.append(sentence))
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A, SHIFT)
    assert len(said) == 1 and "Point at a place" in said[0]
    assert project.store.review.journal_ids() == []


def test_v_outlines_the_largest_region_then_the_next_and_shift_a_accepts_it(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    item, sky, road = two_regions(project, page)
    larger, smaller = (sky, road) if sky.sum() > road.sum() else (road, sky)
    grid, hover = page.gallery.grid, page.gallery.hover
    assert hover is not None

    def shown() -> int:
        return hover.region.region.pixels if hover.region is not None else 0

    for expected in (larger, smaller, larger):
        qtbot.keyClick(grid, Qt.Key.Key_V)
        qtbot.waitUntil(lambda expected=expected: shown() == int(expected.sum()), timeout=20_000)
    qtbot.keyClick(grid, Qt.Key.Key_A, SHIFT)
    label = project.labels[item].copy()
    label[larger] = 2
    np.testing.assert_array_equal(project.label_file(item), label)
    qtbot.keyClick(grid, Qt.Key.Key_V)
    qtbot.waitUntil(lambda: shown() == int(smaller.sum()), timeout=20_000)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert hover.region is None, "it is a region of the item before"


def test_the_region_of_the_item_before_is_not_accepted_in_the_large_picture(
    project: ReviewProject, large: ReviewPage, qtbot: QtBot
) -> None:
    item, sky, _road = two_regions(project, large)
    point_in_preview(large, qtbot, *place_of(sky))
    qtbot.waitUntil(lambda: outlined(large) == item, timeout=20_000)
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_Right)
    qtbot.keyClick(large.gallery.preview, Qt.Key.Key_A, SHIFT)
    assert project.store.review.journal_ids() == []
