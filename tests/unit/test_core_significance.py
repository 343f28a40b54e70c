"""Whether a change could be chance: against scipy, against values worked out by hand, and in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from studio.core.settings import Task
from studio.core.significance import (
    FEWEST,
    bootstrap_interval,
    chance_in_words,
    mcnemar,
    paired_test,
)


def right_and_wrong(*, better: int, worse: int, same: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of `better + worse + same` items before and after; of those that stay, half are wrong."""
    wrong = np.arange(same) % 2.0
    before = np.concatenate([np.ones(better), np.zeros(worse), wrong])
    return before, np.concatenate([np.zeros(better), np.ones(worse), wrong])


def by_hand(better: int, worse: int) -> float:
    """Both tails of a fair coin, counted."""
    flips = better + worse
    tail = sum(math.comb(flips, k) for k in range(min(better, worse) + 1)) / 2**flips
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(("better", "worse", "p"), [(5, 1, 14 / 64), (6, 0, 2 / 64), (3, 3, 1.0), (10, 2, 158 / 4096)])
def test_mcnemars_p_is_that_of_a_fair_coin(better: int, worse: int, p: float) -> None:
    assert mcnemar(better, worse) == pytest.approx(p)
    assert mcnemar(worse, better) == pytest.approx(p)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_p_counts_both_tails(better: int, worse: int) -> None:
    assert mcnemar(better, worse) == pytest.approx(by_hand(better, worse) if better + worse else 1.0)


def test_items_on_which_the_models_agree_say_nothing() -> None:
    few, many = (paired_test(*right_and_wrong(better=5, worse=1, same=n), Task.TEXT) for n in (4, 4000))
    assert few is not None
    assert many is not None
    assert few.p == many.p == pytest.approx(14 / 64)
    assert (many.items, many.better, many.worse, many.change) == (4006, 5, 1, pytest.approx(-4 / 4006))


def test_the_interval_is_that_of_scipys_percentile_bootstrap() -> None:
    differences = np.random.default_rng(5).gamma(2.0, 0.02, 60) - 0.05
    theirs = bootstrap(
        (differences,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    ours = bootstrap_interval(differences)
    width = theirs.high - theirs.low
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


@pytest.mark.parametrize("count", [500, 60_000])
def test_of_many_items_the_interval_is_the_normal_one(count: int) -> None:
    differences = np.random.default_rng(2).exponential(1.0, count)
    half = 1.96 * differences.std() / math.sqrt(count)
    low, high = bootstrap_interval(differences)
    assert (low, high) == pytest.approx((differences.mean() - half, differences.mean() + half), abs=0.12 * half)


def test_the_same_errors_always_have_the_same_interval() -> None:
    differences = np.random.default_rng(0).normal(size=30)
    assert bootstrap_interval(differences) == bootstrap_interval(differences.copy())


@given(st.lists(st.floats(-1, 1), min_size=FEWEST, max_size=40))
def test_the_interval_lies_within_the_differences(differences: list[float]) -> None:
    low, high = bootstrap_interval(np.array(differences))
    assert min(differences) - 1e-12 <= low <= high <= max(differences) + 1e-12


def test_an_error_that_falls_on_every_item_is_hardly_chance_unless_there_are_few() -> None:
    before = np.full(FEWEST, 0.2)
    after = before - np.linspace(0.01, 0.02, FEWEST)
    many = paired_test(before, after, Task.SEGMENTATION)
    few = paired_test(before[1:], after[1:], Task.SEGMENTATION)
    assert many is not None
    assert few is not None
    assert many.could_be_chance is False
    assert few.could_be_chance is None
    assert by_hand(FEWEST, 0) < 0.05 < by_hand(FEWEST - 1, 0)
    assert chance_in_words(few, Task.SEGMENTATION) == "5 items are too few to tell the change from chance."


def test_nothing_is_said_without_items() -> None:
    assert paired_test(np.empty(0), np.empty(0), Task.KEYPOINTS) is None


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        (5, 1, "5 of 45 items better, 1 worse: could be chance (p = 0.22)."),
        (12, 1, "12 of 45 items better, 1 worse: hardly chance (p = 0.0034)."),
        (20, 0, "20 of 45 items better, 0 worse: hardly chance (p < 0.001)."),
        (0, 0, "Nothing changed on 45 items."),
    ],
)
def test_right_and_wrong_items_are_told_in_words(better: int, worse: int, words: str) -> None:
    test = paired_test(*right_and_wrong(better=better, worse=worse, same=45 - better - worse), Task.SINGLE_LABEL)
    assert test is not None
    assert chance_in_words(test, Task.SINGLE_LABEL) == words


@pytest.mark.parametrize(
    ("task", "change", "words"),
    [
        (Task.SEGMENTATION, -0.02, "The error falls by 2.00 points, 95 % between 1.73 and 2.27."),
        (Task.KEYPOINTS, 2.0, "The error rises by 2.00 px, 95 % between 1.73 and 2.27."),
        (Task.MULTI_LABEL, 0.1, "The error rises by 0.10 tags, 95 % between −0.17 and 0.37: could be chance."),
    ],
)
def test_sizes_of_errors_are_told_with_their_interval(task: Task, change: float, words: str) -> None:
    """±1 by turns has the standard deviation 1, so of 52 items the half-width is 1.96 / √52 = 0.27."""
    scale = 0.01 if task is Task.SEGMENTATION else 1.0
    noise = scale * np.resize([1.0, -1.0], 52)
    test = paired_test(np.full(52, 5.0), 5.0 + change + noise, task)
    assert test is not None
    assert test.change == pytest.approx(change)
    assert chance_in_words(test, task) == words


def test_a_change_that_is_the_same_on_every_item_has_an_interval_without_width() -> None:
    before = np.linspace(0.1, 0.9, 20)
    test = paired_test(before, before - 0.07, Task.SEGMENTATION)
    assert test is not None
    assert chance_in_words(test, Task.SEGMENTATION) == "The error falls by 7.00 points, 95 % between 7.00 and 7.00."


@pytest.mark.parametrize("task", [Task.SEGMENTATION, Task.TEXT])
def test_errors_that_stayed_as_they_were_are_no_change(task: Task) -> None:
    test = paired_test(np.ones(9), np.ones(9), task)
    assert test is not None
    assert test.could_be_chance is True
    assert chance_in_words(test, task) == "Nothing changed on 9 items."
