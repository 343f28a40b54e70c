"""What another mask says is taken over where it should be, as one edit that the journal can keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from studio.core import tile_edits
from studio.core.classes import UNLABELLED, make_classes
from studio.core.edits import MaskEdit
from studio.core.errors import RegionTooLarge
from studio.core.protection import NOTHING_PROTECTED, Protection
from studio.core.taking_over import acceptance, acceptance_at, copy_of
from studio.core.tile_edits import Stopped
from studio.core.tiles import TILE

CLASSES = tuple(make_classes(["sky", "road", "void"]))
VOID = CLASSES[2].id
SIDES = (TILE + 9, TILE + 5)
"""Of several tiles, so that the work is done in parts."""

LOCKS = st.sampled_from([NOTHING_PROTECTED, Protection(frozenset({1})), Protection(frozenset(), True)])


@st.composite
def masks(draw: st.DrawFn, values: tuple[int, ...]) -> np.ndarray:
    """Blocks of pixels, over several tiles."""
    small = draw(hnp.arrays(np.uint8, (7, 2), elements=st.sampled_from(values)))
    return np.kron(small, np.ones((20, 70), np.uint8))[: SIDES[1], : SIDES[0]]


LABELS = masks((0, 1, VOID, UNLABELLED))
PROPOSED = masks((0, 1, VOID, UNLABELLED, 9))


def after(mask: np.ndarray, edit: MaskEdit | None) -> np.ndarray:
    """The label once the journal has given the edit back; both ways of making it agree."""
    new, put = mask.copy(), mask.copy()
    if edit is not None:
        MaskEdit.decode(edit.encode(), edit.what).apply(new)
        edit.put(put)
        assert np.array_equal(new, put)
        edit.revert(put)
        assert np.array_equal(put, mask)
    return new


def free(mask: np.ndarray, new: np.ndarray, locks: Protection) -> np.ndarray:
    locked = np.isin(mask, list(locks.locked))
    return ~locked & ((mask == UNLABELLED) | (new == UNLABELLED) | (not locks.only_unlabelled))


def wanted(mask: np.ndarray, proposed: np.ndarray, *, replace: bool) -> np.ndarray:
    known = np.isin(proposed, [c.id for c in CLASSES])
    return known & ((mask == UNLABELLED) | (replace & (mask != VOID) & (mask != proposed)))


def pieces(region: np.ndarray) -> np.ndarray:
    numbers = np.zeros(region.shape, np.int32)
    ndimage.label(region, output=numbers)
    return numbers


@given(LABELS, PROPOSED, LOCKS, st.booleans(), st.sampled_from([None, 0, 1]))
@settings(max_examples=60, deadline=None)
def test_accepting_sets_what_is_offered_and_nothing_else(
    mask: np.ndarray, proposed: np.ndarray, locks: Protection, replace: bool, class_id: int | None
) -> None:
    offer = wanted(mask, proposed, replace=replace) & ((proposed == class_id) | (class_id is None))
    edit = acceptance(mask, proposed, CLASSES, locks, "accepting", replace=replace, class_id=class_id)
    assert (edit is None) == (not offer.any())
    assert np.array_equal(after(mask, edit), np.where(offer & free(mask, proposed, locks), proposed, mask))


@given(LABELS, PROPOSED, LOCKS, st.booleans(), st.tuples(st.integers(0, TILE + 8), st.integers(0, TILE + 4)))
@settings(max_examples=60, deadline=None)
def test_accepting_here_sets_the_region_that_is_joined_to_the_pixel(
    mask: np.ndarray, proposed: np.ndarray, locks: Protection, replace: bool, pixel: tuple[int, int]
) -> None:
    edit = acceptance_at(mask, proposed, pixel, CLASSES, locks, "accepting", replace=replace)
    offer = wanted(mask, proposed, replace=replace)
    here = pixel[1], pixel[0]
    assert (edit is None) == (not offer[here])
    numbers = pieces(offer & (proposed == proposed[here]))
    region = (numbers == numbers[here]) & offer[here] & free(mask, proposed, locks)
    assert np.array_equal(after(mask, edit), np.where(region, proposed, mask))


@given(LABELS, LABELS, LOCKS, st.sampled_from([None, 0, 1, UNLABELLED]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_copying_from_another_mask_spares_what_it_should(
    mask: np.ndarray, other: np.ndarray, locks: Protection, value: int | None, only_unlabelled: bool
) -> None:
    copied = (other != UNLABELLED) if value is None else (other == value)
    copied &= (mask == UNLABELLED) | (not only_unlabelled)
    edit = copy_of(mask, other, locks, "copying", value=value, only_unlabelled=only_unlabelled)
    assert (edit is None) == (not (copied & (mask != other)).any())
    assert np.array_equal(after(mask, edit), np.where(copied & free(mask, other, locks), other, mask))


def test_what_nobody_wants_any_more_is_given_up_and_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mask = np.full((300, 300), UNLABELLED, np.uint8)
    proposed = np.indices(mask.shape).sum(axis=0).astype(np.uint8) % 2
    with pytest.raises(Stopped):
        copy_of(mask, proposed, NOTHING_PROTECTED, "copying", stopped=lambda: True)
    monkeypatch.setattr(tile_edits, "_MOST_BYTES", 20_000)
    with pytest.raises(RegionTooLarge):
        acceptance(mask, proposed, CLASSES, NOTHING_PROTECTED, "accepting", replace=False)
