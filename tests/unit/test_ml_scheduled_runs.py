"""What the schedule of a stage does to a whole run: real rates in its events, and nothing lost by a stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.events import Step
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, Stage
from studio.core.schedules import Constant, FlatCosine, OneCycle, Schedule
from studio.ml.checkpoint import read_state, write_state
from studio.ml.model_file import read_model
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

STEPS = 4
SCHEDULES = [OneCycle(pct_start=0.5, div=10, momenta=(0.9, 0.8, 0.95)), FlatCosine(pct_start=0.4), Constant()]


def scheduled(schedule: Schedule) -> Stage:
    """Two epochs of two steps."""
    return Stage(epochs=2, height=32, width=32, batch_size=4, lr=LearningRate(high=1e-3, low=1e-5), schedule=schedule)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_a_stage_trains_by_its_schedule_and_ends_with_the_same_bits_after_a_stop(
    schedule: Schedule, tmp_path: Path
) -> None:
    spec = recipe(stages=[scheduled(schedule)])
    whole = make_run(tmp_path / "0001", spec)
    _, heard = run(whole)
    steps = heard.of(Step)
    assert [step.lrs for step in steps] == [
        pytest.approx([peak * schedule.rate_at(i / STEPS) for peak in (1e-5, 1e-4, 1e-3)]) for i in range(STEPS)
    ]
    assert [step.momentum for step in steps] == pytest.approx([schedule.momentum_at(i / STEPS) for i in range(STEPS)])

    stopped = make_run(tmp_path / "0002", spec)
    run_until(stopped, 3, say="leave")
    outcome, resumed = run(stopped, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert [(s.step, s.lrs, s.momentum) for s in resumed.of(Step)] == [(4, steps[3].lrs, steps[3].momentum)]
    assert same_tensors(read_model(stopped).state, read_model(whole).state)


def test_the_stages_of_a_run_have_schedules_of_their_own(tmp_path: Path) -> None:
    spec = recipe(stages=[scheduled(Constant(momentum=0.7)), scheduled(OneCycle())])
    _, heard = run(make_run(tmp_path / "0001", spec))
    steps = heard.of(Step)
    assert {step.lrs[-1] for step in steps[:STEPS]} == {1e-3}
    assert [step.lrs[-1] / 1e-3 for step in steps[STEPS:]] == pytest.approx(
        [OneCycle().rate_at(i / STEPS) for i in range(STEPS)]
    )
    assert [step.momentum for step in steps] == pytest.approx(
        [0.7] * STEPS + [OneCycle().momentum_at(i / STEPS) for i in range(STEPS)]
    )


def test_a_checkpoint_that_also_holds_pytorchs_one_cycle_state_is_resumed_at_its_place(tmp_path: Path) -> None:
    spec = recipe(stages=[scheduled(OneCycle())])
    folder = make_run(tmp_path / "0001", spec)
    run_until(folder, 1, say="leave")
    state = read_state(folder)
    state["callbacks"]["OneCycle"] = {"schedule": {"total_steps": 4, "last_epoch": 1, "_step_count": 2}, "done": 1}
    for group in state["optimizer"]["param_groups"]:
        group |= {"initial_lr": 4e-5, "max_lr": 1e-3, "min_lr": 1e-8, "base_momentum": 0.85, "max_momentum": 0.95}
    write_state(folder, state)
    outcome, heard = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    assert [step.lrs[-1] for step in heard.of(Step)] == pytest.approx(
        [1e-3 * OneCycle().rate_at(i / STEPS) for i in range(1, STEPS)]
    )
