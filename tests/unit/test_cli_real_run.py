"""The command line with the real worker, as programs use it: import, train, review, predict, each a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import studio
from studio.core.masks import read_mask
from tests.unit import data_sets


def run_studio(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(studio.__file__).parents[1]), "STUDIO_OFFLINE": "1"}
    command = [sys.executable, "-m", "studio", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=200)


@pytest.mark.timeout(600)
def test_a_project_is_imported_trained_reviewed_and_used_without_a_window(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    project, out = tmp_path / "project", tmp_path / "out"
    assert run_studio("import", str(source), str(project)).returncode == 0
    recipe = ["--epochs", "1", "--size", "32x32", "--batch", "2", "--from-scratch", "--device", "cpu", "--json"]
    trained = run_studio("train", str(project), *recipe)
    assert trained.returncode == 0, trained.stderr
    told = [json.loads(line) for line in trained.stdout.splitlines()]
    assert told[0]["event"] == "run"
    assert "started" in {e["event"] for e in told}
    assert told[-1]["kind"] == "finished"
    assert {"epoch", "scored", "finished"} <= {e["event"] for e in told}
    recorded = (project / "runs" / "0001" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in recorded] == [e for e in told[1:-1] if e["event"] != "card"]

    reviewed = run_studio("review", str(project), "--run", "0001", "--json")
    losses = [json.loads(line)["loss"] for line in reviewed.stdout.splitlines()[:-1]]
    assert len(losses) == 4
    assert losses == sorted(losses, reverse=True)

    predicted = run_studio(
        "predict", str(project / "runs" / "0001"), str(source / "images"), "--out", str(out), "--json"
    )
    assert predicted.returncode == 0, predicted.stderr
    assert len(json.loads(predicted.stdout.splitlines()[-1])["files"]) == 4
    mask = read_mask(next(out.rglob("seqA_001*.png")))[0]
    assert mask.shape == (30, 40)
    assert set(np.unique(mask)) <= {0, 1, 2}


@pytest.mark.slow
def test_something_that_is_no_run_is_told_when_predicting(tmp_path: Path) -> None:
    data_sets.picture(tmp_path / "a.png")
    result = run_studio("predict", str(tmp_path), str(tmp_path / "a.png"), "--out", str(tmp_path / "out"))
    assert result.returncode == 2
    assert "is not a checkpoint" in result.stderr
    assert result.stderr.count("\n") == 1
