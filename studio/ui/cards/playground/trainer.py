"""Trains the playground's network on a thread of its own, which exists only while somebody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from studio.playground.curves import Curve, values_of
from studio.playground.network import Floats, NetworkSize
from studio.playground.training import CurveTraining, Snapshot

FRAMES_PER_SECOND: Final = 30
MOST_STEPS_A_FRAME: Final = 60
STEPS_FASTER_AFTER: Final = 10
"""The first frames make few steps each, so that the eye can follow; so many steps later a frame makes one more."""

WORK_SECONDS: Final = 0.010
"""The longest that a frame computes: Python runs one thread at a time, and the window must come to its turn."""

Wish = Callable[[CurveTraining], None]


class PlaygroundTrainer(QObject):
    """`snapshot` comes on the GUI thread, at most 30 times a second. Whoever makes a trainer calls `stop` before
    letting it go; the end of the application does so too."""

    snapshot = Signal(object)

    def __init__(self, size: NetworkSize, curve: Curve, *, rate: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._training = CurveTraining(size, values_of(curve), rate=rate)
        self._thread: QThread | None = None
        self._worker: _Worker | None = None
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    @Slot()
    def start(self) -> None:
        """Go on where it stopped."""
        if self._thread is not None:
            return
        self._worker = _Worker(self._training)
        self._thread = QThread()
        self._thread.setObjectName("playground")
        self._worker.moveToThread(self._thread)
        self._worker.frame.connect(self._pass_on)
        self._thread.started.connect(self._worker.work)
        self._thread.start()

    @Slot()
    def stop(self) -> None:
        """End the thread after the frame it is in; nothing is emitted any more, and what was learnt stays."""
        if self._thread is None or self._worker is None:
            return
        self._worker.leave()
        self._thread.quit()
        self._thread.wait()
        self._worker.do_what_is_wished()
        self._thread = self._worker = None

    def learn(self, target: Floats) -> None:
        """Another curve, (POINTS,), from the weights that are there."""
        self._wish(lambda training: training.learn(target))

    def restart(self, size: NetworkSize, *, rate: float, seed: int) -> None:
        """Other first weights."""
        self._wish(lambda training: training.restart(size, rate=rate, seed=seed))

    def set_rate(self, rate: float) -> None:
        self._wish(lambda training: training.set_rate(rate))

    def _wish(self, wish: Wish) -> None:
        if self._worker is not None:
            self._worker.wish(wish)
        else:
            wish(self._training)

    @Slot(object, object)
    def _pass_on(self, worker: object, snapshot: Snapshot) -> None:
        if worker is self._worker:  # else it was still in Qt's queue when the thread ended
            self.snapshot.emit(snapshot)


class _Worker(QObject):
    """Lives in the QThread, and keeps it until `leave`. Nobody else touches the training meanwhile."""

    frame = Signal(object, object)
    """This worker, and a `Snapshot`."""

    def __init__(self, training: CurveTraining) -> None:
        super().__init__()
        self._training = training
        self._wishes: list[Wish] = []
        self._changed = threading.Condition()
        self._is_leaving = False

    @Slot()
    def work(self) -> None:
        is_news = True
        while not self._is_leaving:
            began = time.perf_counter()
            is_news = self.do_what_is_wished() or is_news
            if not self._training.is_resting:
                self._advance(began)
                is_news = True
            if is_news:
                self.frame.emit(self, self._training.snapshot())
            is_news = False
            self._rest(began)

    def wish(self, wish: Wish) -> None:
        """Carry it out before the next frame. May be called from any thread."""
        with self._changed:
            self._wishes.append(wish)
            self._changed.notify()

    def leave(self) -> None:
        """May be called from any thread."""
        with self._changed:
            self._is_leaving = True
            self._changed.notify()

    def do_what_is_wished(self) -> bool:
        """Whether there was a wish."""
        with self._changed:
            wishes, self._wishes = self._wishes, []
        for wish in wishes:
            wish(self._training)
        return bool(wishes)

    def _advance(self, began: float) -> None:
        steps = min(MOST_STEPS_A_FRAME, 2 + self._training.step // STEPS_FASTER_AFTER)
        while steps > 0 and time.perf_counter() - began < WORK_SECONDS:
            self._training.advance(min(steps, 4))
            steps -= 4

    def _rest(self, began: float) -> None:
        """To the next frame; of a training that rests until somebody wishes something."""
        left = 1 / FRAMES_PER_SECOND - (time.perf_counter() - began)
        with self._changed:
            if self._training.is_resting:
                self._changed.wait_for(lambda: self._wishes or self._is_leaving)
            elif not self._is_leaving and left > 0:
                self._changed.wait_for(lambda: self._is_leaving, left)
