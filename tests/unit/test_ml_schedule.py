"""Schedules against their formulas, and what a learning rate means for three groups."""

from __future__ import annotations

import math

import msgspec
import pytest
import torch

from studio.core.recipe import LearningRate, Stage, decode_spec
from studio.core.schedules import Constant, FlatCosine, OneCycle, Schedule
from studio.ml.schedule import group_rates, momentum_of, rates_of, set_rates
from tests.unit.ml_runs import recipe


def course(steps: int, peaks: list[float], schedule: Schedule) -> tuple[list[list[float]], list[float]]:
    """Rates and momentum that each of the steps is made with."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in peaks]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.99))
    rates, momenta = [], []
    for step in range(steps):
        set_rates(optimizer, schedule, peaks=peaks, position=step / steps)
        rates.append(rates_of(optimizer))
        momenta.append(momentum_of(optimizer))
    return rates, momenta


def cosine(start: float, end: float, share: float) -> float:
    return start + (1 + math.cos(math.pi * (1 - share))) * (end - start) / 2


def test_one_cycle_rises_for_a_quarter_and_falls_towards_a_hundred_thousandth() -> None:
    rates, momenta = course(100, [0.01], OneCycle())
    for step in range(100):
        rising, falling = step / 25, (step - 25) / 75
        expected = cosine(0.01 / 25, 0.01, rising) if step <= 25 else cosine(0.01, 0.01 / 1e5, falling)
        momentum = cosine(0.95, 0.85, rising) if step <= 25 else cosine(0.85, 0.95, falling)
        assert rates[step][0] == pytest.approx(expected, rel=1e-9)
        assert momenta[step] == pytest.approx(momentum, rel=1e-9)
    assert rates[25] == [0.01]


def test_flat_cosine_stays_at_the_peak_for_three_quarters_and_then_falls() -> None:
    rates, momenta = course(40, [0.01], FlatCosine(momentum=0.8))
    assert rates[:31] == [[0.01]] * 31
    assert [rate for (rate,) in rates[30:]] == pytest.approx([cosine(0.01, 1e-7, i / 10) for i in range(10)])
    assert momenta == [0.8] * 40


def test_constant_is_the_peak_at_every_step() -> None:
    assert course(3, [1e-4, 1e-2], Constant()) == ([[1e-4, 1e-2]] * 3, [0.9] * 3)


def test_each_group_has_its_own_peak() -> None:
    rates, _ = course(40, [1e-4, 1e-3, 1e-2], OneCycle())
    assert [max(rate[group] for rate in rates) for group in range(3)] == pytest.approx([1e-4, 1e-3, 1e-2])


@pytest.mark.parametrize("schedule", [OneCycle(), OneCycle(pct_start=0), OneCycle(pct_start=1), FlatCosine()])
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_very_short_stages_and_turns_at_either_end_have_a_schedule_too(steps: int, schedule: Schedule) -> None:
    rates, momenta = course(steps, [0.01], schedule)
    assert all(0 < rate[0] <= 0.01 for rate in rates)
    assert all(0.85 <= momentum <= 0.95 for momentum in momenta)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('{"kind": "one-cycle", "pct_start": 1.2}', "pct_start .* 1.2 is not between 0 and 1"),
        ('{"kind": "one-cycle", "div": 0}', "div divides .* 0 is not 1 or more"),
        ('{"kind": "flat-cosine", "div_final": 0.5}', "div_final divides"),
        ('{"kind": "one-cycle", "momenta": [0.95, 1, 0.95]}', "momentum of 1 is not"),
        ('{"kind": "constant", "momentum": -0.1}', "momentum of -0.1 is not"),
        ('{"kind": "constant", "pct_start": 0.2}', "unknown field"),
        ('{"kind": "staircase"}', "staircase"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_what_is_wrong(wrong: str, said: str) -> None:
    stage = f'{{"epochs": 1, "height": 32, "width": 32, "schedule": {wrong}}}'
    with pytest.raises(ValueError, match=said):
        decode_spec(f'{{"task": "segmentation", "stages": [{stage}]}}')


def test_a_recipe_from_before_schedules_could_be_chosen_is_one_cycle() -> None:
    spec = decode_spec('{"task": "segmentation", "stages": [{"epochs": 1, "height": 32, "width": 32}]}')
    today = recipe(stages=[Stage(epochs=1, height=32, width=32)], model=spec.model, augment=spec.augment)
    assert spec == msgspec.structs.replace(today, precision=spec.precision)
    assert spec.stages[0].schedule == OneCycle(pct_start=0.25, div=25, div_final=1e5, momenta=(0.95, 0.85, 0.95))


def test_one_rate_is_for_all_groups_unless_told_otherwise() -> None:
    assert group_rates(LearningRate(high=0.01), 3) == [0.01] * 3


def test_slice_of_one_rate_gives_a_tenth_to_all_but_the_last_group() -> None:
    assert group_rates(LearningRate(high=0.01, discriminative=True), 3) == pytest.approx([0.001, 0.001, 0.01])


def test_slice_of_two_rates_spreads_geometrically() -> None:
    assert group_rates(LearningRate(high=1e-2, low=1e-4), 3) == pytest.approx([1e-4, 1e-3, 1e-2])
    assert group_rates(LearningRate(high=1e-2, low=1e-4), 1) == [1e-2]
