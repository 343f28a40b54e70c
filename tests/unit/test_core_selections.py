"""What the tools that look at a picture are made of: selections, colours, cut-outs, paths along edges, superpixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.color_wand import ColorField
from studio.core.edge_outline import EdgeOutline
from studio.core.edge_paths import PathMap
from studio.core.grabcut import CELLS, Stroke, cut
from studio.core.raster import Rect, box_around
from studio.core.selection import Selection, step_for, window_around
from studio.core.superpixels import Superpixels


def disc(width, height, centre, radius):
    rows, columns = np.mgrid[:height, :width] + 0.5
    return (columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 <= radius**2


def colored(region, grain=6):
    picture = np.where(region[..., None], (215, 140, 60), (60, 90, 150))
    noise = np.random.default_rng(5).normal(0, grain, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def iou(found, expected):
    return (found & expected).sum() / (found | expected).sum()


def on_canvas(selection, width, height):
    whole = np.zeros((height, width), bool)
    whole[selection.rect.slices] = selection.pixels()
    return whole


@given(st.integers(1, 7), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_cropping_a_selection_changes_none_of_its_pixels(step, width, height, seed):
    cells = np.random.default_rng(seed).random((-(-height // step), -(-width // step))) < 0.1
    selection = Selection(Rect(3, 5, width, height), cells, step)
    cropped = selection.cropped()
    whole = on_canvas(selection, 60, 60)
    if cropped is None:
        assert not whole.any()
    else:
        assert np.array_equal(on_canvas(cropped, 60, 60), whole)
        assert box_around(cropped.cells) == Rect(0, 0, cropped.cells.shape[1], cropped.cells.shape[0])
        x, y = cropped.rect.x, cropped.rect.y
        assert selection.contains(x, y) == whole[y, x]


@given(st.floats(-50, 450), st.floats(-50, 350), st.integers(1, 500))
def test_a_window_lies_inside_the_picture_and_is_as_large_as_it_can_be(x, y, side):
    window = window_around(x, y, side, 400, 300)
    assert window.clipped(400, 300) == window
    assert (window.width, window.height) == (min(side, 400), min(side, 300))


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 10**6))
def test_a_step_keeps_the_number_of_cells_down(width, height, most):
    assert width * height / step_for(Rect(0, 0, width, height), most) ** 2 <= most


@pytest.mark.parametrize("contiguous", [True, False])
def test_the_wand_takes_exactly_the_colours_within_the_tolerance(contiguous):
    lightness = np.repeat(np.arange(0, 250, 10, np.uint8), 4)[None, :, None]
    grey = np.broadcast_to(lightness, (6, 100, 3)).copy()
    field = ColorField.of(grey, Rect(0, 0, 100, 6), without_grain=False)
    seed = int(field.lab[0, 40, 0])
    found = on_canvas(field.select(40, 3, 10, contiguous=contiguous), 100, 6)
    assert np.array_equal(found, abs(field.lab[..., 0].astype(int) - seed) <= 25)


def test_the_wand_looks_through_grain():
    region = disc(120, 90, (60, 45), 30)
    pixels, whole = colored(region, grain=14), Rect(0, 0, 120, 90)
    smooth = ColorField.of(pixels, whole, without_grain=True).select(60, 45, 18, contiguous=True)
    grainy = ColorField.of(pixels, whole, without_grain=False).select(60, 45, 18, contiguous=True)
    assert iou(on_canvas(smooth, 120, 90), region) > 0.97
    assert on_canvas(grainy, 120, 90).sum() < on_canvas(smooth, 120, 90).sum()


def reader(picture):
    """As a picture is read: strided, which is all that a coarse answer needs."""
    return lambda rect, step: np.ascontiguousarray(picture[rect.slices][::step, ::step])


def test_a_cut_out_larger_than_the_graph_may_be_has_its_border_at_the_pictures_own_pixels():
    width, height = 900, 700
    region = disc(width, height, (450, 350), 260)
    asked = []

    def read(rect, step):
        asked.append((rect.width // step) * (rect.height // step) if step > 1 else 0)
        return reader(colored(region))(rect, step)

    found = cut(read, Rect(170, 70, 560, 560), [], (width, height))
    assert found is not None and found.step == 1
    assert iou(on_canvas(found, width, height), region) > 0.99
    assert 0 < max(asked) <= CELLS


def test_what_a_person_said_stays_said_whatever_the_graph_finds():
    region = disc(200, 150, (100, 75), 40)
    strokes = [Stroke(((40.0, 40.0), (55.0, 40.0)), 7, True), Stroke(((90.0, 75.0), (110.0, 75.0)), 7, False)]
    found = cut(reader(colored(region)), Rect(30, 20, 140, 110), strokes, (200, 150))
    assert found is not None
    mask = on_canvas(found, 200, 150)
    assert mask[40, 40:55].all() and not mask[75, 90:110].any()


def test_an_object_whose_colours_are_around_it_too_is_found_by_its_place():
    region, others = disc(160, 120, (80, 60), 20), disc(160, 120, (25, 60), 24) | disc(160, 120, (135, 60), 24)
    found = cut(reader(colored(region | others)), Rect(55, 35, 50, 50), [], (160, 120))
    assert found is not None
    assert iou(on_canvas(found, 160, 120), region) > 0.9


def test_a_box_in_which_everything_is_taken_away_leaves_nothing():
    all_of_it = [Stroke(((0.0, 40.0), (100.0, 40.0)), 200, False)]
    assert cut(reader(colored(disc(100, 80, (50, 40), 20))), Rect(20, 10, 60, 60), all_of_it, (100, 80)) is None


def test_a_path_follows_an_edge_rather_than_the_straight_line():
    region = disc(200, 200, (100, 100), 70)
    path_map = PathMap.build(colored(region), Rect(0, 0, 200, 200), (30.5, 100.5))
    path = path_map.path((170.5, 100.5))
    assert path[0] == (30.5, 100.5) and path[-1] == (170.5, 100.5)
    away = [abs(np.hypot(x - 100, y - 100) - 70) for x, y in path]
    assert max(away) < 3


def test_anchors_that_are_set_before_a_map_is_there_are_joined_when_it_comes():
    pixels = colored(disc(200, 200, (100, 100), 70))
    outline = EdgeOutline()
    for anchor in ((30.5, 100.5), (100.5, 30.5), (170.5, 100.5)):
        outline.add(anchor)
    assert outline.path() == outline.anchors
    while not outline.is_settled:
        assert outline.wants_map_of is not None
        outline.take_map(PathMap.build(pixels, Rect(0, 0, 200, 200), outline.wants_map_of))
    assert len(outline.path()) > 150
    outline.step_back()
    assert outline.path()[-1] == (100.5, 30.5)


@pytest.mark.parametrize("step", [1, 3])
def test_superpixels_cover_the_picture_without_overlap(step):
    region = disc(100, 80, (50, 40), 25)
    rect = Rect(10, 20, 100, 80)
    found = Superpixels.of(colored(region)[::step, ::step].copy(), rect, step=step, size=15)
    times = np.zeros((120, 130), int)
    for number in range(len(found.boxes)):
        selection = found.selection(number)
        times[selection.rect.slices] += selection.pixels()
        assert selection.cropped() is not None
    assert (times[rect.slices] == 1).all() and times.sum() == 100 * 80
    assert found.at(9, 20) is None
    assert found.selection(found.at(60, 60) or 0).contains(60, 60)
