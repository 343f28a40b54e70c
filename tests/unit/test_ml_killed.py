"""A run that is killed at random, again and again, ends bit for bit where the one that nobody touched ends."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.outcome import OutcomeKind
from studio.core.recipe import Stage
from studio.ml.model_file import read_model
from tests.unit.ml_runs import ALL_BUT_ONE, make_run, recipe, run, same_tensors

CHILD = f"""
import sys
from pathlib import Path
from studio.ml.runner import carry_out
def say(event): print(event, flush=True)
carry_out(Path(sys.argv[1]), resume=True, device="cpu", reserve_cores={ALL_BUT_ONE}, emit=say)
"""

MOST_EVENTS = 14
"""Before a kill: from the first word to the third epoch, with the writing of a checkpoint in all its parts."""


def killed_after(folder: Path, events: int) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        heard = [child.stdout.readline() for _ in range(events)]
        assert all(heard), "it ended before it was killed"
        child.kill()


@pytest.mark.parametrize(
    "kills", [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])], ids=lambda n: f"kills: {n}"
)
def test_a_run_killed_at_random_loses_nothing_but_time(kills: int, tmp_path: Path) -> None:
    spec = recipe(stages=(Stage(epochs=3 * kills, height=32, width=32, batch_size=4),))
    folder = make_run(tmp_path / "0001", spec)
    chance = random.Random(kills)
    for _ in range(kills):
        killed_after(folder, chance.randint(1, MOST_EVENTS))
    outcome, _ = run(folder, resume=True)
    assert outcome is OutcomeKind.FINISHED
    untouched = make_run(tmp_path / "0002", spec)
    run(untouched)
    assert same_tensors(read_model(folder).state, read_model(untouched).state)
