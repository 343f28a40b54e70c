"""Choosing what to label next: uncertain first, unlike each other, no sequence twice in a row."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.choosing import POOL_FACTOR, choose, choose_at_random

NOTHING = np.zeros((0, 2), np.float32)


def directions(*degrees: float) -> npt.NDArray[np.float32]:
    """Features that lie at these angles."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_of_alike_items_one_is_queued_and_then_the_unlike_ones() -> None:
    features = directions(0, 1, 2, 90, 91, 180)
    uncertainty = np.array([0.9, 0.8, 0.8, 0.7, 0.6, 0.5])
    assert choose(uncertainty, features, [""] * 6, known=NOTHING, places=6)[:3] == [0, 5, 3]


def test_what_is_like_a_labelled_item_comes_last() -> None:
    features = directions(0, 90, 180)
    order = choose(np.array([0.9, 0.5, 0.1]), features, [""] * 3, known=directions(1), places=3)
    assert order == [2, 1, 0]


def test_a_sure_item_is_not_queued_however_unlike_it_is() -> None:
    number = 40
    features = directions(*np.linspace(0, 60, number - 1), 180)
    uncertainty = np.array([0.9] * (number - 1) + [0.01])
    assert number - 1 not in choose(uncertainty, features, [""] * number, known=NOTHING, places=4)


def test_frames_of_one_sequence_do_not_follow_each_other() -> None:
    features = directions(0, 180, 90, 270, 45, 135)
    groups = ["a", "a", "a", "b", "b", "c"]
    order = choose(np.linspace(1, 0.5, 6), features, groups, known=NOTHING, places=6)
    assert sorted(order) == list(range(6))
    named = [groups[position] for position in order]
    assert all(first != second for first, second in itertools.pairwise(named))


def test_the_random_choice_goes_by_its_seed() -> None:
    assert choose_at_random(100, places=10, seed=3) == choose_at_random(100, places=10, seed=3)
    assert choose_at_random(100, places=10, seed=3) != choose_at_random(100, places=10, seed=4)
    assert sorted(choose_at_random(5, places=10, seed=0)) == [0, 1, 2, 3, 4]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_queue_has_each_item_once_and_only_uncertain_ones(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 40))
    places = data.draw(st.integers(1, 45))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    features = directions(*random.uniform(0, 360, number))
    known = directions(*random.uniform(0, 360, data.draw(st.integers(0, 5))))
    groups = [str(group) for group in random.integers(0, 4, number)]
    uncertainty = random.uniform(size=number)
    order = choose(uncertainty, features, groups, known=known.reshape(-1, 2), places=places)
    assert len(order) == len(set(order)) == min(places, number)
    pool = max(places, POOL_FACTOR * places)
    assert set(order) <= set(np.argsort(-uncertainty)[:pool].tolist())
    assert order == choose(uncertainty, features, groups, known=known.reshape(-1, 2), places=places)
