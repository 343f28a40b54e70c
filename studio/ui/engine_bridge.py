"""From a run to the window: its events as Qt signals, read on a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from studio.engine import Run

BATCHES_PER_SECOND: Final = 30

_LISTEN_SECONDS: Final = 0.1
"""How long the reader listens before it looks whether it is still wanted."""


class EngineBridge(QObject):
    """Watches one run at a time. Lives on the GUI thread and never makes it wait; the reading is done in a QThread.

    Its signals are emitted on the GUI thread, so that any callable may be connected. Whoever makes a bridge calls
    `shutdown` before letting it go; the end of the application does so too.
    """

    events = Signal(object)
    """`list[RunEvent]`: everything said since the last batch, never empty; at most 30 batches a second, and the first
    event at once."""
    ended = Signal(object)
    """The `RunOutcome`, after the last batch."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._thread: QThread | None = None
        self._reader: _Reader | None = None
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.shutdown)

    @property
    def run(self) -> Run | None:
        """The run being watched, or None."""
        return self._run

    def watch(self, run: Run) -> None:
        """Pass on what `run` says until it ends. Raises RuntimeError while another run is being watched."""
        if self._run is not None:
            raise RuntimeError("this bridge watches another run")
        self._run = run
        self._reader = _Reader(run)
        self._thread = QThread()
        self._thread.setObjectName(f"bridge to run {run.folder.name}")
        self._reader.moveToThread(self._thread)
        self._reader.batch.connect(self._pass_on)
        self._reader.over.connect(self._finish)
        self._thread.started.connect(self._reader.read)
        self._thread.start()

    @Slot()
    def shutdown(self) -> None:
        """Stop watching, for at most a tenth of a second; the run itself goes on. Nothing is emitted any more."""
        if self._thread is None or self._reader is None:
            return
        self._reader.leave()
        self._thread.quit()
        self._thread.wait()
        self._run = self._thread = self._reader = None

    @Slot(object, object)
    def _pass_on(self, run: object, batch: object) -> None:
        if run is self._run:  # else it was still in Qt's queue when its run was let go
            self.events.emit(batch)

    @Slot(object, object)
    def _finish(self, run: object, outcome: object) -> None:
        if run is self._run:
            self.shutdown()
            self.ended.emit(outcome)


class _Reader(QObject):
    """Lives in the bridge's QThread, and keeps it for as long as the run goes on."""

    batch = Signal(object, object)
    """The run, and a list of its events."""
    over = Signal(object, object)
    """The run, and its outcome."""

    def __init__(self, run: Run, pause: Callable[[float], object] | None = None) -> None:
        """`pause` waits that many seconds; by default until the reader has to leave."""
        super().__init__()
        self._run = run
        self._leaving = threading.Event()
        self._pause = pause or self._leaving.wait

    @Slot()
    def read(self) -> None:
        while not self._leaving.is_set():
            events = self._run.take(_LISTEN_SECONDS)
            if events is None:
                self.over.emit(self._run, self._run.outcome)
                return
            if events:
                self.batch.emit(self._run, events)
                self._pause(1 / BATCHES_PER_SECOND)

    def leave(self) -> None:
        """May be called from any thread."""
        self._leaving.set()
