"""Suggestions of the LR finder against curves worked out by hand and against a straightforward reference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.core.lr_suggestions import minimum, slide, steep, suggestions, valley


def rates(count: int) -> np.ndarray:
    return 1e-7 * (10 / 1e-7) ** (np.arange(count) / 100)


def dip(count: int = 100) -> tuple[list[float], list[float]]:
    """A curve like a finder's: flat, then falling to step 70, then exploding."""
    steps = np.arange(count)
    losses = 2 - 1.5 / (1 + np.exp(-(steps - 50) / 5)) + np.exp((steps - 80) / 4)
    return list(rates(count)), list(losses)


def test_valley_is_at_a_half_of_the_longest_falling_run() -> None:
    lrs = np.arange(1.0, 13.0)
    # Falls over indices 1…10 (ten points): the run starts at 10 - 10 = 0, a third of it is 3, half of that 1.
    losses = np.array([5.0, 5.5, 5.4, 5.3, 5.2, 5.1, 4.9, 4.5, 4.0, 3.0, 2.0, 9.0])
    assert valley(lrs, losses) == lrs[0 + 3 + 1]


def test_valley_counts_the_longest_falling_subsequence_across_small_bumps() -> None:
    lrs = np.arange(20.0)
    losses = 20 - lrs
    losses[7] += 1.5  # a bump that a run of neighbours would end at
    end, length = 19, 19  # one point is left out of the run
    start = end - length
    third = length / 3
    assert valley(lrs, losses) == lrs[start + int(third) + int(third / 2)]


def test_steep_is_where_the_loss_falls_fastest_by_the_logarithm_of_the_rate() -> None:
    lrs = np.array([1e-4, 1e-3, 1e-2, 1e-1])
    losses = np.array([3.0, 2.9, 1.9, 1.8])
    assert steep(lrs, losses) == 1e-3


def test_minimum_is_a_tenth_of_the_rate_with_the_lowest_loss() -> None:
    assert minimum(np.array([0.1, 0.2, 0.4]), np.array([2.0, 1.0, 3.0])) == pytest.approx(0.02)


def test_slide_stops_where_the_slopes_at_both_ends_of_the_interval_agree() -> None:
    lrs = np.arange(1.0, 41.0)
    losses = np.concatenate([np.full(30, 1.0), 1.0 + np.arange(1, 11) ** 2 / 10])
    slopes = np.gradient(losses)
    right, left, found = 39, 24, lrs[24]
    while left >= 0 and abs(slopes[right] - slopes[left]) > 0.005:
        found, right, left = lrs[left], right - 1, left - 1
    assert slide(lrs, losses) == found
    assert found < lrs[24]


def test_the_first_ten_and_last_five_points_are_dropped() -> None:
    lrs, losses = dip()
    spoilt = [*[-9.0] * 10, *losses[10:-5], *[-99.0] * 5]
    assert suggestions(lrs, spoilt) == suggestions(lrs, losses)


def test_what_follows_a_nan_is_dropped() -> None:
    lrs, losses = dip()
    after_nan = [*losses[:60], math.nan, *[-50.0] * 39]
    assert suggestions(lrs, after_nan) == suggestions(lrs[:65], losses[:65])


def test_a_typical_curve_gets_all_four_rules_in_order_and_within_the_falling_part() -> None:
    lrs, losses = dip()
    found = {suggestion.rule: suggestion.lr for suggestion in suggestions(lrs, losses)}
    assert list(found) == ["valley", "steep", "minimum", "slide"]
    lowest = lrs[int(np.argmin(losses[:95]))]
    assert found["minimum"] == pytest.approx(lowest / 10)
    assert found["steep"] == pytest.approx(lrs[49], rel=0.3)
    assert lrs[20] < found["valley"] < lowest


@pytest.mark.parametrize("count", [0, 1, 5, 15, 16, 17, 20, 31])
def test_a_sweep_that_ended_early_suggests_what_it_can_and_never_fails(count: int) -> None:
    lrs, losses = dip()
    rules = [s.rule for s in suggestions(lrs[:count], losses[:count])]
    kept = max(0, count - 15)
    assert ("valley" in rules) == (kept >= 1)
    assert ("steep" in rules) == (kept >= 2)
    assert ("slide" in rules) == (kept >= 16)


def test_rates_and_losses_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rates"):
        suggestions([1, 2, 3], [1, 2])
