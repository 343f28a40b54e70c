"""The process that `plots` measures: the real Train page. Prints its figures as JSON.

usage: plotting.py FOLDER STEPS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from studio.core.events import EpochEnd, Finished, Metric, RunEvent, StageStarted, Started, Step, encode_event
from studio.core.outcome import OutcomeKind
from studio.core.recipe import RunSpec, Stage
from studio.core.schedules import OneCycle
from studio.core.settings import Task
from studio.engine import FakeEngine
from studio.engine.recorded import EVENTS_FILE
from studio.store import Store
from studio.ui.run_control import RunControl
from studio.ui.session import Session
from studio.ui.theme import ThemeMode, theme
from studio.ui.train import TrainPage
from tests.e2e.screen import wait_until
from tests.ui.train.conftest import make_project

_FRAME = 1 / 60
_FRAMES = 200
_EPOCH = 1000
_LIVE_STEPS = 4000
_LIVE_BATCH = 20


def main() -> None:
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    app = QApplication([])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    theme().apply(ThemeMode.DARK)
    root = make_project(folder / "project", folder / "pictures")
    with Store.open(root) as store:
        spec = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=64),))
        for length in (steps, _EPOCH):
            with (store.create_run(spec).folder / EVENTS_FILE).open("wb") as file:
                file.writelines(encode_event(event) for event in recorded_run(length))
        engine = FakeEngine(hold=True)
        session = Session(store)
        control = RunControl(session, engine)
        figures = _open_and_pan(app, session, control, steps)
        figures |= _live(app, session, control, engine)
        control.close()
        engine.close()
    print(json.dumps(figures))


def recorded_run(steps: int) -> list[RunEvent]:
    """What a run of so many steps says, in epochs of a thousand, with all measures and a noisy loss."""
    random, shape = np.random.default_rng(0), OneCycle()
    epochs = -(-steps // _EPOCH)
    events: list[RunEvent] = [
        Started(
            purpose="train",
            device="CPU",
            precision="float32",
            weights="From scratch.",
            parameters=1,
            train_items=8,
            valid_items=4,
            steps=steps,
            epochs=epochs,
        ),
        StageStarted(stage=0, epochs=epochs, height=32, width=64, batch_size=8, frozen=False),
    ]
    smoothed = 2.0
    for number in range(1, steps + 1):
        loss = 0.4 + 2 / (1 + 20 * number / steps) + 0.2 * float(random.standard_normal())
        smoothed = 0.98 * smoothed + 0.02 * loss
        rate = 1e-3 * shape.rate_at((number - 1) / steps)
        events.append(
            Step(
                step=number,
                epoch=1 + (number - 1) // _EPOCH,
                loss=loss,
                smoothed=smoothed,
                lrs=[rate / 10, rate / 3, rate],
                momentum=shape.momentum_at((number - 1) / steps),
                images_per_second=120.0,
                seconds_left=1.0,
                gradient_norm=1 + loss if number % 3 == 0 else None,
                memory=10**9 if number % 5 == 0 else None,
            )
        )
        if number % _EPOCH == 0:
            epoch = number // _EPOCH
            metrics = [Metric("Pixel accuracy", 1 - 0.5 / epoch, 1, "valid")]
            events.append(
                EpochEnd(epoch=epoch, step=number, train_loss=loss, valid_loss=loss, metrics=metrics, seconds=1.0)
            )
    return events


def _turn(app: QApplication, condition: bool) -> bool:
    app.processEvents()
    return condition


def _open_and_pan(app: QApplication, session: Session, control: RunControl, steps: int) -> dict[str, object]:
    page = TrainPage(session, control)
    page.resize(1600, 940)
    page.show()
    plot = page.view.curves.batch_loss
    short, long = page.shown.all_records[1], page.shown.all_records[0]
    wait_until(lambda: _turn(app, page.library.figures(long) is not None and plot.keys != []), every=0.001)
    assert page.shown.records == [short]
    page.library.forget(long.id)
    begin, begun = time.perf_counter(), time.process_time()
    page.runs.select([long.id])
    wait_until(lambda: _turn(app, len(plot.keys) == 2 and len(plot.data(plot.keys[0])[0]) == steps), every=0.001)
    app.processEvents()
    opened = {"open_s": time.perf_counter() - begin, "open_processor_s": time.process_time() - begun}
    box, viewport = plot.canvas.drawing.getViewBox(), plot.canvas.viewport()
    box.setXRange(0, steps / 2)
    times, processor = [], []
    for _ in range(_FRAMES):
        begin, begun = time.perf_counter(), time.thread_time()
        box.translateBy(x=steps / 500)
        viewport.repaint()
        app.processEvents()
        times.append((time.perf_counter() - begin) * 1000)
        processor.append((time.thread_time() - begun) * 1000)
        time.sleep(max(_FRAME - (time.perf_counter() - begin), 0))
    page.shut_down()
    page.close()
    return opened | {
        "pan": {
            "median_ms": float(np.median(times)),
            "p95_ms": float(np.percentile(times, 95)),
            "max_ms": max(times),
            "processor_p95_ms": float(np.percentile(processor, 95)),
        }
    }


def _live(app: QApplication, session: Session, control: RunControl, engine: FakeEngine) -> dict[str, object]:
    """A recorded run is said anew, some twenty steps at a time, while a timer asks how long it had to wait."""
    page = TrainPage(session, control)
    page.resize(1600, 940)
    page.show()
    page.start_training()
    wait_until(lambda: _turn(app, bool(engine.runs) and control.state != "preparing"), every=0.001)
    run, script = engine.runs[-1], recorded_run(_LIVE_STEPS)
    run.say(*script[:3])
    wait_until(lambda: _turn(app, page.view.curves.batch_loss.keys != []), every=0.001)
    app.processEvents()
    gaps, processor, redraws, last = [0.0], [0.0], [0], [time.perf_counter(), time.thread_time()]

    def beat() -> None:
        now, used = time.perf_counter(), time.thread_time()
        gaps.append(now - last[0])
        processor.append(used - last[1])
        last[:] = now, used

    page.display.redraw.done.connect(lambda: redraws.__setitem__(0, redraws[0] + 1))
    heart = QTimer(interval=0)
    heart.timeout.connect(beat)
    begin = time.perf_counter()
    heart.start()
    for first in range(3, len(script), _LIVE_BATCH):
        run.say(*script[first : first + _LIVE_BATCH])
        until = time.perf_counter() + 0.03
        while time.perf_counter() < until:
            app.processEvents()
    run.say(Finished(outcome=OutcomeKind.FINISHED, seconds=1.0))
    run.end()
    wait_until(lambda: _turn(app, not control.is_busy), every=0.001)
    heart.stop()
    took = time.perf_counter() - begin
    page.shut_down()
    page.close()
    return {
        "longest_gap_ms": 1000 * max(gaps[2:]),
        "longest_processor_gap_ms": 1000 * max(processor[2:]),
        "replayed": len(script),
        "replayed_s": took,
        "redraws": redraws[0],
    }


if __name__ == "__main__":
    main()
