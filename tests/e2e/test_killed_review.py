"""A window killed in the middle of deciding: whatever a key had decided is there, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.items import LabelState, Split
from studio.core.masks import write_mask
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import Task
from studio.store import ItemFilter, Store
from tests.e2e.driver import Program
from tests.e2e.screen import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ITEMS = 6


@pytest.fixture
def reviewed(project: Path) -> Path:
    """A run that sees the first class everywhere, in six validation items; the first of them is the worst."""
    with Store.open(project) as store:
        record = store.create_run(RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=64, width=64),)))
        lines = []
        labelled = ItemFilter(states=frozenset({LabelState.LABELLED}), splits=frozenset({Split.VALID}))
        for number, item in enumerate(store.items(store.item_ids(labelled)[:ITEMS])):
            label = store.read_mask(item.id)
            assert label is not None
            path = f"predictions/{item.id}.png"
            write_mask(record.folder / path, np.zeros_like(label), store.settings.classes)
            score = ItemScore(
                item=item.id,
                name=item.name,
                split=Split.VALID,
                revision=item.revision,
                loss=float(ITEMS - number),
                error=0.5,
                mask=path,
            )
            lines.append(encode_score(score))
        (record.folder / "scores.jsonl").write_bytes(b"".join(lines))
    return project


def decisions(project: Path) -> list[Decision]:
    """Of the run's items, the worst first, by what is on the disk."""
    with Store.open(project) as store:
        return [review.decision for review in store.review.items("0001", store.review.ids("0001"))]


def decided(project: Path) -> int:
    return sum(decision is not Decision.UNDECIDED for decision in decisions(project))


def test_a_killed_window_loses_no_decision_and_takes_them_back_after_a_restart(
    reviewed: Path, open_program: Callable[..., Program]
) -> None:
    window = open_program(str(reviewed), "--page", "review")
    window.click("review_grid", at=(0.1, 0.1))
    wanted = [Decision.ACCEPTED, Decision.LABEL_RIGHT, Decision.LEFT_OUT, Decision.ACCEPTED]
    for number, key in enumerate("arxa", start=1):
        window.screen.key(key)
        wait_until(lambda n=number: decisions(reviewed)[:n] == wanted[:n], seconds=30, every=0.1)
    window.screen.key("r")
    window.kill()

    kept = decisions(reviewed)
    assert kept[:4] == wanted
    assert kept[4] in (Decision.UNDECIDED, Decision.LABEL_RIGHT), "the last key may or may not have been heard"
    last = sum(decision is not Decision.UNDECIDED for decision in kept)
    with Store.open(reviewed) as store:
        accepted = store.review.ids("0001")[0]
        mask = store.read_mask(accepted)
        entries = store.review.journal(store.review.journal_ids("0001"))
    assert mask is not None
    assert set(np.unique(mask)) <= {0, *(c.id for c in store.settings.classes if c.void)}
    assert [entry.decision for entry in reversed(entries)] == kept[:last]

    again = open_program(str(reviewed), "--page", "review")
    again.click("review_grid", at=(0.1, 0.1))
    for left in range(last - 1, -1, -1):
        again.screen.key("Control_L+z")
        wait_until(lambda left=left: decided(reviewed) == left, seconds=30, every=0.1)
    assert again.close() == 0
