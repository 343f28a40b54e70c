"""The search for label errors on a whole demo project, trained from scratch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.metrics import average_precision_score

from studio.core.settings import Task
from studio.demo.project import make_demo, read_notes
from studio.store import Store
from tests.bench.label_errors import search


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_wrong_labels_of_the_demo_come_first(tmp_path: Path) -> None:
    project = make_demo(tmp_path / "demo", Task.SINGLE_LABEL)
    wrong = {label.name for label in read_notes(project).wrong}
    with Store.open(project) as store:
        run = search(store, None)
        found = store.review.suspicions(run, store.review.suspects(run))
        lines = (store.run(run).folder / "suspicions.jsonl").read_text().splitlines()
    assert len(lines) == len(found) == 150
    ranked = [json.loads(line)["name"] for line in lines]
    assert average_precision_score([name in wrong for name in ranked], range(len(ranked), 0, -1)) >= 0.8
    issues = {suspicion.name for suspicion in found.values() if suspicion.is_issue}
    assert len(issues & wrong) >= 0.8 * len(wrong)
