"""The benchmark of the loop on a few drawn pictures: both arms start alike and spend the same budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.items import LabelState, Split
from studio.store import Store
from tests.bench.active import Frames, Plan, compare, effort
from tests.unit import data_sets
from tests.unit.ml_runs import CLASSES, square_picture

PLAN = Plan(first=2, rounds=1, places=3, size=(32, 32), first_epochs=1, more_epochs=1, encoder="mobilenet_v3_large")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """Eight pictures to train on and two to measure with, of squares on a ground."""
    root = tmp_path_factory.mktemp("frames")
    random = np.random.default_rng(0)
    names = tuple(f"{'ab'[number % 2]}_{number:03}.png" for number in range(10))
    (root / "images").mkdir()
    for name in names:
        picture, mask, _ = square_picture(random, width=48, height=40)
        Image.fromarray(picture).save(root / "images" / name)
        data_sets.gray(root / "labels" / f"{Path(name).stem}_P.png", np.where(mask == UNLABELLED, 2, mask))
    return Frames(images=root / "images", labels=root / "labels", classes=CLASSES, train=names[:8], valid=names[8:])


@pytest.mark.slow
def test_both_arms_start_from_one_model_and_label_as_many_frames(frames: Frames, tmp_path: Path) -> None:
    queued, drawn = compare(tmp_path, frames, PLAN, seed=1)
    assert queued.measured[0] == drawn.measured[0]
    assert len(queued.measured) == len(drawn.measured) == 2
    for arm, run in ((queued, "0001"), (drawn, "")):
        assert len(arm.chosen) == 3
        with Store.open(arm.root) as store:
            counts = store.counts()
            assert counts.by_state[LabelState.LABELLED] == 2 + 3 + 2
            assert {store.item_named(name).split for name in arm.chosen} == {Split.TRAIN}
            assert store.queue.state().run == run
            assert store.run("0002").spec.parent == "0001"
            truth = frames.truth(arm.chosen[0])
            label = store.read_mask(store.item_named(arm.chosen[0]).id)
            assert label is not None and (label == truth).all()
    found = effort(tmp_path, frames, queued)
    assert len(found.empty) == len(found.proposed) == len(found.right) == 3
    void = 2
    for name, right in zip(queued.chosen, found.right, strict=True):
        truth = frames.truth(name)
        assert right == pytest.approx((queued.proposal(name) == truth)[truth != void].mean())
