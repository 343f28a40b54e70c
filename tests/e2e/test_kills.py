"""What a person finds after the worst moment: a worker or the window itself killed without a word."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.items import LabelState
from studio.core.outcome import OutcomeKind
from studio.store import ItemFilter, Store
from tests.e2e.driver import Program
from tests.e2e.screen import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.slow
def test_a_killed_worker_is_explained_at_once_and_its_run_can_be_resumed(
    project: Path, open_program: Callable[..., Program]
) -> None:
    window = open_program(str(project), "--page", "train")
    for field, value in {"epochs": "6", "height": "64", "width": "64", "batch_size": "4"}.items():
        window.enter(field, value)
    window.click("train_button")
    checkpoint = project / "runs" / "0001" / "state.pt"
    wait_until(checkpoint.exists, seconds=120)
    labels = {path: path.read_bytes() for path in (project / "labels").glob("*.png")}

    os.kill(_worker_of(window), signal.SIGKILL)
    window.wait_for("outcome_bar", seconds=10)
    assert "SIGKILL" in window.text("outcome_sentence")
    assert window.text("remedy") == "Resume"

    assert {path: path.read_bytes() for path in labels} == labels
    window.click("remedy")
    wait_until(lambda: _outcome(project, "0001") is OutcomeKind.FINISHED, seconds=120, every=0.5)
    assert window.close() == 0


def test_a_killed_window_loses_no_finished_stroke_and_still_undoes_them(
    project: Path, open_program: Callable[..., Program]
) -> None:
    with Store.open(project) as store:
        item = store.item(store.item_ids(ItemFilter(states=frozenset({LabelState.UNLABELLED})))[0])
    window = open_program(str(project), "--item", item.name, "--tool", "brush", "--brush-size", "6", "--class", "car")
    time.sleep(2)
    strokes = 6
    for number in range(strokes):
        y = 0.2 + 0.1 * number
        window.screen.drag([window.place_on("canvas", 0.3 + 0.02 * i, y) for i in range(20)])
    wait_until(lambda: _bands(project, item.id) == strokes, seconds=10, every=0.1)
    window.screen.move(*window.place_on("canvas", 0.3, 0.85))
    window.screen.press()
    window.screen.move(*window.place_on("canvas", 0.5, 0.85))
    window.kill()
    window.screen.release()

    assert _bands(project, item.id) == strokes
    again = open_program(str(project), "--item", item.name, "--tool", "brush")
    time.sleep(2)
    for left in range(strokes - 1, -1, -1):
        again.screen.key("Control_L+z")
        wait_until(lambda left=left: _bands(project, item.id) == left, seconds=10, every=0.1)
    assert again.close() == 0


def _worker_of(window: Program) -> int:
    """The process id of the child that trains."""
    children = Path(f"/proc/{window.process.pid}/task/{window.process.pid}/children")
    candidates = {int(pid) for task in children.parents[1].iterdir() for pid in (task / "children").read_text().split()}
    busiest = max(candidates, key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().split()[13]))
    assert b"worker" in Path(f"/proc/{busiest}/cmdline").read_bytes()
    return busiest


def _outcome(project: Path, run: str) -> OutcomeKind | None:
    with Store.open(project) as store:
        outcome = store.run(run).outcome
    return outcome.kind if outcome is not None else None


def _bands(project: Path, item_id: int) -> int:
    """How many separate horizontal strokes the label holds."""
    with Store.open(project) as store:
        mask = store.read_mask(item_id)
    if mask is None:
        return 0
    rows = (mask != 255).any(axis=1).astype(np.int8)
    return int((np.diff(rows, prepend=0) == 1).sum())
