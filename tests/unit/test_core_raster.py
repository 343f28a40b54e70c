"""Painting is judged pixel by pixel against exact arithmetic on fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.core.raster import Rect, ellipse_pixels, flood_region, polygon_bounds
from tests.unit.polygons import fill_polygon

WIDTH, HEIGHT = 26, 20
# Eighths of a pixel, also outside of the mask: exact both as floats and as fractions.
EIGHTHS = st.integers(-20 * 8, 60 * 8).map(lambda n: n / 8)
PLACES = st.tuples(EIGHTHS, EIGHTHS)
HALF = Fraction(1, 2)


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


def test_fewer_than_three_corners_are_no_polygon() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert fill_polygon(mask, [(1, 1), (20, 20)], 1) is None
    assert polygon_bounds([(-9, -9), (-5, -9), (-5, -5)], WIDTH, HEIGHT) is None


@settings(deadline=None, max_examples=50)
@given(st.integers(-20, 30), st.integers(-20, 30), st.integers(1, 45), st.integers(1, 45))
@example(3, 2, 10, 10)  # centres at exactly the radius
def test_an_ellipse_is_the_pixels_whose_centre_is_inside(x: int, y: int, width: int, height: int) -> None:
    found = ellipse_pixels(Rect(0, 0, WIDTH, HEIGHT), Rect(x, y, width, height))

    cx, cy, rx, ry = x + Fraction(width, 2), y + Fraction(height, 2), Fraction(width, 2), Fraction(height, 2)
    expected = [
        [((c + HALF - cx) / rx) ** 2 + ((r + HALF - cy) / ry) ** 2 <= 1 for c in range(WIDTH)] for r in range(HEIGHT)
    ]
    assert np.array_equal(found, np.array(expected))


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
