"""Whatever happens to a project between a run and its review, an item shows its own prediction: told by content.

The networks answer by a rule simple enough to say, from a picture or a text alone, what they must have answered.
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.masks import read_mask
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import Precision, Resize, RunSpec, Stage
from studio.core.review import ItemScore
from studio.core.review_order import GroupBy, ReviewOrder, SortBy
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.core.tokens import MARKS
from studio.core.vocabulary import PADDING_ID
from studio.ml.data.decoders import make_decoder
from studio.ml.device import MixedPrecision
from studio.ml.scoring import Scorer
from studio.ml.tasks.registry import make_task
from studio.ml.text.text_net import TextNet
from studio.store import ReviewFilter, Store

RUN = "0001"
COUNT = 20
SIDE = 32
MEAN, STD = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
CPU = torch.device("cpu")


class ByRule(nn.Module):
    """A picture's red decides each pixel; its mean red and green are a place or two logits."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task

    def forward(self, batch: Tensor) -> Tensor:
        if self._task is Task.SEGMENTATION:
            return torch.stack([torch.zeros_like(batch[:, 0]), batch[:, 0]], 1)
        means = batch.mean((2, 3))[:, :2]
        return means.tanh()[:, None] if self._task is Task.KEYPOINTS else means


class ByLength(TextNet):
    """A text's length is the logit of the second class."""

    def forward(self, ids: Tensor) -> Tensor:
        length = (ids != PADDING_ID).sum(1).float() / 10
        return torch.stack([torch.zeros_like(length), length], 1)


def project(folder: Path, task: Task) -> Store:
    """Labelled items, each with a content that no other has."""
    settings = ProjectSettings(
        name="t",
        task=task,
        classes=tuple(make_classes(["ground", "square"])),
        keypoints=(KeypointName(name="centre", color="#ff0000"),),
    )
    store = Store.create(folder / "project", settings)
    draw = np.random.default_rng(3)
    (folder / "sources").mkdir()
    new: list[NewItem] = []
    for number in range(COUNT):
        path = folder / "sources" / f"{number}.{'txt' if task is Task.TEXT else 'png'}"
        if task is Task.TEXT:
            path.write_text(" ".join("abcdefghijklmnopqrstuvwxyz"[: number + 1]), encoding="utf-8")
        else:
            tone = draw.integers(40, 110, 3) + draw.integers(0, 100, (SIDE, SIDE, 3))
            Image.fromarray(tone.astype(np.uint8)).save(path)
        split = Split.VALID if number >= COUNT // 2 else Split.TRAIN
        new.append(NewItem(name=path.name, path=path, split=split))
    label_all(store, store.add_items(new))
    return store


def label_all(store: Store, ids: list[int]) -> None:
    match store.settings.task:
        case Task.SEGMENTATION:
            mask = np.zeros((SIDE, SIDE), np.uint8)
            mask[4:9, 4:12] = 1
            store.import_annotations((item, mask) for item in ids)
        case Task.KEYPOINTS:
            store.import_annotations((item, Points((Keypoint(index=0, x=9, y=9),))) for item in ids)
        case _:
            store.tags.replace({item: Tags((item % 2,)) for item in ids}, "by hand")


def score_all(store: Store) -> None:
    """What a worker does in the end, by the network of this test."""
    task = store.settings.task
    stage = Stage(epochs=1, height=1 if task is Task.TEXT else SIDE, width=SIDE)
    record = store.create_run(RunSpec(task=task, stages=(stage,)))
    scoring = make_task(store.snapshot(RUN))
    Scorer(
        make_decoder(record.folder, scoring, height=stage.height, width=stage.width, resize=Resize.SQUISH),
        ByLength(tokens=len(MARKS), classes=2) if task is Task.TEXT else ByRule(task),
        precision=MixedPrecision(Precision.FLOAT32, CPU),
        device=CPU,
        batch_size=3,
        warn=pytest.fail,
        report=lambda _done, _total: None,
        check=lambda: None,
    ).score_all(scoring.snapshot.items)


