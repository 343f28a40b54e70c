"""Differences and where to look first, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.core.classes import UNLABELLED
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import Rect
from studio.ui.review.differences import (
    differing,
    fit,
    largest_difference,
    largest_distance,
    shrink_share,
)

VOID = 3


def holds(outer: Rect, inner: Rect) -> bool:
    return outer.union(inner) == outer


masks = hnp.arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2, VOID, UNLABELLED]))


@given(masks, masks)
def test_a_pixel_differs_where_a_person_said_something_else_that_counts(
    label: np.ndarray, predicted: np.ndarray
) -> None:
    found = differing(label, predicted, {VOID})
    for y in range(7):
        for x in range(9):
            silent = label[y, x] in (VOID, UNLABELLED)
            assert found[y, x] == (not silent and label[y, x] != predicted[y, x])


def _components(different: np.ndarray) -> list[set[tuple[int, int]]]:
    """8-connected regions by flooding, one pixel after another."""
    left = {(int(y), int(x)) for y, x in np.argwhere(different)}
    found: list[set[tuple[int, int]]] = []
    while left:
        region, edge = set[tuple[int, int]](), [left.pop()]
        while edge:
            y, x = edge.pop()
            region.add((y, x))
            around = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= around
            edge += around
        found.append(region)
    return found


@given(hnp.arrays(np.bool_, (60, 80), elements=st.booleans(), fill=st.just(False)))
def test_the_focus_holds_one_of_the_largest_regions_and_lies_in_the_picture(different: np.ndarray) -> None:
    focus = largest_difference(different)
    regions = _components(different)
    if not regions:
        assert focus is None
        return
    assert focus is not None
    assert focus.clipped(80, 60) == focus
    largest = max(len(region) for region in regions)
    held = [
        region
        for region in regions
        if all(focus.x <= x < focus.right and focus.y <= y < focus.bottom for y, x in region)
    ]
    assert any(len(region) == largest for region in held)


def test_the_focus_of_a_picture_larger_than_the_screen_is_found_in_its_own_pixels() -> None:
    different = np.zeros((3000, 4000), np.bool_)
    different[2000:2100, 3000:3300] = True
    different[10:40, 10:40] = True
    focus = largest_difference(different)
    assert focus is not None
    assert holds(focus, Rect(3000, 2000, 300, 100))
    assert focus.width < 600


def _point(index: int, x: float, y: float, visibility: Visibility = Visibility.VISIBLE) -> Keypoint:
    return Keypoint(index=index, x=x, y=y, visibility=visibility)


def test_the_focus_of_points_is_the_pair_that_lies_farthest_apart() -> None:
    label = Points((_point(0, 10, 10), _point(1, 200, 100), _point(2, 5, 5, Visibility.ABSENT)))
    predicted = Points((_point(0, 12, 10), _point(1, 260, 140), _point(2, 300, 190)))
    focus = largest_distance(label, predicted, width=320, height=200)
    assert focus is not None
    assert holds(focus, Rect(200, 100, 61, 41))
    assert focus.x > 12


def test_points_without_a_partner_have_no_focus() -> None:
    assert largest_distance(Points((_point(0, 1, 1),)), Points(), width=10, height=10) is None


@pytest.mark.parametrize("at", [(0.0, 0.0), (319.9, 199.9)])
def test_a_focus_at_the_rim_stays_inside(at: tuple[float, float]) -> None:
    points = Points((_point(0, *at),))
    focus = largest_distance(points, points, width=320, height=200)
    assert isinstance(focus, Rect)
    assert focus.clipped(320, 200) == focus


def test_a_line_one_pixel_wide_survives_being_shrunk() -> None:
    different = np.zeros((400, 400), np.bool_)
    different[:, 200] = True
    share = shrink_share(different, (40, 40))
    assert (share.max(axis=1) > 0.3).all()
    assert share[:, :18].max() == 0


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(8, 600), st.integers(8, 600))
def test_a_picture_fits_into_its_box_and_touches_it(width: int, height: int, box_w: int, box_h: int) -> None:
    w, h = fit(width, height, box_w, box_h)
    assert 1 <= w <= box_w
    assert 1 <= h <= box_h
    assert w == box_w or h == box_h
