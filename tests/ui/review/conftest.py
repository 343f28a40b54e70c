"""A small project with a run whose predictions are known to the pixel, and the Review page on it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.events import EpochEnd, Metric, encode_event
from studio.core.items import NewItem, Split
from studio.core.masks import write_mask
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.review import ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.store import RunRecord, Store
from studio.ui.review import ReviewPage
from studio.ui.session import Session

HEIGHT, WIDTH = 32, 48
VOID = 4
NAMES = ("sky", "road", "car", "tree", "void")


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    """What the page remembers stays in the test."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@dataclass
class ReviewProject:
    """`wrong[id]` is the number of pixels in which the prediction differs from the label."""

    store: Store
    session: Session
    ids: list[int] = field(default_factory=list)
    labels: dict[int, np.ndarray] = field(default_factory=dict)
    predictions: dict[int, np.ndarray] = field(default_factory=dict)
    wrong: dict[int, int] = field(default_factory=dict)

    def label_file(self, item: int) -> np.ndarray:
        """The pixels of the label's PNG, read without the program."""
        self.store.flush()
        with Image.open(self.store.label_path(item)) as image:
            return np.array(image)

    def read_label(self, item: int) -> np.ndarray:
        mask = self.store.read_mask(item)
        assert mask is not None
        return mask

    def names(self, ids: Sequence[int]) -> list[str]:
        return [self.store.item(item).name for item in ids]


def recipe(task: Task = Task.SEGMENTATION) -> RunSpec:
    stages = (
        Stage(epochs=2, height=64, width=64, frozen=True),
        Stage(epochs=10, height=96, width=128, batch_size=4, lr=LearningRate(high=1e-3, low=1e-5)),
    )
    return RunSpec(task=task, stages=stages, seed=7)


def write_scores(record: RunRecord, scores: Sequence[ItemScore], *, metric: float = 0.75) -> None:
    """What a worker leaves behind, in no particular order."""
    shuffled = list(scores)
    random.Random(3).shuffle(shuffled)
    (record.folder / "scores.jsonl").write_bytes(b"".join(encode_score(score) for score in shuffled))
    end = EpochEnd(
        epoch=1, step=4, train_loss=1.0, valid_loss=1.0, metrics=[Metric("pixel accuracy", metric)], seconds=1.0
    )
    (record.folder / "events.jsonl").write_bytes(encode_event(end))


def mask_score(
    record: RunRecord,
    item: int,
    name: str,
    label: np.ndarray,
    predicted: np.ndarray,
    *,
    split: Split = Split.VALID,
    revision: int = 1,
    corrected: bool = False,
) -> ItemScore:
    """The score of one prediction, counted pixel by pixel, and its PNG."""
    path = f"predictions/{item}.png"
    (record.folder / "predictions").mkdir(exist_ok=True)
    write_mask(record.folder / path, predicted, make_classes(NAMES))
    pairs: dict[tuple[int, int], int] = {}
    counted = 0
    for was, said in zip(label.ravel().tolist(), predicted.ravel().tolist(), strict=True):
        counted += was not in (VOID, 255)
        if was not in (VOID, 255) and was != said:
            pairs[was, said] = pairs.get((was, said), 0) + 1
    wrong = sum(pairs.values())
    return ItemScore(
        item=item,
        name=name,
        split=split,
        revision=revision,
        loss=4 * wrong / counted,
        error=wrong / counted,
        mask=path,
        confusion=tuple((a, b, n) for (a, b), n in sorted(pairs.items(), key=lambda entry: -entry[1])),
        corrected=corrected,
    )


def _labels(count: int) -> list[np.ndarray]:
    """Sky above road, and a strip of void at the left."""
    masks = []
    for _ in range(count):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[16:] = 1
        mask[:, :4] = VOID
        masks.append(mask)
    return masks


@pytest.fixture
def project(tmp_path: Path, qapp: object) -> Iterator[ReviewProject]:
    """Eight validation items; item k's prediction has a car, 3 + k pixels square, at a place of its own, except that
    items 6 and 7 are taken for tree. Two training items complete the data. Losses follow no order of names."""
    store = Store.create(
        tmp_path / "project", ProjectSettings(name="t", task=Task.SEGMENTATION, classes=tuple(make_classes(NAMES)))
    )
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    order = [4, 1, 7, 2, 0, 6, 3, 5]
    new: list[NewItem] = []
    for number in range(10):
        path = pictures / f"{number}.png"
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 20 * number + 20, np.uint8)).save(path)
        new.append(NewItem(name=f"frame{number}.png", path=path, split=Split.VALID if number < 8 else Split.TRAIN))
    project = ReviewProject(store, Session(store))
    project.ids = store.add_items(new)
    project.labels = dict(zip(project.ids, _labels(10), strict=True))
    store.import_annotations(project.labels.items())
    record = store.create_run(recipe())
    scores = []
    for place, item in enumerate(project.ids[:8]):
        side = 3 + order[place]
        predicted = project.labels[item].copy()
        predicted[predicted == VOID] = 0
        x, y = 6 + 3 * place, 2 + 2 * place
        predicted[y : y + side, x : x + side] = 3 if place >= 6 else 2
        project.predictions[item] = predicted
        label = project.labels[item]
        project.wrong[item] = int(((label != predicted) & (label != VOID)).sum())
        scores.append(mask_score(record, item, f"frame{place}.png", label, predicted))
    write_scores(record, scores)
    yield project
    store.close()


@pytest.fixture
def page(project: ReviewProject, qtbot: QtBot) -> Iterator[ReviewPage]:
    """The page, shown, with the run's items in the grid."""
    yield from _shown(project, qtbot)


def _shown(project: ReviewProject, qtbot: QtBot) -> Iterator[ReviewPage]:
    page = ReviewPage(project.session)
    qtbot.addWidget(page)
    page.resize(1300, 800)
    page.show()
    page.activateWindow()
    qtbot.waitExposed(page)
    qtbot.waitUntil(lambda: page.gallery.model.rowCount() > 0, timeout=20_000)
    yield page
    page.shut_down()
    page.close()


@pytest.fixture
def points_project(tmp_path: Path, qapp: object) -> Iterator[ReviewProject]:
    """Six validation items with one point each at (20, 15); item k's prediction lies 4 k pixels to the right."""
    settings = ProjectSettings(name="t", task=Task.KEYPOINTS, keypoints=(KeypointName(name="nose", color="#ff8800"),))
    store = Store.create(tmp_path / "project", settings)
    new: list[NewItem] = []
    for number in range(7):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).save(path)
        new.append(NewItem(name=f"face{number}.png", path=path, split=Split.VALID if number < 6 else Split.TRAIN))
    project = ReviewProject(store, Session(store))
    project.ids = store.add_items(new)
    store.import_annotations((item, Points((Keypoint(index=0, x=20, y=15),))) for item in project.ids)
    record = store.create_run(recipe(Task.KEYPOINTS))
    scores = [
        ItemScore(
            item=item,
            name=f"face{number}.png",
            split=Split.VALID,
            revision=1,
            loss=float(number),
            error=4.0 * number,
            points=Points((Keypoint(index=0, x=20 + 4 * number, y=15),)),
        )
        for number, item in enumerate(project.ids[:6])
    ]
    write_scores(record, scores, metric=0.01)
    yield project
    store.close()


@pytest.fixture
def points_page(points_project: ReviewProject, qtbot: QtBot) -> Iterator[ReviewPage]:
    yield from _shown(points_project, qtbot)