def shake(store: Store, sources: Path) -> list[int]:
    """Shuffle what the run wrote, delete two items – of which one was the newest, so that its id is free again – and
    add others that come before and after the rest by name; returns the ids that are left."""
    scores = store.run(RUN).folder / "scores.jsonl"
    lines = scores.read_bytes().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    scores.write_bytes(b"".join(lines))
    ids = store.item_ids()
    gone = [ids[2], max(ids)]
    connection = sqlite3.connect(store.root / "studio.db")
    with connection:
        connection.executemany("DELETE FROM items WHERE id = ?", [(item,) for item in gone])
    connection.close()
    path = min(sources.iterdir())
    added = store.add_items(NewItem(name=name, path=path) for name in ("!first", "zz last"))
    assert set(added) & set(gone), "an id that was another item's"
    return [item for item in ids if item not in gone]


def normalised_means(path: Path) -> NDArray[np.float64]:
    return (np.asarray(Image.open(path)).mean((0, 1)) / 255 - MEAN) / STD


def check_mask(store: Store, score: ItemScore, path: Path) -> Hashable:
    predicted, _ = read_mask(store.run(RUN).folder / str(score.mask))
    red = np.asarray(Image.open(path))[..., 0]
    np.testing.assert_array_equal(predicted, red / 255 > MEAN[0])
    logits = np.abs((red / 255 - MEAN[0]) / STD[0])
    assert score.confidence == pytest.approx(float((1 / (1 + np.exp(-logits))).mean()), abs=1e-5)
    return predicted.tobytes()


def check_points(store: Store, score: ItemScore, path: Path) -> Hashable:
    assert score.points is not None
    (point,) = score.points.placed
    expected = (np.tanh(normalised_means(path)[:2]) + 1) / 2 * SIDE
    assert (point.x, point.y) == pytest.approx(expected, abs=1e-4)
    assert score.distances == ((0, pytest.approx(math.hypot(*(expected - 9)), abs=2e-3)),)
    return point.x, point.y


def check_classes(store: Store, score: ItemScore, path: Path) -> Hashable:
    logits = normalised_means(path)[:2]
    expected = np.exp(logits) / np.exp(logits).sum()
    if store.settings.task is Task.MULTI_LABEL:
        expected = 1 / (1 + np.exp(-logits))
    return check_shares(score, expected)


def check_text(store: Store, score: ItemScore, path: Path) -> Hashable:
    """The mark of a text's beginning counts as a token."""
    logit = (len(path.read_text(encoding="utf-8").split()) + 1) / 10
    yes = 1 / (1 + math.exp(-logit))
    return check_shares(score, np.array((1 - yes, yes)))


def check_shares(score: ItemScore, expected: NDArray[np.float64]) -> Hashable:
    assert score.tags is not None
    assert dict(score.tags.shares) == pytest.approx(dict(enumerate(expected)), abs=1e-5)
    assert score.label == Tags((score.item % 2,))
    return score.tags.shares


CHECKS: dict[Task, Callable[[Store, ItemScore, Path], Hashable]] = {
    Task.SEGMENTATION: check_mask,
    Task.KEYPOINTS: check_points,
    Task.SINGLE_LABEL: check_classes,
    Task.MULTI_LABEL: check_classes,
    Task.TEXT: check_text,
}


@pytest.mark.parametrize("task", list(Task))
def test_each_item_shows_its_own_prediction_after_others_went_and_came(task: Task, tmp_path: Path) -> None:
    store = project(tmp_path, task)
    score_all(store)
    left = shake(store, tmp_path / "sources")
    assert store.review.load_scores(RUN) == len(left)
    orders = (ReviewOrder(), ReviewOrder(by=SortBy.NAME, reverse=True, group=GroupBy.CLASS))
    for shown in (store.review.arranged(RUN, ReviewFilter(), order).ids for order in orders):
        assert sorted(shown) == sorted(left)
        contents = set[Hashable]()
        for item, review in zip(shown, store.review.items(RUN, shown), strict=True):
            known = store.item(item)
            assert (review.score.item, review.score.name) == (item, known.name)
            contents.add(CHECKS[task](store, review.score, known.path))
        assert len(contents) == len(left), "predictions that are alike would prove nothing"
    store.close()
