"""A run whose process really has no more memory goes on or ends as its recipe says, with the last good state kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from studio.core.events import EpochEnd, Failed, Finished, RunEvent, Started, Warned, read_events
from studio.core.outcome import OutcomeKind
from studio.ml.checkpoint import read_state

CHILD = """
import resource, sys
from pathlib import Path
from studio.core.events import StageStarted
from studio.core.recipe import OnMemory, Stage
from studio.ml.runner import carry_out
from tests.unit.ml_runs import ALL_BUT_ONE, make_run, recipe

def limit(event):
    if isinstance(event, StageStarted) and event.stage == 1:
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MORE,) * 2)

MORE = 350 * 2**20
small = Stage(epochs=1, height=32, width=32, batch_size=4)
large = Stage(epochs=1, height=128, width=128, batch_size=16)
folder = Path(sys.argv[1])
make_run(folder, recipe(stages=[small, large], on_memory=OnMemory(sys.argv[2])), train=16, valid=2)
carry_out(folder, device="cpu", reserve_cores=ALL_BUT_ONE, emit=limit)
"""
"""A stage that fits, and then one for whose batch at once there is too little room."""

KINDLY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
"""What is freed goes back to the system, so that the limit is on what is held."""


def carried_out(folder: Path, choice: str) -> list[RunEvent]:
    subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), choice],
        env={**os.environ, **KINDLY, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        timeout=200,
    )
    return list(read_events(folder / "events.jsonl"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory hold on Linux")
@pytest.mark.parametrize(("choice", "said"), [("parts", "computed in 2 parts"), ("precision", "computes in bf16")])
def test_a_run_without_enough_memory_goes_on_as_chosen(tmp_path: Path, choice: str, said: str) -> None:
    events = carried_out(tmp_path / "0001", choice)
    assert isinstance(events[-1], Finished)
    assert [e.epoch for e in events if isinstance(e, EpochEnd)] == [1, 2]
    warned = [e.sentence for e in events if isinstance(e, Warned) and e.about == "memory"]
    assert "A batch of 16 images at 128×128 did not fit into memory; from step 5 on" in warned[0]
    assert said in warned[0]
    assert next(e.precision for e in events if isinstance(e, Started)) == "float32"
    state = read_state(tmp_path / "0001")
    assert (state["position"]["step"], state["callbacks"]["FittingMemory"]["precision"]) == (
        5,
        "bf16" if choice == "precision" else None,
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory hold on Linux")
def test_a_run_without_enough_memory_stops_with_its_last_good_checkpoint(tmp_path: Path) -> None:
    events = carried_out(tmp_path / "0001", "stop")
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.outcome is OutcomeKind.OUT_OF_MEMORY
    assert last.sentence == (
        "A batch of 16 images at 128×128 did not fit into the memory of cpu; halve the batch or the image size. "
        "The last good checkpoint is kept."
    )
    state = read_state(tmp_path / "0001")
    assert state["position"]["step"] == 4
    assert all(torch.isfinite(value).all() for value in state["model"].values())
