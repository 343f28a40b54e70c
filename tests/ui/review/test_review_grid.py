"""The grid: worst first, every tile with its own prediction, and work for what shows only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.classes import palette
from studio.core.items import NewItem, Split
from studio.core.review import Decision, ItemScore, ReviewItem
from studio.core.settings import Task
from studio.ui.review import ReviewPage
from studio.ui.review.grid import ReviewGrid
from studio.ui.review.model import ReviewModel
from studio.ui.review.pictures import Look, Pictures
from studio.ui.review.tile_painter import TilePainter
from studio.ui.review.tiles import TileRenderer, key_of

if TYPE_CHECKING:
    from .conftest import ReviewProject


def pictures_of(page: ReviewPage, qtbot: QtBot, row: int) -> Pictures:
    """The tile's pictures, once they are drawn with the label as it is now."""
    model, tiles = page.gallery.model, page.gallery.tiles
    page.gallery.grid.scrollTo(model.index(row))
    qtbot.waitUntil(lambda: tiles.fresh_pictures(key_of(model.review(row))) is not None, timeout=20_000)
    found = tiles.fresh_pictures(key_of(model.review(row)))
    assert found is not None
    return found


def pixels(image: QImage) -> np.ndarray:
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def classes_seen(pane: QImage, grey: int, project: ReviewProject) -> np.ndarray:
    """(32, 48) the class whose colour over the grey picture explains each of the original's pixels best."""
    colors = palette(project.store.settings.classes)[:5].astype(float)
    shown = pixels(pane)
    height, width = shown.shape[:2]
    ys = ((np.arange(32) + 0.5) * height / 32).astype(int)
    xs = ((np.arange(48) + 0.5) * width / 48).astype(int)
    sampled = shown[np.ix_(ys, xs)].astype(float)
    expected = grey * (1 - 0.58) + colors * 0.58
    return np.abs(sampled[:, :, None] - expected).sum(-1).argmin(-1)


def test_the_worst_item_comes_first(project: ReviewProject, page: ReviewPage) -> None:
    ids = [page.gallery.model.item_id(row) for row in range(page.gallery.model.rowCount())]
    assert ids == sorted(project.wrong, key=lambda item: -project.wrong[item])
    assert page.top.summary.text() == "8 validation items, worst first"


