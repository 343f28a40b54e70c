"""Killed at any moment between the first decision and the last score, a fine-tuning loses no decision and goes on."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.fine_tuning import fine_tune_spec, lessons
from studio.core.outcome import OutcomeKind
from studio.core.review import Decision
from studio.core.settings import Task
from studio.ml.model_file import read_model
from studio.store import Store
from tests.unit.ml_runs import ALL_BUT_ONE, run, same_tensors
from tests.unit.test_production_errors import trained_project

CHILD = f"""
import sys
from pathlib import Path
from studio.core.fine_tuning import fine_tune_spec, lessons
from studio.core.review import Decision
from studio.ml.runner import carry_out
from studio.store import Store

DECISIONS = [Decision.ACCEPTED, Decision.LABEL_RIGHT, Decision.LEFT_OUT, Decision.ACCEPTED, Decision.ACCEPTED]
def say(*words): print(*words, flush=True)
with Store.open(Path(sys.argv[1])) as store:
    for item, decision in enumerate(DECISIONS, start=1):
        store.review.decide("0001", item, decision)
        say("decided", item, decision.name)
    begun = [record for record in store.runs() if record.spec.fine_tune is not None]
    if begun:
        record = begun[-1]
    else:
        items = lessons(store.review.corrections("0001"), store.production.learnable("0001"))
        record = store.create_run(fine_tune_spec(store.run("0001").spec, "0001", items, epochs=int(sys.argv[2])))
    say("run", record.id)
carry_out(record.folder, resume=True, device="cpu", reserve_cores={ALL_BUT_ONE}, emit=lambda event: say("event"))
"""

MOST_LINES = 24
"""Before a kill: the decisions, the run's first word, and its epochs with their checkpoints."""


def killed_after(root: Path, lines: int, *, epochs: int) -> dict[int, Decision]:
    """The decisions that were said to be made."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(epochs)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        heard = [child.stdout.readline().split() for _ in range(lines)]
        child.kill()
    assert all(heard), "it ended before it was killed"
    return {int(words[1]): Decision[words[2]] for words in heard if words[0] == "decided"}


@pytest.mark.parametrize(
    "kills", [1, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])], ids=["1 kill", "20 kills"]
)
def test_killed_at_random_it_keeps_every_decision_and_ends_where_an_untouched_one_ends(
    kills: int, tmp_path: Path
) -> None:
    trained_project(tmp_path, Task.SINGLE_LABEL).close()
    root = tmp_path / "project"
    chance = random.Random(kills)
    epochs = 2 * kills  # so that no child comes to its end
    for kill in range(kills):
        lines = chance.randint(2, 7) if kill % 2 else chance.randint(8, MOST_LINES)
        told = killed_after(root, lines, epochs=epochs)
        with Store.open(root) as store:
            kept = {r.score.item: r.decision for r in store.review.items("0001", store.review.ids("0001"))}
        assert {item: kept[item] for item in told} == told

    with Store.open(root) as store:
        begun = [record for record in store.runs() if record.spec.fine_tune is not None]
        items = lessons(store.review.corrections("0001"), store.production.learnable("0001"))
        spec = fine_tune_spec(store.run("0001").spec, "0001", items, epochs=epochs)
        record = begun[-1] if begun else store.create_run(spec)
        assert record.spec == spec
        outcome, _ = run(record.folder, resume=True)
        assert outcome is OutcomeKind.FINISHED
        untouched = store.create_run(spec)
        run(untouched.folder)
        assert same_tensors(read_model(record.folder).state, read_model(untouched.folder).state)
