"""A small project, an engine that says what a test tells it to, and the Train page on both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.events import (
    EpochEnd,
    LrFound,
    LrPoint,
    LrSuggestion,
    Metric,
    RunEvent,
    SamplePrediction,
    Samples,
    StageStarted,
    Started,
    Step,
)
from studio.core.items import NewItem, Split
from studio.core.masks import write_mask
from studio.core.settings import ProjectSettings, Task
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from studio.ui.run_control import RunControl
from studio.ui.session import Session
from studio.ui.theme import ThemeMode, theme
from studio.ui.train import TrainPage

CLASSES = make_classes(["Sky", "Road", "Tree", "Void"])
VALID = 4
STEPS_AN_EPOCH = 5


@dataclass
class Desk:
    """The page and everything behind it."""

    store: Store
    session: Session
    engine: FakeEngine
    control: RunControl
    page: TrainPage
    qtbot: QtBot

    def wait(self, holds: Callable[[], bool], *, seconds: float = 10) -> None:
        self.qtbot.waitUntil(holds, timeout=int(1000 * seconds))

    def wait_for_run(self, number: int = 1) -> FakeRun:
        self.wait(lambda: len(self.engine.runs) == number and self.control.record is not None)
        self.wait(lambda: self.control.state != "preparing")
        return self.engine.runs[-1]

    def wait_for_plots(self) -> None:
        """Until everything that has come is drawn."""
        self.wait(lambda: self.page.display.redraw.is_idle)

    def wait_for_idle(self) -> None:
        self.wait(lambda: not self.control.is_busy)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Twelve street-like pictures of 64×48, eight to train on and four to validate with, all labelled."""
    return make_project(tmp_path / "project", tmp_path / "pictures")


def make_project(root: Path, pictures: Path, *, labelled: bool = True, size: tuple[int, int] = (64, 48)) -> Path:
    """`size` is (width, height) of the pictures."""
    pictures.mkdir()
    random = np.random.default_rng(0)
    settings = ProjectSettings(name="Streets", task=Task.SEGMENTATION, classes=tuple(CLASSES))
    items: list[NewItem] = []
    for i in range(12):
        path = pictures / f"street_{i:02d}.png"
        Image.fromarray(random.integers(0, 255, (*size[::-1], 3), np.uint8)).save(path)
        items.append(NewItem(name=path.name, path=path, split=Split.VALID if i < VALID else Split.TRAIN))
    with Store.create(root, settings) as store:
        ids = store.add_items(items)
        if labelled:
            store.import_annotations((i, random.integers(0, 3, size[::-1], np.uint8)) for i in ids)
        store.flush()
    return root


@pytest.fixture
def desk(project: Path, qtbot: QtBot) -> Iterator[Desk]:
    yield from open_desk(project, qtbot, FakeEngine(hold=True))


def open_desk(project: Path, qtbot: QtBot, engine: FakeEngine) -> Iterator[Desk]:
    theme().apply(ThemeMode.LIGHT)
    store = Store.open(project)
    session = Session(store)
    control = RunControl(session, engine)
    page = TrainPage(session, control)
    qtbot.addWidget(page)
    page.resize(1280, 660)
    with qtbot.waitActive(page, timeout=5000):
        page.show()
        page.activateWindow()
    yield Desk(store, session, engine, control, page, qtbot)
    page.shut_down()
    control.close()
    engine.close()
    store.close()


def started(*, epochs: int = 2, purpose: str = "train", steps: int | None = None, resumed_at: int = 0) -> Started:
    return Started(
        time=time.time(),
        purpose=purpose,
        device="CPU",
        precision="float32",
        weights="From scratch: this is a test.",
        parameters=1000,
        train_items=8,
        valid_items=VALID,
        steps=steps or STEPS_AN_EPOCH * epochs,
        epochs=epochs,
        resumed_at=resumed_at,
    )


def stage(number: int = 0, *, epochs: int = 2) -> StageStarted:
    return StageStarted(stage=number, epochs=epochs, height=32, width=64, batch_size=8, frozen=False)


def step(number: int, *, epoch: int | None = None) -> Step:
    return Step(
        step=number,
        epoch=epoch or 1 + (number - 1) // STEPS_AN_EPOCH,
        loss=loss_at(number),
        smoothed=loss_at(number) + 0.01,
        lrs=[1e-4, 1e-3],
        momentum=0.9,
        images_per_second=123.4,
        seconds_left=max(0, 50 - number),
    )


def loss_at(number: int) -> float:
    return 2.0 / (1 + 0.1 * number)


def epoch_end(epoch: int, *, accuracy: float | None = None) -> EpochEnd:
    return EpochEnd(
        epoch=epoch,
        step=epoch * STEPS_AN_EPOCH,
        train_loss=1.0 / epoch,
        valid_loss=1.2 / epoch,
        metrics=[
            Metric("Pixel accuracy", accuracy or 0.5 + 0.1 * epoch, 1, "valid, 3 classes, without void, 32×64"),
            Metric("Mean IoU", 0.3 + 0.1 * epoch, 1, "valid, 3 classes, without void, 32×64"),
        ],
        seconds=2.0,
    )


def training(epochs: int = 2) -> list[RunEvent]:
    """Everything a run of so many epochs says, except how it ended."""
    events: list[RunEvent] = [started(epochs=epochs), stage(epochs=epochs)]
    for epoch in range(1, epochs + 1):
        first = 1 + (epoch - 1) * STEPS_AN_EPOCH
        events += [step(n) for n in range(first, first + STEPS_AN_EPOCH)]
        events.append(epoch_end(epoch))
    return events


def lr_sweep(points: int = 100) -> list[RunEvent]:
    """A finder's run: the loss falls until 1e-1 and then explodes."""
    rates = np.geomspace(1e-7, 10, 100)[:points]
    losses = [2 - 1.2 / (1 + (1e-3 / r) ** 1.2) + (3 * r) ** 2 for r in rates]
    events: list[RunEvent] = [started(purpose="lr-find", epochs=1, steps=100), stage(epochs=1)]
    events += [
        LrPoint(step=i + 1, lr=float(r), loss=float(v) + 0.01 * (-1) ** i, smoothed=float(v))
        for i, (r, v) in enumerate(zip(rates, losses, strict=True))
    ]
    return events


def lr_found() -> LrFound:
    rules = {"valley": 1.5e-3, "steep": 8e-4, "minimum": 6e-3, "slide": 2e-2}
    return LrFound(suggestions=[LrSuggestion(rule, lr) for rule, lr in rules.items()], stopped="diverged")


def samples(folder: Path, store: Store, epoch: int, value: int) -> Samples:
    """Predictions on the four validation items, each one class all over, with their masks in the run's folder."""
    (folder / "predictions").mkdir(exist_ok=True)
    predictions: list[SamplePrediction] = []
    for item in store.items(store.item_ids()[:VALID]):
        mask = f"predictions/{epoch}-{item.id}.png"
        write_mask(folder / mask, np.full((48, 64), value, np.uint8), CLASSES)
        predictions.append(SamplePrediction(item=item.id, name=item.name, mask=mask))
    return Samples(epoch=epoch, predictions=predictions)
