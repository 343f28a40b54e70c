"""Label and prediction in turn at one place, how strong masks are, and differences that need no colour to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from studio.core.classes import palette
from studio.ui.review import ReviewPage, tiles
from studio.ui.review.differences import highlighted
from studio.ui.review.flicker import DIFFERENCE, LABEL, PREDICTION, shown_pane
from tests.ui.review.test_review_grid import pictures_of, pixels

if TYPE_CHECKING:
    from .conftest import ReviewProject


def tile(page: ReviewPage, row: int) -> np.ndarray:
    """What the first pane of a tile shows, without its name."""
    grid = page.gallery.grid
    rect = grid.visualRect(page.gallery.model.index(row))
    pane = grid.pane_size
    image = grid.viewport().grab(rect).toImage().convertToFormat(QImage.Format.Format_RGB888)
    return pixels(image)[12 : pane.height() - 22, 12 : pane.width() - 4].astype(int)


def test_a_tap_shows_the_prediction_in_the_labels_place_and_another_the_label(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    pictures_of(page, qtbot, 0)
    grid = page.gallery.grid
    grid.setFocus()
    grid.select_row(0)
    label = tile(page, 0)
    qtbot.keyClick(grid, Qt.Key.Key_F)
    prediction = tile(page, 0)
    assert (np.abs(label - prediction).sum(-1) > 60).any(), "the car that the model sees"
    qtbot.keyClick(grid, Qt.Key.Key_F)
    np.testing.assert_array_equal(tile(page, 0), label)


def test_a_held_key_shows_the_prediction_while_it_is_down(page: ReviewPage, qtbot: QtBot) -> None:
    pictures_of(page, qtbot, 0)
    grid = page.gallery.grid
    grid.setFocus()
    grid.select_row(0)
    label = tile(page, 0)
    qtbot.keyPress(grid, Qt.Key.Key_F)
    assert (tile(page, 0) != label).any()
    qtbot.wait(300)
    assert (tile(page, 0) != label).any()
    qtbot.keyRelease(grid, Qt.Key.Key_F)
    np.testing.assert_array_equal(tile(page, 0), label)


def test_going_on_to_another_item_shows_everything_as_laid_out(page: ReviewPage, qtbot: QtBot) -> None:
    grid = page.gallery.grid
    grid.setFocus()
    grid.select_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_F)
    assert page.gallery.flicker.turn(page.gallery.model.item_id(0)) == 1
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert page.gallery.flicker.turn(page.gallery.model.item_id(0)) == 0


def test_the_tile_under_the_mouse_flickers_until_the_keys_choose_another(
    page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid, model = page.gallery.grid, page.gallery.model
    monkeypatch.setattr(grid.viewport(), "underMouse", lambda: True)
    grid.setFocus()
    grid.select_row(0)
    centre: QPoint = grid.visualRect(model.index(2)).center()
    qtbot.mouseMove(grid.viewport(), centre)
    qtbot.waitUntil(lambda: grid.addressed_item == model.item_id(2))
    qtbot.keyClick(grid, Qt.Key.Key_F)
    assert page.gallery.flicker.turn(model.item_id(2)) == 1
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.addressed_item == model.item_id(1)


def test_the_preview_goes_back_and_forth_between_label_and_prediction(page: ReviewPage, qtbot: QtBot) -> None:
    grid, preview = page.gallery.grid, page.gallery.preview
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    seen = [preview.pane]
    for key in (Qt.Key.Key_F, Qt.Key.Key_F, Qt.Key.Key_D, Qt.Key.Key_D, Qt.Key.Key_F, Qt.Key.Key_F):
        qtbot.keyClick(preview, key)
        seen.append(preview.pane)
    assert seen == [LABEL, PREDICTION, LABEL, PREDICTION, DIFFERENCE, LABEL, PREDICTION]


@given(st.sampled_from([LABEL, PREDICTION, DIFFERENCE]), st.booleans())
def test_each_turn_shows_something_else_where_there_is_something_else(place: int, alone: bool) -> None:
    turns = [shown_pane(place, turn, alone=alone) for turn in (0, 1, 2)]
    assert turns[0] == place
    stands_still = place == DIFFERENCE and not alone
    assert (turns[1] == turns[2]) == stands_still
    assert stands_still or {turns[1], turns[2]} == {LABEL, PREDICTION}


def test_the_masks_opacity_is_chosen_with_slider_or_keys_and_remembered(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    pictures_of(page, qtbot, 0)
    gallery, slider = page.gallery, page.top.opacity
    assert slider.isVisible() and slider.value() == 58
    assert not _is_opaque(tile(page, 0), project)
    slider.setValue(100)
    assert _is_opaque(tile(page, 0), project)
    gallery.grid.setFocus()
    qtbot.keyClick(gallery.grid, Qt.Key.Key_Comma)
    assert slider.value() == 90 and gallery.opacity == pytest.approx(0.9)
    qtbot.keyClick(gallery.grid, Qt.Key.Key_Period)
    assert slider.value() == 100
    assert float(str(QSettings().value("review/mask_opacity"))) == 1.0


def _is_opaque(shown: np.ndarray, project: ReviewProject) -> bool:
    """Whether sky and road are seen in the very colours of their classes."""
    colors = palette(project.store.settings.classes)
    return all(bool((shown == colors[class_id]).all(-1).any()) for class_id in (0, 1))


def test_tile_and_large_picture_follow_the_opacity_at_once_and_nothing_is_drawn_anew(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures_of(page, qtbot, 0)
    gallery, canvas = page.gallery, page.gallery.preview.canvas
    gallery.grid.select_row(0)
    gallery.toggle_preview()
    small = pictures_of(page, qtbot, 0)
    qtbot.waitUntil(lambda: canvas.pictures not in (None, small), timeout=20_000)
    drawn: list[int] = []
    monkeypatch.setattr(tiles, "draw", lambda _store, _folder, score, _look: drawn.append(score.item))
    assert not _is_opaque(pixels(canvas.grab().toImage()), project)
    page.top.opacity.setValue(100)
    assert _is_opaque(pixels(canvas.grab().toImage()), project)
    page.top.opacity.setValue(0)
    assert len(np.unique(pixels(gallery.preview.canvas.grab().toImage()).reshape(-1, 3), axis=0)) <= 3, "the grey alone"
    page.top.opacity.setValue(100)
    gallery.toggle_preview()
    assert _is_opaque(tile(page, 0), project)
    qtbot.wait(100)
    assert drawn == []


def test_points_have_no_masks_whose_opacity_could_be_chosen(points_page: ReviewPage) -> None:
    assert not points_page.top.opacity.isVisible()
    assert "review_flicker" not in {action.objectName() for action in points_page.actions()}


def test_a_difference_is_hatched_so_that_it_shows_without_colours() -> None:
    """On a ground as bright as the highlight's own colour."""
    share = np.zeros((60, 60), np.float32)
    share[20:40] = 1
    image = np.full((60, 60, 3), 190, np.uint8)
    grey = highlighted(image, share, (240, 105, 95)).astype(float) @ (0.299, 0.587, 0.114)
    assert np.ptp(grey[20:40]) > 40
    assert np.ptp(grey[:20]) == 0
    for row in grey[22:38]:
        assert 5 <= np.count_nonzero(np.diff(row)) <= 25, "stripes, neither a surface nor noise"
