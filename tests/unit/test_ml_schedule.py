"""One-cycle against its formula, and what a learning rate means for three groups."""

from __future__ import annotations

import math

import pytest
import torch

from studio.core.recipe import LearningRate
from studio.ml.schedule import group_rates, momentum_of, one_cycle, rates_of


def course(steps: int, peaks: list[float]) -> tuple[list[list[float]], list[float]]:
    """Rates and momentum that each of the steps is made with."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in peaks]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.99))
    schedule = one_cycle(optimizer, peaks, steps)
    rates, momenta = [], []
    for step in range(steps):
        rates.append(rates_of(optimizer))
        momenta.append(momentum_of(optimizer))
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.ones(1)
        optimizer.step()
        if step + 1 < steps:
            schedule.step()
    return rates, momenta


def cosine(start: float, end: float, share: float) -> float:
    return start + (1 + math.cos(math.pi * (1 - share))) * (end - start) / 2


def test_the_rate_rises_for_a_quarter_and_falls_to_a_hundred_thousandth() -> None:
    rates, momenta = course(100, [0.01])
    for step in range(100):
        rising = step / 24
        falling = (step - 24) / 75
        expected = cosine(0.01 / 25, 0.01, rising) if step <= 24 else cosine(0.01, 0.01 / 1e5, falling)
        momentum = cosine(0.95, 0.85, rising) if step <= 24 else cosine(0.85, 0.95, falling)
        assert rates[step][0] == pytest.approx(expected, rel=1e-6)
        assert momenta[step] == pytest.approx(momentum, rel=1e-6)


def test_each_group_has_its_own_peak() -> None:
    rates, _ = course(40, [1e-4, 1e-3, 1e-2])
    assert [max(rate[group] for rate in rates) for group in range(3)] == pytest.approx([1e-4, 1e-3, 1e-2])


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7, 8, 9])
def test_very_short_stages_have_a_schedule_too(steps: int) -> None:
    rates, momenta = course(steps, [0.01])
    assert all(0 < rate[0] <= 0.01 * (1 + 1e-9) for rate in rates)
    assert all(0.85 - 1e-9 <= momentum <= 0.95 + 1e-9 for momentum in momenta)
    if steps >= 2:
        assert max(rate[0] for rate in rates) == pytest.approx(0.01, rel=0.05)


def test_one_rate_is_for_all_groups_unless_told_otherwise() -> None:
    assert group_rates(LearningRate(high=0.01), 3) == [0.01] * 3


def test_slice_of_one_rate_gives_a_tenth_to_all_but_the_last_group() -> None:
    assert group_rates(LearningRate(high=0.01, discriminative=True), 3) == pytest.approx([0.001, 0.001, 0.01])


def test_slice_of_two_rates_spreads_geometrically() -> None:
    assert group_rates(LearningRate(high=1e-2, low=1e-4), 3) == pytest.approx([1e-4, 1e-3, 1e-2])
    assert group_rates(LearningRate(high=1e-2, low=1e-4), 1) == [1e-2]