def test_every_tile_shows_its_own_label_and_prediction(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    """Also after items were added before it and others were left out."""
    project.store.set_left_out(project.ids[1:3], True)
    project.store.add_items([NewItem(name="a.png", path=project.store.root / "a.png", split=Split.VALID)])
    page.gallery.query()
    for row in range(8):
        item = page.gallery.model.item_id(row)
        number = project.ids.index(item)
        pictures = pictures_of(page, qtbot, row)
        grey = 20 * number + 20
        np.testing.assert_array_equal(classes_seen(pictures.shown(1, 0.58), grey, project), project.predictions[item])
        np.testing.assert_array_equal(classes_seen(pictures.shown(0, 0.58), grey, project), project.labels[item])


def test_the_difference_is_highlighted_where_counted_pixels_differ_and_nowhere_else(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    item = page.gallery.model.item_id(0)
    shown = pixels(pictures_of(page, qtbot, 0).panes[2]).astype(int)
    height, width = shown.shape[:2]
    red = (shown[..., 0] - shown[..., 2]) > 40
    differs = (project.labels[item] != project.predictions[item]) & (project.labels[item] != 4)
    ys = ((np.arange(32) + 0.5) * height / 32).astype(int)
    xs = ((np.arange(48) + 0.5) * width / 48).astype(int)
    np.testing.assert_array_equal(red[np.ix_(ys, xs)], differs)


def test_an_accepted_item_shows_its_new_label_and_no_difference(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    item = page.gallery.model.item_id(0)
    pictures_of(page, qtbot, 0)
    page.gallery.grid.select_row(0)
    page.decisions.decide([item], Decision.ACCEPTED)
    after = pictures_of(page, qtbot, 0)
    shown = pixels(after.panes[2]).astype(int)
    assert not ((shown[..., 0] - shown[..., 2]) > 40).any()
    assert after.focus is None
    assert "accepted the prediction" in page.gallery.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_tile_whose_picture_is_broken_says_so_and_the_others_are_drawn(
    project: ReviewProject, page: ReviewPage, qtbot: QtBot
) -> None:
    first = page.gallery.model.review(0)
    project.store.item(first.score.item).path.write_bytes(b"no picture")
    page.gallery.refresh([first.score.item])
    assert "cannot be read as an image" in pictures_of(page, qtbot, 0).trouble
    assert pictures_of(page, qtbot, 1).panes


def test_words_of_a_tile_for_screen_readers_and_tooltips(project: ReviewProject, page: ReviewPage) -> None:
    worst = page.gallery.model.item_id(0)
    share = 100 * project.wrong[worst] / (32 * 44)
    words = page.gallery.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert words.startswith(f"frame2.png, {share:.1f} % of pixels wrong, loss ")


def test_ctrl_and_the_wheel_change_the_tiles_and_the_slider(page: ReviewPage) -> None:
    before = page.gallery.grid.tile_width
    viewport = page.gallery.grid.viewport()
    wheel = QWheelEvent(
        QPointF(50, 50),
        QPointF(viewport.mapToGlobal(QPoint(50, 50))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, wheel)
    assert page.gallery.grid.tile_width > before
    assert page.top.tile_size.value() == page.gallery.grid.tile_width


def test_the_preview_steps_through_items_and_views(project: ReviewProject, page: ReviewPage, qtbot: QtBot) -> None:
    grid, preview = page.gallery.grid, page.gallery.preview
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert preview.isVisible()
    qtbot.keyClick(preview, Qt.Key.Key_D)
    assert preview.pane == 1
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    assert page.gallery.current() == page.gallery.model.review(1)
    qtbot.keyClick(preview, Qt.Key.Key_R)
    assert page.gallery.model.review(1).decision is Decision.LABEL_RIGHT
    qtbot.keyClick(preview, Qt.Key.Key_Escape)
    assert grid.isVisible()


@pytest.fixture
def huge(qtbot: QtBot) -> tuple[ReviewGrid, ReviewModel, list[int]]:
    """A grid over 100,000 items that notes which ones are asked for."""
    asked: list[int] = []

    def read(ids: Sequence[int]) -> list[ReviewItem]:
        asked.extend(ids)
        return [
            ReviewItem(
                run="0001",
                score=ItemScore(item=i, name=f"item {i}", split=Split.VALID, revision=1, loss=1.0, error=0.1),
            )
            for i in ids
        ]

    model = ReviewModel(Task.SEGMENTATION)
    grid = ReviewGrid(TilePainter(Task.SEGMENTATION, lambda _review: None, QFont()))
    qtbot.addWidget(grid)
    model.setParent(grid)
    grid.setModel(model)
    grid.resize(1300, 900)
    grid.show()
    qtbot.waitExposed(grid)
    model.show(range(100_000), read)
    return grid, model, asked


def test_a_hundred_thousand_items_are_read_only_where_they_show(
    huge: tuple[ReviewGrid, ReviewModel, list[int]], qtbot: QtBot
) -> None:
    grid, _model, asked = huge
    grid.grab()
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum() // 2)
    grid.grab()
    grid.resize(700, 500)
    grid.grab()
    assert len(asked) < 1000
    middle = list(grid.visible_rows())
    assert 40_000 < middle[0] < 60_000
    assert set(middle) <= set(asked)


def test_every_tile_is_found_at_the_place_where_it_is_drawn(huge: tuple[ReviewGrid, ReviewModel, list[int]]) -> None:
    grid, model, _asked = huge
    for row in (0, 1, 2, 3, 500, 99_999):
        grid.scrollTo(model.index(row))
        rect = grid.visualRect(model.index(row))
        assert grid.viewport().rect().contains(rect)
        assert grid.indexAt(rect.center()).row() == row
        assert not grid.indexAt(rect.topLeft() - QPoint(3, 3)).isValid()


def test_the_keys_walk_over_all_items(huge: tuple[ReviewGrid, ReviewModel, list[int]], qtbot: QtBot) -> None:
    grid, _model, _asked = huge
    grid.select_row(0)
    columns = 3
    walk = [
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, 99_999),
        (Qt.Key.Key_Right, 99_999),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Left, 0),
    ]
    for key, row in walk:
        qtbot.keyClick(grid, key)
        assert grid.currentIndex().row() == row, key
        assert grid.viewport().rect().intersects(grid.visualRect(grid.currentIndex()))
    qtbot.keyClick(grid, Qt.Key.Key_PageDown)
    assert grid.currentIndex().row() % columns == 0
    assert grid.currentIndex().row() > 0


def test_a_rectangle_selects_the_tiles_that_it_touches(huge: tuple[ReviewGrid, ReviewModel, list[int]]) -> None:
    grid, model, _asked = huge
    replace = QItemSelectionModel.SelectionFlag.ClearAndSelect
    grid.setSelection(
        QRect(grid.visualRect(model.index(1)).center(), grid.visualRect(model.index(5)).center()), replace
    )
    assert grid.selected_items() == [1, 2, 4, 5]
    grid.setSelection(QRect(QPoint(0, 0), grid.visualRect(model.index(5)).center()), replace)
    assert grid.selected_items() == [0, 1, 2, 3, 4, 5]


def test_the_cache_of_tiles_never_grows_beyond_its_bound(project: ReviewProject, qtbot: QtBot) -> None:
    look = Look.of(project.store.settings, width=96, height=64, difference=QColor("red"))
    tile = 3 * 96 * 64 * 4
    tiles = TileRenderer(project.store.root, cache_bytes=3 * tile)
    tiles.set_look(look)
    project.store.review.load_scores("0001")
    reviews = project.store.review.items("0001", project.store.review.ids("0001"))
    drawn: list[object] = []
    tiles.ready.connect(drawn.append)
    tiles.want(reviews, project.store.root / "runs")
    qtbot.waitUntil(lambda: len(drawn) == 8, timeout=20_000)
    tiles.close()
    assert tiles.used_bytes <= 3 * tile
    assert sum(tiles.pictures(key_of(review)) is not None for review in reviews) == 3
