"""What can be done to a region, compared with the same thing computed another way."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from studio.core.classes import UNLABELLED
from studio.core.interpolation import ShapesBetween, counterpart
from studio.core.raster import Rect, box_around
from studio.core.regions import (
    Change,
    Chosen,
    grown,
    region_at,
    replaced,
    shrunk,
    smoothed,
    whole_class,
    without_holes,
    without_specks,
)

VALUES = st.sampled_from([0, 1, 2, UNLABELLED])
MASKS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14), elements=VALUES)


def changed(mask: np.ndarray, change: Change | None) -> np.ndarray:
    new = mask.copy()
    if change is not None:
        assert (mask[change.rect.slices] != change.values)[change.region].all()
        np.copyto(new[change.rect.slices], change.values, where=change.region)
    return new


def pixels(mask: np.ndarray, chosen: Chosen) -> np.ndarray:
    region = np.zeros(mask.shape, bool)
    region[chosen.rect.slices] = chosen.region
    return region


def to_the_nearest(mask: np.ndarray, given_away: np.ndarray, region: np.ndarray, new: np.ndarray) -> None:
    """Each pixel given away has the value of a pixel outside that is as near as any (to the transform's 5 %)."""
    outside = np.argwhere(~region)
    for y, x in np.argwhere(given_away):
        away = np.hypot(outside[:, 0] - y, outside[:, 1] - x)
        near = outside[away <= away.min() * 1.1]
        assert new[y, x] in mask[near[:, 0], near[:, 1]]


def picked(data: st.DataObject, mask: np.ndarray) -> Chosen:
    y = data.draw(st.integers(0, mask.shape[0] - 1))
    x = data.draw(st.integers(0, mask.shape[1] - 1))
    if data.draw(st.booleans()):
        return region_at(mask, x, y)
    chosen = whole_class(mask, int(mask[y, x]))
    assert chosen is not None
    return chosen


@given(MASKS, st.data(), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_growing_takes_in_what_is_near_enough_and_nothing_else(
    mask: np.ndarray, data: st.DataObject, amount: int
) -> None:
    chosen = picked(data, mask)
    region = pixels(mask, chosen)
    near = np.asarray(ndimage.distance_transform_edt(~region)) <= amount
    assert np.array_equal(changed(mask, grown(mask, chosen, amount)), np.where(near, chosen.value, mask))


@given(MASKS, st.data(), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_shrinking_gives_the_rim_to_what_is_nearest(mask: np.ndarray, data: st.DataObject, amount: int) -> None:
    chosen = picked(data, mask)
    region = pixels(mask, chosen)
    new = changed(mask, shrunk(mask, chosen, amount))
    if region.all():
        assert np.array_equal(new, mask)
        return
    rim = region & (np.asarray(ndimage.distance_transform_edt(region)) <= amount)
    assert np.array_equal(new[~rim], mask[~rim])
    to_the_nearest(mask, rim, region, new)


@given(MASKS, st.data(), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_smoothing_is_a_vote_of_the_pixels_around(mask: np.ndarray, data: st.DataObject, radius: int) -> None:
    chosen = picked(data, mask)
    region = pixels(mask, chosen)
    padded = np.pad(region, radius, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1, 2 * radius + 1))
    vote = windows.mean(axis=(2, 3)) > 0.5
    new = changed(mask, smoothed(mask, chosen, radius))
    if not vote.any():  # nothing would be left of the region
        assert np.array_equal(new, mask)
        return
    untouched = ~(vote | region)
    assert np.array_equal(new[untouched], mask[untouched])
    assert (new[vote] == chosen.value).all()
    if not (vote | region).all():
        to_the_nearest(mask, region & ~vote, region | vote, new)


@given(MASKS, st.data())
@settings(max_examples=60, deadline=None)
def test_holes_are_what_cannot_get_out(mask: np.ndarray, data: st.DataObject) -> None:
    chosen = picked(data, mask)
    region = pixels(mask, chosen)
    filled = np.asarray(ndimage.binary_fill_holes(region, structure=np.ones((3, 3))))
    assert np.array_equal(changed(mask, without_holes(mask, chosen)), np.where(filled, chosen.value, mask))


def pieces(mask: np.ndarray, value: int) -> list[list[tuple[int, int]]]:
    """The connected pieces of a value, by walking from pixel to pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask == value)}
    found = []
    while left:
        piece, queue = [], deque([left.pop()])
        while queue:
            y, x = queue.popleft()
            piece.append((y, x))
            for step in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if step in left:
                    left.remove(step)
                    queue.append(step)
        found.append(piece)
    return found


@given(MASKS, st.sampled_from([0, 1, 2, UNLABELLED, None]), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_specks_are_pieces_that_are_too_small(mask: np.ndarray, value: int | None, smallest: int) -> None:
    specks = np.zeros(mask.shape, bool)
    for each in [value] if value is not None else [0, 1, 2]:
        for piece in pieces(mask, each):
            if len(piece) < smallest:
                specks[tuple(np.transpose(piece))] = True
    new = changed(mask, without_specks(mask, value, smallest))
    if specks.all():
        assert np.array_equal(new, mask)
        return
    assert np.array_equal(new[~specks], mask[~specks])
    to_the_nearest(mask, specks, specks, new)


@given(MASKS, st.data(), VALUES)
@settings(max_examples=40, deadline=None)
def test_a_region_takes_another_class(mask: np.ndarray, data: st.DataObject, value: int) -> None:
    chosen = picked(data, mask)
    expected = np.where(pixels(mask, chosen), value, mask)
    assert np.array_equal(changed(mask, replaced(mask, chosen, value)), expected)


def disc(x: float, y: float, radius: float, value: int = 1) -> Chosen:
    rows, columns = np.mgrid[:100, :160]
    region = np.asarray(np.hypot(columns - x, rows - y) <= radius, np.bool_)
    box = box_around(region)
    assert box is not None
    return Chosen(box, region[box.slices], value)


def test_the_ends_of_an_interpolation_are_the_two_shapes_themselves() -> None:
    rng = np.random.default_rng(2)
    shapes = []
    for x, y in ((3, 5), (90, 40)):
        region = ndimage.binary_closing(rng.random((30, 42)) > 0.4)
        box = box_around(region)
        assert box is not None
        shapes.append(Chosen(Rect(x + box.x, y + box.y, box.width, box.height), region[box.slices], 1))
    between = ShapesBetween(*shapes)
    for share, shape in ((0.0, shapes[0]), (1.0, shapes[1])):
        found = between.at(share, 160, 100)
        assert found is not None
        mask = np.zeros((100, 160), bool)
        mask[found[0].slices] = found[1]
        assert np.array_equal(mask, pixels(mask, shape))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_disc_that_moves_and_grows_is_a_disc_on_the_way(share: float) -> None:
    between = ShapesBetween(disc(30, 30, 10), disc(120, 60, 18))
    found = between.at(share, 160, 100)
    assert found is not None
    mask = np.zeros((100, 160), bool)
    mask[found[0].slices] = found[1]
    expected = disc(30 + 90 * share, 30 + 30 * share, 10 + 8 * share)
    exact = pixels(mask, expected)
    assert np.count_nonzero(mask & exact) / np.count_nonzero(mask | exact) > 0.9


def test_a_shape_that_leaves_the_picture_is_cut_off() -> None:
    between = ShapesBetween(disc(80, 10, 9), disc(80, 90, 9))
    assert between.at(0.5, 60, 100) is None
    found = between.at(0.0, 80, 100)
    assert found is not None
    assert found[0].right == 80


def test_the_counterpart_is_the_piece_that_overlaps_or_else_the_likeliest() -> None:
    mask = np.full((100, 160), UNLABELLED, np.uint8)
    for shape in (disc(30, 30, 10), disc(120, 60, 18), disc(60, 80, 4)):
        mask[shape.rect.slices][shape.region] = 1
    for wanted, sought in ((disc(30, 30, 10), disc(36, 33, 9)), (disc(120, 60, 18), disc(90, 50, 11))):
        found = counterpart(mask, sought)
        assert found is not None
        assert np.array_equal(pixels(mask, found), pixels(mask, wanted))
    assert counterpart(mask, disc(50, 50, 5, value=2)) is None
