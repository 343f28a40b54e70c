"""Pictures of the Train and Cards pages in every state, in both themes and two sizes, to be looked at.

usage: python -m tests.bench.states FOLDER [STATE …]

The runs say what tests/recorded/demo_run.jsonl recorded, so that the pictures are the same each time but for their
hours of the day.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from studio.core.events import (
    BatchTried,
    Failed,
    Finished,
    Paused,
    RunEvent,
    SamplePrediction,
    Samples,
    encode_event,
    read_events,
)
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.settings import Task
from studio.demo import make_demo
from studio.engine import FakeEngine, FakeRun
from studio.engine.recorded import EVENTS_FILE
from studio.store import Store
from studio.ui import workspace
from studio.ui.cards.page import CardsPage, CardsTab
from studio.ui.main_window import MainWindow
from studio.ui.options import WindowOptions
from studio.ui.session import Page
from studio.ui.theme import ThemeMode, theme
from studio.ui.train import TrainPage
from studio.ui.train.starting_recipe import starting_recipe
from tests.ui.train.conftest import lr_found, lr_sweep, stage, started

SIZES: Final = ((960, 600), (1440, 900))
_RECORDED: Final = Path(__file__).parents[1] / "recorded" / "demo_run.jsonl"
_BEGUN: Final = 200
"""Events of a run that is in the middle of its epochs."""


class Stand:
    """A window on a demo project, whose runs say what they are told to."""

    def __init__(self, root: Path) -> None:
        self.engine = FakeEngine(hold=True)
        workspace.LocalEngine = lambda: self.engine  # type: ignore[assignment,misc]
        self.window = MainWindow()
        self.window.open_at_start(WindowOptions(project=root, page=Page.TRAIN))
        self.window.show()
        assert self.window.workspace is not None
        self.workspace = self.window.workspace
        self.control = self.workspace.run_control
        page = self.workspace.page(Page.TRAIN)
        assert isinstance(page, TrainPage)
        self.page = page
        settle(0.3)

    def run(self, begin: Callable[[], None]) -> FakeRun:
        begin()
        wait(lambda: self.control.is_busy and self.control.state != "preparing")
        return self.engine.runs[-1]

    def train(self, events: int = _BEGUN) -> FakeRun:
        run = self.run(self.page.start_training)
        run.say(*recorded()[:events])
        for epoch in (1, 2):
            run.say(samples(run.folder, self.workspace.store, epoch))
        settle(0.6)
        return run

    def end(self, run: FakeRun, *events: RunEvent, exit_code: int = 0, log: str = "") -> None:
        run.say(*events)
        run.end(exit_code, log=log)
        wait(lambda: not self.control.is_busy)
        settle(0.4)

    def close(self) -> None:
        self.window.close_now()
        settle(0.1)


def empty(_stand: Stand) -> None:
    """No run yet."""


def finding(stand: Stand) -> None:
    stand.run(stand.page.find_rate).say(*lr_sweep(70))


def found(stand: Stand) -> None:
    stand.end(
        stand.run(stand.page.find_rate), *lr_sweep(), lr_found(), Finished(outcome=OutcomeKind.FINISHED, seconds=9.0)
    )


def trying(stand: Stand) -> None:
    run = stand.run(stand.page.propose_batch)
    tried = [BatchTried(batch_size=2**n, fits=True, images_per_second=20.0 + 4 * n) for n in range(1, 5)]
    run.say(started(purpose="probe-batch"), stage(), *tried)


def training(stand: Stand) -> None:
    stand.train()


def paused(stand: Stand) -> None:
    stand.train().say(Paused(time=time.time()))


def out_of_memory(stand: Stand) -> None:
    run = stand.train(20)
    sentence = "A batch of 8 images at 96×128 did not fit into the memory of cuda (a GPU)."
    stand.end(run, Failed(outcome=OutcomeKind.OUT_OF_MEMORY, sentence=sentence, detail="Traceback …"))


def crashed(stand: Stand) -> None:
    stand.end(
        stand.train(),
        exit_code=-11,
        log="Fatal Python error: Segmentation fault\n\nThread 0x1 (most recent call first):",
    )


def comparing(stand: Stand) -> None:
    with Store.open(stand.workspace.store.root) as store:
        for number in range(3):
            (store.create_run(starting_recipe(store)).folder / EVENTS_FILE).write_bytes(
                b"".join(encode_event(event) for event in recorded()[: _BEGUN + 60 * number])
            )
    stand.workspace.session.runs_changed.emit()
    settle(0.5)
    stand.page.runs.select([record.id for record in stand.page.shown.all_records])


def table(stand: Stand) -> None:
    comparing(stand)
    stand.page.view.tabs()[-1].click()


def checking(stand: Stand) -> None:
    stand.end(stand.train(), Finished(outcome=OutcomeKind.STOPPED, seconds=9.0))
    stand.page.check_data()
    wait(stand.page.data_panel.again.isVisible)


def cards(stand: Stand) -> None:
    stand.workspace.show_page(Page.CARDS)


def playground(stand: Stand) -> None:
    stand.workspace.show_page(Page.CARDS)
    shown = stand.workspace.page(Page.CARDS)
    assert isinstance(shown, CardsPage)
    shown.show_tab(CardsTab.PLAYGROUND)
    settle(3)


STATES: Final = (
    empty,
    finding,
    found,
    trying,
    training,
    paused,
    out_of_memory,
    crashed,
    comparing,
    table,
    checking,
    cards,
    playground,
)


def recorded() -> list[RunEvent]:
    """What a run of the demo said."""
    return list(read_events(_RECORDED))


def samples(folder: Path, store: Store, epoch: int) -> Samples:
    """The labels of four validation items with spots of another class, fewer from epoch to epoch."""
    (folder / "predictions").mkdir(exist_ok=True)
    random, predictions = np.random.default_rng(epoch), list[SamplePrediction]()
    for item in store.items(store.item_ids()):
        mask = store.read_mask(item.id)
        if mask is None or len(predictions) == 4:
            continue
        spots = np.kron(
            random.random((12, 16)) < 0.3 / epoch, np.ones((-(-mask.shape[0] // 12), -(-mask.shape[1] // 16)))
        )
        mask[spots[: mask.shape[0], : mask.shape[1]] > 0] = 0
        name = f"predictions/{epoch}-{item.id}.png"
        write_mask(folder / name, mask, store.settings.classes)
        predictions.append(SamplePrediction(item=item.id, name=item.name, mask=name))
    return Samples(epoch=epoch, predictions=predictions)


def settle(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()


def wait(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        QApplication.processEvents()
        if time.monotonic() > end:
            raise TimeoutError("a state was not reached")


def photograph(stand: Stand, name: str, folder: Path) -> None:
    for mode in (ThemeMode.DARK, ThemeMode.LIGHT):
        theme().apply(mode)
        for width, height in SIZES:
            stand.window.resize(width, height)
            settle(0.5)
            stand.window.grab().save(str(folder / f"{name}-{mode}-{width}x{height}.png"))


def main() -> None:
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    with tempfile.TemporaryDirectory() as place:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, place)
        demo = Path(place) / "demo"
        make_demo(demo, Task.SEGMENTATION)
        for state in STATES:
            if wanted and state.__name__ not in wanted:
                continue
            project = Path(place) / state.__name__ / "Streets"
            shutil.copytree(demo, project)
            stand = Stand(project)
            state(stand)
            settle(0.8)
            photograph(stand, state.__name__, folder)
            stand.close()
    app.quit()


if __name__ == "__main__":
    main()
