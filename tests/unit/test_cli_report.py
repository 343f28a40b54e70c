"""What `studio report` says in a terminal about figures and labels that are no fair comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.cli.app import run_command
from tests.unit.fine_tuned_projects import car_of, fine_tuned, first_run, mask_answer, mask_store

NAMES = ("a.png", "b.png", "c.png", "t1.png", "t2.png", "t3.png")


def test_a_metric_of_other_items_is_told_with_what_it_was_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mask_store(tmp_path, NAMES, train=3) as store:
        first_run(store, mask_answer(car_of(12)))
        store.set_left_out([2], True)
        fine_tuned(store, [4], mask_answer(car_of(6)))
        assert run_command(["report", str(store.root), "--run", "0002"]) == 0
    told = capsys.readouterr().out
    assert "pixel accuracy 0.750 → 0.900 (of validation, 2 items; before: validation, 3 items)" in told


def test_a_label_that_changed_without_a_decision_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    with mask_store(tmp_path, NAMES, train=3) as store:
        first_run(store, mask_answer(car_of(12)))
        for item in (5, 6):
            store.import_annotations([(item, np.ones((40, 60), np.uint8))])
        fine_tuned(store, [4], mask_answer(car_of(6)))
        trained = next(i for i in store.snapshot("0002").items if i.id in (5, 6))
        assert run_command(["report", str(store.root), "--run", "0002"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.startswith("t")}
    assert lines[trained.name].rstrip().endswith("label changed")
    assert lines["t1.png"].rstrip().endswith("corrected")
