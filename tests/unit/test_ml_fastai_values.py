"""Rates, momenta and suggestions agree with fastai 2.8, as recorded by `tests/recorded/make_fastai_values.py`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.core.lr_suggestions import suggestions
from studio.core.recipe import LearningRate
from studio.core.schedules import FlatCosine, OneCycle, Schedule
from studio.ml.lr_finder import STEPS, rate_at
from studio.ml.schedule import group_rates, momentum_of, rates_of, set_rates

RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "recorded/fastai_values.json").read_text())


def named(case: dict[str, Any]) -> str:
    return "-".join(f"{key}={value}" for key, value in case.items() if key not in ("lrs", "momenta_of_steps"))


def ours(case: dict[str, Any], schedule: Schedule) -> tuple[np.ndarray, list[float]]:
    """Rates (steps, 3) and momenta that our optimizer's steps are made with."""
    low, high = ([None, *case["rates"]] if len(case["rates"]) == 1 else case["rates"])[-2:]
    rate = LearningRate(high=high, low=low, discriminative=len(case["rates"]) == 2)
    optimizer = torch.optim.AdamW([{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(3)])
    steps = case["epochs"] * case["batches"]
    rates, momenta = [], []
    for step in range(steps):
        set_rates(optimizer, schedule, peaks=group_rates(rate, 3), position=step / steps)
        rates.append(rates_of(optimizer))
        momenta.append(momentum_of(optimizer))
    return np.array(rates), momenta


def assert_agrees(case: dict[str, Any], schedule: Schedule) -> None:
    """Within a millionth of each group's peak: fastai counts its place in float32."""
    rates, momenta = ours(case, schedule)
    recorded = np.array(case["lrs"])
    assert rates.shape == recorded.shape
    assert np.abs((rates - recorded) / recorded.max(axis=0)).max() < 1e-6
    assert momenta == pytest.approx(case["momenta_of_steps"], abs=1e-6)


@pytest.mark.parametrize("case", RECORDED["one_cycle"], ids=named)
def test_one_cycle_makes_each_step_with_fastais_rates_and_momentum(case: dict[str, Any]) -> None:
    fields = {name: case[name] for name in ("pct_start", "div", "div_final") if name in case}
    fields |= {"momenta": tuple(case["momenta"])} if "momenta" in case else {}
    assert_agrees(case, OneCycle(**fields))


@pytest.mark.parametrize("case", RECORDED["flat_cosine"], ids=named)
def test_flat_cosine_makes_each_step_with_fastais_rates_and_momentum(case: dict[str, Any]) -> None:
    fields = {name: case[name] for name in ("pct_start", "div_final") if name in case}
    assert_agrees(case, FlatCosine(**fields))


def test_the_learning_rate_finder_tries_fastais_rates() -> None:
    assert [rate_at(step) for step in range(1, STEPS + 1)] == pytest.approx(RECORDED["lr_find_rates"], rel=1e-6)


@pytest.mark.parametrize("curve", RECORDED["curves"], ids=lambda curve: curve["name"])
def test_the_four_suggestions_are_fastais(curve: dict[str, Any]) -> None:
    losses = [math.nan if value is None else value for value in curve["losses"]]
    rates = [rate_at(step) for step in range(1, len(losses) + 1)]
    found = {suggestion.rule: suggestion.lr for suggestion in suggestions(rates, losses)}
    assert found == pytest.approx(curve["values"], rel=1e-6)
    places = {rule: lr * (10 if rule == "minimum" else 1) for rule, lr in found.items()}
    index = {rule: int(np.abs(np.log(rates) - math.log(lr)).argmin()) for rule, lr in places.items()}
    assert index == curve["index"]


def test_there_are_at_least_twenty_recorded_curves() -> None:
    assert len(RECORDED["curves"]) >= 20
