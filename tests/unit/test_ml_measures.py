"""What a run measures of its steps: the length of the gradients and the memory, seldom where that would cost time."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from studio.core.events import Step, encode_event
from studio.core.recipe import Stage
from studio.ml.callbacks import gradient_norm as measuring
from studio.ml.callbacks.gradient_norm import GradientNorm, gradient_norm
from studio.ml.memory_use import MemoryMeter, memory_use
from tests.unit.ml_runs import make_run, recipe, run


def stand_in(*, scale: float | None = None) -> Any:
    """A learner of two weights whose gradients are 3 and 4, as fp16 scales them when there is a `scale`."""
    network = nn.Linear(2, 1, bias=False)
    network.weight.grad = torch.tensor([[3.0, 4.0]]) * (scale or 1.0)
    scaler = SimpleNamespace(get_scale=lambda: scale) if scale else None
    return SimpleNamespace(
        network=network, precision=SimpleNamespace(scaler=scaler), gradient_norm=None, clipped_norm=None
    )


@pytest.mark.parametrize("scale", [None, 1024.0])
def test_the_norm_is_that_of_all_gradients_together_without_the_scale_of_fp16(scale: float | None) -> None:
    learner = stand_in(scale=scale)
    GradientNorm().after_loss(learner)
    assert learner.gradient_norm == pytest.approx(5.0)


def test_without_gradients_the_norm_is_nothing_and_an_infinite_one_is_not_told() -> None:
    assert gradient_norm(nn.Linear(2, 1)) == 0.0
    learner = stand_in()
    learner.network.weight.grad = torch.tensor([[math.inf, 0.0]])
    GradientNorm().after_loss(learner)
    assert learner.gradient_norm is None


def test_measuring_takes_no_more_than_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that moves by a millisecond a look and by twenty a step, two in a hundred steps are measured."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.001
        return now

    monkeypatch.setattr(measuring.time, "perf_counter", clock)
    callback, learner, measured = GradientNorm(), stand_in(), 0
    for _ in range(1000):
        callback.before_batch(learner)
        now += 0.02
        callback.after_loss(learner)
        measured += learner.gradient_norm is not None
    assert measured <= 1 + now * measuring.SHARE / 0.001
    assert measured > 50


def test_a_run_tells_the_norm_before_clipping_and_the_process_memory(tmp_path: Path) -> None:
    stages = [Stage(epochs=1, height=32, width=32, batch_size=4)]
    _, plain = run(make_run(tmp_path / "0001", recipe(stages=stages)))
    _, clipped = run(make_run(tmp_path / "0002", recipe(stages=stages, clip_norm=1e-3)))
    first, other = plain.of(Step)[0], clipped.of(Step)[0]
    assert first.gradient_norm is not None
    assert first.gradient_norm > 1e-2
    assert other.gradient_norm == pytest.approx(first.gradient_norm, rel=1e-4)
    assert first.memory is not None
    assert 2**26 < first.memory < 2**36
    assert first.memory_reserved is None


def test_memory_is_asked_for_twice_a_second_at_most() -> None:
    meter, cpu = MemoryMeter(), torch.device("cpu")
    assert meter.measure(cpu).most is not None
    assert meter.measure(cpu).most is None
    assert memory_use(cpu).reserved is None


def test_a_step_says_nothing_of_what_was_not_measured() -> None:
    step = Step(
        step=1, epoch=1, loss=1.0, smoothed=1.0, lrs=[1e-3], momentum=0.9, images_per_second=1.0, seconds_left=1.0
    )
    assert b"gradient_norm" not in encode_event(step)
    assert b"memory" not in encode_event(step)
