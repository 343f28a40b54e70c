"""A region that is sought block by block is the one that a search over the whole mask finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.core.flood import Flood, flood_edit
from studio.core.protection import NOTHING_PROTECTED, Protection
from studio.core.raster import flood_region
from studio.core.tile_edits import Stopped


def region_of(flood: Flood, shape: tuple[int, int]) -> np.ndarray:
    whole = np.zeros(shape, np.bool_)
    for rect, region in flood.parts():
        whole[rect.slices] = True if region is None else region
    return whole


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60), st.sampled_from([0.05, 0.4, 0.6]))
@example(1, 1, 1, 0.5)
@example(3, 16, 32, 0.4)
def test_blocks_find_the_same_region_and_box_as_a_search_over_everything(
    seed: int, height: int, width: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random((height, width)) < share).astype(np.uint8)
    x, y = int(rng.integers(width)), int(rng.integers(height))
    region, box = flood_region(mask, x, y)
    flood = Flood(mask, x, y, block=16)
    assert np.array_equal(region_of(flood, mask.shape), region)
    assert flood.box() == box


def test_a_spiral_is_followed_through_all_of_its_turns() -> None:
    mask = np.zeros((97, 97), np.uint8)
    for ring in range(0, 48, 4):  # walls with a gap each, at the other side every time
        mask[ring : 97 - ring, ring] = mask[ring : 97 - ring, 96 - ring] = 1
        mask[ring, ring : 97 - ring] = mask[96 - ring, ring : 97 - ring] = 1
        mask[48, ring if ring % 8 else 96 - ring] = 0
    region, _ = flood_region(mask, 48, 48)
    assert np.array_equal(region_of(Flood(mask, 48, 48, block=8), mask.shape), region)


@pytest.mark.parametrize(
    "protection", [NOTHING_PROTECTED, Protection(frozenset({3})), Protection(only_unlabelled=True)]
)
@pytest.mark.parametrize("seed", range(4))
def test_the_edit_fills_what_is_not_protected_and_nothing_else(protection: Protection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.choice(np.array([3, 255], np.uint8), (40, 30)), np.ones((9, 11), np.uint8))
    x, y = int(rng.integers(330)), int(rng.integers(360))
    region, _ = flood_region(mask, x, y)
    expected = np.where(region & protection.allows(mask, 7), np.uint8(7), mask)
    edit = flood_edit(mask, x, y, 7, protection)
    after = mask.copy()
    edit.apply(after)
    assert np.array_equal(after, expected)
    assert edit.class_delta() == type(edit).decode(edit.encode(), "fill").class_delta()


def test_a_search_that_nobody_wants_any_more_ends() -> None:
    with pytest.raises(Stopped):
        Flood(np.zeros((64, 64), np.uint8), 5, 5, stopped=lambda: True, block=16)
    with pytest.raises(Stopped):
        flood_edit(np.zeros((64, 64), np.uint8), 5, 5, 1, NOTHING_PROTECTED, lambda: True)


def test_a_search_from_outside_is_refused() -> None:
    with pytest.raises(IndexError):
        Flood(np.zeros((4, 4), np.uint8), 4, 0)
