"""How much of each class a run has right, added up over its scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import ClassScore, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.store import Store

NAMES = ("ant", "bee", "wasp")
MakeRun = Callable[[Task, list[dict[str, object]]], Store]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """A project whose run 0001 has these scores, an item each."""

    def make(task: Task, scores: list[dict[str, object]]) -> Store:
        store = Store.create(
            tmp_path / "project", ProjectSettings(name="t", task=task, classes=tuple(make_classes(NAMES)))
        )
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "one.png")
        names = [f"{number}.png" for number in range(len(scores) + 1)]
        ids = store.add_items(NewItem(name=n, path=tmp_path / "one.png", split=Split.VALID) for n in names)
        store.set_split(ids[-1:], Split.TRAIN)
        if task is Task.SEGMENTATION:
            store.import_annotations((i, np.zeros((4, 4), np.uint8)) for i in ids)
        else:
            store.tags.replace({i: Tags((0,)) for i in ids}, "by hand")
        run = store.create_run(RunSpec(task=task, stages=(Stage(epochs=1, height=32, width=32),)))
        lines = [
            ItemScore(item=i, name=n, split=Split.VALID, revision=1, loss=0.0, error=0.0, **more)  # type: ignore[arg-type]
            for i, n, more in zip(ids, names, scores, strict=False)
        ]
        (run.folder / "scores.jsonl").write_bytes(b"".join(map(encode_score, lines)))
        store.review.load_scores(run.id)
        return store

    return make


def said(label: Tags | None, *predicted: int) -> dict[str, object]:
    return {"label": label, "tags": PredictedTags(tags=Tags(predicted))}


def test_an_item_is_right_where_its_one_class_is_what_the_model_says(make_run: MakeRun) -> None:
    with make_run(
        Task.SINGLE_LABEL,
        [said(Tags((0,)), 0), said(Tags((0,)), 0), said(Tags((1,)), 0), said(None, 2), said(Tags((0, 2)), 0)],
    ) as store:
        right = store.review.right("0001")
        assert right is not None
        assert right.tolist() == [2, 0, 0]
        production = store.review.right("0001", Split.PRODUCTION)
        assert production is not None
        assert production.tolist() == [0, 0, 0]


def test_pixels_that_are_right_are_added_up_by_class(make_run: MakeRun) -> None:
    with make_run(
        Task.SEGMENTATION,
        [
            {"classes": (ClassScore(0, 0.5, 0.1, 70), ClassScore(2, 0.0, None, 0))},
            {"classes": (ClassScore(0, 1.0, 0.1, 30), ClassScore(1, 0.2, 0.3, 5))},
            {"classes": ()},
        ],
    ) as store:
        right = store.review.right("0001")
        assert right is not None
        assert right.tolist() == [100, 5, 0]


@pytest.mark.parametrize("classes", [(), (ClassScore(0, 0.5, 0.1),)])
def test_of_masks_that_an_earlier_version_scored_nobody_knows_it(make_run: MakeRun, classes: tuple[object]) -> None:
    with make_run(Task.SEGMENTATION, [{"classes": classes}]) as store:
        assert store.review.right("0001") is None
