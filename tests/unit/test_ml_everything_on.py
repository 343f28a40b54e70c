"""All that a recipe can ask of training at once: the run repeats with one seed and resumes to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from studio.core.events import EpochEnd, Started
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, ClassWeights, LearningRate, OnDivergence, RunSpec, Stage
from studio.core.settings import Task
from studio.ml.checkpoint import read_state
from studio.ml.model_file import read_model
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

STAGES = (
    Stage(epochs=1, height=32, width=32, batch_size=5, frozen=True),
    Stage(epochs=2, height=40, width=48, batch_size=4, lr=LearningRate(high=1e-3, low=1e-5)),
)


def everything(task: Task) -> RunSpec:
    return recipe(
        task,
        stages=STAGES,
        augment=Augment(flip=True, rotate=10, zoom=0.2, lighting=0.2),
        clip_norm=1.0,
        parts=2,
        early_stop=3,
        on_divergence=OnDivergence.GO_BACK,
        label_smoothing=0.1,
        class_weights=ClassWeights.BALANCED,
        average_weights=0.9,
        mixup=0.4 if task is Task.SINGLE_LABEL else 0.0,
        compile=True,
    )


def as_it_is(network: nn.Module, **_how: object) -> nn.Module:
    """A compiler that makes nothing of it, in no time."""
    return network


@pytest.mark.parametrize("task", [Task.SEGMENTATION, pytest.param(Task.SINGLE_LABEL, marks=pytest.mark.slow)])
def test_with_everything_on_a_run_repeats_and_resumes_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    monkeypatch.setattr(torch, "compile", as_it_is)
    whole, again, stopped = (make_run(tmp_path / name, everything(task), train=9) for name in ("1", "2", "3"))
    outcome, heard = run(whole)
    assert outcome is OutcomeKind.FINISHED
    run(again)
    run_until(stopped, 3, say="leave")
    run_until(stopped, 5, say="leave", resume=True)
    _, resumed = run(stopped, resume=True)
    for other in (again, stopped):
        assert same_tensors(read_model(other).state, read_model(whole).state)
        assert same_tensors(read_state(other)["model"], read_state(whole)["model"])
        assert (other / "scores.jsonl").read_bytes() == (whole / "scores.jsonl").read_bytes()
    assert resumed.of(EpochEnd)[-1].metrics == heard.of(EpochEnd)[-1].metrics
    assert resumed.of(Started)[0].class_weights == heard.of(Started)[0].class_weights
    assert not same_tensors(read_model(whole).state, read_state(whole)["model"]), "the file is of the average"
