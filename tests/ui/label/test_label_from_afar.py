"""A picture far larger than the window: the rows that show are painted first, and nobody sees that."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.core.classes import UNLABELLED
from studio.core.sweep import Sweep

WIDTH, HEIGHT, BRUSH = 6000, 4000, 500
PATH = [(900, 900), (2500, 1400), (2600, 2900), (5200, 1100)]


@pytest.fixture
def far(make_desk):
    desk = make_desk(1, draw=lambda: np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    desk.page.choices.choose_class(1)
    desk.page.choices.set_brush_size(BRUSH)
    return desk


def shown(desk) -> np.ndarray:
    image = desk.canvas.scene.image
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1).copy()


def painted_afresh(desk) -> np.ndarray:
    desk.canvas.scene.set_masks(desk.canvas.document.mask, None)
    desk.canvas.scene.update()
    return shown(desk)


def swept(desk, path) -> np.ndarray:
    expected = np.full((HEIGHT, WIDTH), UNLABELLED, np.uint8)
    places = [tuple(float(round(v)) for v in desk.seen(desk.at(*place))) for place in path]
    for a, b in pairwise([places[0], *places]):
        Sweep.even(a, b, BRUSH).paint(expected, 1)
    return expected


def test_a_stroke_from_afar_saves_every_pixel_of_its_way(far):
    assert far.canvas.viewport.scale <= 0.25
    far.press(*PATH[0])
    for place in PATH[1:]:
        far.move(*place)
    assert far.canvas.document.owes
    far.release(*PATH[-1])
    assert np.array_equal(far.mask(), swept(far, PATH))


def test_what_shows_in_the_middle_of_a_stroke_is_what_the_whole_mask_would_show(far):
    far.press(*PATH[0])
    for place in PATH[1:]:
        far.move(*place)
        far.canvas.repaint()
        seen = shown(far)
        assert np.array_equal(seen, painted_afresh(far))
    far.release(*PATH[-1])


def test_once_it_shows_the_rest_is_painted_without_another_event(far):
    far.press(*PATH[0])
    far.move(*PATH[1])
    far.canvas.repaint()
    assert far.canvas.document.owes
    far.qtbot.waitUntil(lambda: not far.canvas.document.owes, timeout=2000)
    far.release(*PATH[1])


def test_zooming_in_the_middle_of_a_stroke_shows_other_rows_complete(far):
    far.press(*PATH[0])
    far.move(*PATH[1])
    far.canvas.zoom(2, None)
    far.move(*PATH[2])
    QApplication.processEvents()
    far.canvas.repaint()
    seen = shown(far)
    assert np.array_equal(seen, painted_afresh(far))
    far.release(*PATH[2])
