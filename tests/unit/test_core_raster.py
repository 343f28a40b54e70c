"""Painting is judged pixel by pixel against exact arithmetic on fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.core.raster import Rect, brush_bands, fill_polygon, flood_region, polygon_bounds, sweep_brush

WIDTH, HEIGHT = 26, 20
# Eighths of a pixel, also outside of the mask: exact both as floats and as fractions.
EIGHTHS = st.integers(-20 * 8, 60 * 8).map(lambda n: n / 8)
PLACES = st.tuples(EIGHTHS, EIGHTHS)
DIAMETERS = st.integers(1, 25 * 8).map(lambda n: n / 8)
HALF = Fraction(1, 2)


def covered_by_brush(x: int, y: int, a: tuple[float, float], b: tuple[float, float], diameter: float) -> bool:
    """Whether a pixel's centre is within diameter / 2 of the segment, without any rounding."""
    px, py = x + HALF, y + HALF
    ax, ay, bx, by = (Fraction(v) for v in (*a, *b))
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    t = ((px - ax) * dx + (py - ay) * dy) / length if length else Fraction(0)
    t = min(max(t, Fraction(0)), Fraction(1))
    return (px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2 <= (Fraction(diameter) / 2) ** 2


def inside_polygon(x: int, y: int, points: list[tuple[float, float]]) -> bool:
    """Even-odd rule for a pixel's centre by counting the edges strictly to its left or through it."""
    px, py = x + HALF, y + HALF
    inside = False
    for (ax, ay), (bx, by) in pairwise([*points, points[0]]):
        low, high = sorted((Fraction(ay), Fraction(by)))
        if low <= py < high and low != high:
            crossing = Fraction(ax) + (py - Fraction(ay)) * (Fraction(bx) - Fraction(ax)) / (
                Fraction(by) - Fraction(ay)
            )
            inside ^= crossing <= px
    return inside


@settings(deadline=None, max_examples=50)
@given(PLACES, PLACES, DIAMETERS)
@example((10.5, 10.5), (10.5, 10.5), 10.0)  # centres at exactly the radius (3-4-5)
@example((5.0, 5.0), (20.0, 25.0), 10.0)  # a border through centres
@example((-30.0, -30.0), (60.0, 60.0), 3.0)  # from outside to outside
@example((10.0, 10.0), (10.0, 10.0), 1.0)  # touches no centre
def test_a_brush_paints_exactly_the_pixels_whose_centre_it_reaches(
    a: tuple[float, float], b: tuple[float, float], diameter: float
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    dirty = sweep_brush(mask, a, b, diameter, 7)

    expected = np.array([[covered_by_brush(x, y, a, b, diameter) for x in range(WIDTH)] for y in range(HEIGHT)])
    assert np.array_equal(mask == 7, expected)
    assert set(np.unique(mask)) <= {0, 7}
    outside = np.ones_like(expected)
    if dirty is not None:
        outside[dirty.slices] = False
    assert not (expected & outside).any()


@settings(deadline=None, max_examples=40)
@given(st.tuples(st.floats(-300, 900), st.floats(-300, 900)), st.tuples(st.floats(-300, 900), st.floats(-300, 900)))
def test_any_float_stroke_over_many_bands_agrees_with_a_distance_away_from_the_border(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    mask = np.zeros((600, 500), np.uint8)
    sweep_brush(mask, a, b, 61.0, 1)

    ys, xs = np.mgrid[0:600, 0:500] + 0.5
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(dx * dx + dy * dy, 1e-300)
    t = np.clip(((xs - a[0]) * dx + (ys - a[1]) * dy) / length, 0, 1)
    distance = np.hypot(xs - a[0] - t * dx, ys - a[1] - t * dy)
    clear = np.abs(distance - 30.5) > 1e-6
    assert np.array_equal((mask == 1)[clear], (distance <= 30.5)[clear])


def test_the_bands_of_a_long_slanting_stroke_cover_far_less_than_its_bounding_box() -> None:
    bands = list(brush_bands(7680, 4320, (10, 10), (7000, 4000), 24))
    area = sum(band.width * band.height for band in bands)
    assert area < 0.06 * 7000 * 4000
    assert all(upper.bottom == lower.y for upper, lower in pairwise(bands))


def test_a_stroke_beside_the_mask_changes_nothing_and_says_so() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert sweep_brush(mask, (-50, 5), (-30, 5), 10, 1) is None
    assert sweep_brush(mask, (5, 500), (30, 500), 10, 1) is None
    assert not mask.any()


@settings(deadline=None, max_examples=50)
@given(st.lists(PLACES, min_size=3, max_size=7))
@example([(0.5, 0.5), (10.5, 0.5), (10.5, 10.5), (0.5, 10.5)])  # edges through centres
@example([(-100.0, -100.0), (200.0, -100.0), (200.0, 200.0), (-100.0, 200.0)])  # the whole mask and more
@example([(0.0, 0.0), (20.0, 15.0), (20.0, 0.0), (0.0, 15.0)])  # crosses itself
def test_a_polygon_fills_exactly_the_pixels_whose_centre_is_inside(points: list[tuple[float, float]]) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    dirty = fill_polygon(mask, points, 9)

    expected = np.array([[inside_polygon(x, y, points) for x in range(WIDTH)] for y in range(HEIGHT)])
    assert np.array_equal(mask == 9, expected)
    if dirty is None:
        assert not expected.any()


def test_polygons_that_share_an_edge_share_no_pixel_and_leave_no_gap() -> None:
    corner, far = (3.25, 2.5), (23.75, 17.125)
    left = np.zeros((HEIGHT, WIDTH), np.uint8)
    right = np.zeros((HEIGHT, WIDTH), np.uint8)
    fill_polygon(left, [corner, far, (3.25, 17.125)], 1)
    fill_polygon(right, [corner, (23.75, 2.5), far], 1)
    both = np.zeros((HEIGHT, WIDTH), np.uint8)
    fill_polygon(both, [corner, (23.75, 2.5), far, (3.25, 17.125)], 1)
    assert np.array_equal(left + right, both)


def test_a_tall_polygon_is_filled_across_its_bands() -> None:
    mask = np.zeros((300, 20), np.uint8)
    fill_polygon(mask, [(5, 10), (15, 10), (15, 290), (5, 290)], 1)
    assert mask.sum() == 10 * 280
    assert mask[10:290, 5:15].all()


def test_fewer_than_three_corners_are_no_polygon() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert fill_polygon(mask, [(1, 1), (20, 20)], 1) is None
    assert polygon_bounds([(-9, -9), (-5, -9), (-5, -5)], WIDTH, HEIGHT) is None


def test_a_flood_takes_the_connected_pixels_of_one_value_and_their_box() -> None:
    rng = np.random.default_rng(3)
    mask = rng.integers(0, 2, (50, 60), dtype=np.uint8)
    for x, y in ((0, 0), (30, 25), (59, 49)):
        region, box = flood_region(mask, x, y)
        _, labels = cv2.connectedComponents((mask == mask[y, x]).astype(np.uint8), connectivity=4)
        expected = (labels == labels[y, x]) & (mask == mask[y, x])
        assert np.array_equal(region, expected)
        rows, columns = np.nonzero(expected)
        assert box == Rect(columns.min(), rows.min(), columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)


def test_a_flood_from_outside_is_refused() -> None:
    with pytest.raises(IndexError, match="outside"):
        flood_region(np.zeros((4, 5), np.uint8), 5, 0)


def test_rectangles_join_meet_and_clip() -> None:
    a, b = Rect(0, 0, 4, 4), Rect(2, 3, 5, 6)
    assert a.union(b) == Rect(0, 0, 7, 9)
    assert a.intersect(b) == Rect(2, 3, 2, 1)
    assert a.intersect(Rect(4, 0, 2, 2)) is None
    assert Rect(-2, -3, 10, 10).clipped(5, 4) == Rect(0, 0, 5, 4)
    assert Rect(9, 9, 2, 2).clipped(5, 4) is None
