"""Edits hold only what changed, in memory and as bytes, and lead both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.core.edits import MaskEdit, PointsEdit, bounds_of
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import Rect
from studio.core.tiles import TILE, TilePatch, flattened, tile_rect, tiles_over

SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 300))


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A mask and a changed copy: rectangles of few values, as labels have, and sometimes noise."""
    shape = draw(SHAPES)
    old = np.full(shape, 255, np.uint8)
    for mask_round in range(2):
        target = old if mask_round == 0 else (new := old.copy())
        for _ in range(draw(st.integers(0, 3))):
            y, x = draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))
            h, w = draw(st.integers(1, 160)), draw(st.integers(1, 160))
            target[y : y + h, x : x + w] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        noise = draw(hnp.arrays(np.uint8, (min(9, shape[0]), min(9, shape[1]))))
        new[: noise.shape[0], : noise.shape[1]] = noise
    return old, new


@settings(deadline=None, max_examples=60)
@given(mask_pairs())
def test_an_edit_leads_from_before_to_after_and_back_also_through_its_bytes(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    old, new = pair
    edit = MaskEdit.decode(MaskEdit.between(old, new, "test").encode(), "test")

    mask = old.copy()
    dirty = edit.apply(mask)
    assert np.array_equal(mask, new)
    changed = old != new
    if dirty is None:
        assert not changed.any()
    else:
        changed[dirty.slices] = False
        assert not changed.any()
    edit.revert(mask)
    assert np.array_equal(mask, old)
    edit.inverse("back").apply(new)
    assert np.array_equal(new, old)


@settings(deadline=None, max_examples=60)
@given(mask_pairs())
def test_an_edit_knows_how_many_pixels_of_each_value_come_and_go(pair: tuple[np.ndarray, np.ndarray]) -> None:
    old, new = pair
    delta = MaskEdit.between(old, new, "test").class_delta()
    expected = np.bincount(new.ravel(), minlength=256).astype(int) - np.bincount(old.ravel(), minlength=256)
    assert delta == {int(v): int(expected[v]) for v in np.flatnonzero(expected)}


@settings(deadline=None, max_examples=40)
@given(mask_pairs(), st.integers(0, 2**32 - 1))
def test_an_edit_goes_onto_a_changed_mask_only_where_that_is_as_the_edit_knew_it(
    pair: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    old, new = pair
    later = old.copy()
    where = np.random.default_rng(seed).random(old.shape) < 0.1
    later[where] = 77

    MaskEdit.between(old, new, "test").onto(later).apply(later)

    untouched = np.where(where & (old != 77), 77, new)
    assert np.array_equal(later, untouched)


@pytest.mark.parametrize("seed", range(6))
def test_tiles_of_one_value_are_set_as_those_of_many_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    width, height = 5 * TILE + 40, 3 * TILE + 7
    old, new = (_blocks(rng, height, width) for _ in range(2))
    patches = [TilePatch(r, flattened(old[r.slices]), flattened(new[r.slices])) for r in _tiles(width, height)]
    left_out = int(rng.integers(len(patches)))
    kept = [patch for number, patch in enumerate(patches) if number != left_out]
    expected, back = new.copy(), old.copy()
    hole = patches[left_out].rect.slices
    expected[hole], back[hole] = old[hole], old[hole]
    if seed % 2:
        rng.shuffle(kept)  # pyright: ignore
    edit = MaskEdit("fill", width, height, tuple(kept))
    mask = old.copy()
    assert edit.apply(mask) == edit.bounds
    assert np.array_equal(mask, expected)
    edit.revert(mask)
    assert np.array_equal(mask, back)


def _blocks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A mask of which most tiles have one of two values, and some both."""
    mask = np.kron(rng.integers(0, 2, (4, 6)), np.ones((TILE, TILE))).astype(np.uint8)[:height, :width]
    for y, x in rng.integers(0, (height, width), (3, 2)):
        mask[y, x] ^= 1
    return mask


def _tiles(width: int, height: int) -> list[Rect]:
    return [tile_rect(*key, width, height) for key in tiles_over(Rect(0, 0, width, height))]


def test_only_the_tiles_that_changed_are_kept() -> None:
    old = np.zeros((1000, 1000), np.uint8)
    new = old.copy()
    new[500, 500] = 1
    new[999, 999] = 1
    edit = MaskEdit.between(old, new, "dots")
    assert [patch.rect for patch in edit.patches] == [Rect(384, 384, TILE, TILE), Rect(896, 896, 104, 104)]
    assert len(edit.encode()) < 300
    assert edit.bounds == Rect(384, 384, 616, 616)


def test_an_edit_of_another_size_is_refused() -> None:
    edit = MaskEdit.between(np.zeros((4, 5), np.uint8), np.ones((4, 5), np.uint8), "all")
    for action in (edit.apply, edit.revert, edit.onto):
        with pytest.raises(ValueError, match="5×4"):
            action(np.zeros((5, 4), np.uint8))


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:-5], lambda b: b"XXXX" + b[4:], lambda b: b[:9] + b])
def test_bytes_that_are_no_edit_are_refused(spoil: object) -> None:
    data = MaskEdit.between(np.zeros((4, 5), np.uint8), np.eye(4, 5, dtype=np.uint8), "line").encode()
    with pytest.raises(ValueError, match="not a mask edit"):
        MaskEdit.decode(spoil(data), "line")  # type: ignore[operator]


def test_bytes_with_pixels_missing_or_left_over_are_refused() -> None:
    edit = MaskEdit.between(np.zeros((4, 5), np.uint8), np.eye(4, 5, dtype=np.uint8), "line")
    data = edit.encode()
    larger = data[:4] + (6).to_bytes(4, "little") + data[8:]
    smaller = data[:4] + (3).to_bytes(4, "little") + data[8:]
    for wrong in (larger, smaller):
        with pytest.raises(ValueError):
            MaskEdit.decode(wrong, "line")


def test_tiles_cover_a_rectangle_and_end_with_the_mask() -> None:
    assert list(tiles_over(Rect(127, 0, 2, 1))) == [(0, 0), (0, 1)]
    assert tile_rect(1, 2, 300, 140) == Rect(256, 128, 44, 12)
    assert bounds_of([]) is None


points = st.builds(
    Points,
    st.lists(
        st.builds(
            Keypoint,
            index=st.integers(0, 67),
            x=st.floats(-10, 5000),
            y=st.floats(-10, 5000),
            visibility=st.sampled_from(Visibility),
            instance=st.integers(0, 3),
        ),
        max_size=6,
    ).map(tuple),
)


@given(points, points)
def test_an_edit_of_points_survives_its_bytes_and_turns_around(old: Points, new: Points) -> None:
    edit = PointsEdit.decode(PointsEdit("move", old, new).encode(), "move")
    assert (edit.what, edit.old, edit.new) == ("move", old, new)
    back = edit.inverse("back")
    assert (back.old, back.new) == (new, old)
