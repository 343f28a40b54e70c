"""Work off the GUI thread that must all be done, in order; its results come back on the GUI thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from studio.core.errors import StudioError

Result = TypeVar("Result")

_JOIN_SECONDS: Final = 10.0


@dataclass(frozen=True)
class _Task:
    work: Callable[[], Any]
    done: Callable[[Any], object]
    failed: Callable[[str], object]


class WorkQueue(QObject):
    """One thread that starts with the first piece of work and ends at `close`, or with the application.

    Work is carried out in the order it was asked for, and none is dropped. `done` gets its result and `failed` its
    sentence, both on the thread that this object lives on. An error that is neither a StudioError nor an OSError is a
    mistake of the program; it is raised there as well.
    """

    _arrived = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = _WorkThread(name, self._arrived.emit)
        self._closed = False
        self._arrived.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(self._thread.close)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self._thread.close)

    def do(self, work: Callable[[], Result], done: Callable[[Result], object], failed: Callable[[str], object]) -> None:
        """Carry out `work` after everything asked for before; nothing happens once the object is closed."""
        if not self._closed:
            self._thread.put(_Task(work, done, failed))

    def close(self) -> None:
        """Finish what was asked for, then end the thread; no result is handed over after this."""
        self._closed = True
        self._thread.close()

    def leave(self) -> None:
        """Like `close`, but wait for nothing: what was asked for is finished beside, and `join` waits for its end."""
        self._closed = True
        self._thread.finish()

    def join(self) -> None:
        """Wait for what was asked for before `leave`; may be called on any thread."""
        self._thread.close()

    def abandon(self) -> None:
        """Wait for nothing: what is under way ends by itself, what has not begun is dropped, no result is handed over.
        For work that changes nothing, or that is told to give up."""
        self._closed = True
        self._thread.abandon()

    def _hand_over(self, report: Callable[[], object]) -> None:
        if not self._closed:
            report()


class _WorkThread:
    """The thread of a `WorkQueue`, knowing nothing of Qt's object tree so that it may outlive it for a moment."""

    def __init__(self, name: str, report: Callable[[Callable[[], object]], object]) -> None:
        self._name = name
        self._report = report
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._abandoned = threading.Event()

    def put(self, task: _Task) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def finish(self) -> None:
        self._closing.set()
        self._tasks.put(None)

    def close(self, _gone: object = None) -> None:
        self.finish()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_JOIN_SECONDS)

    def abandon(self) -> None:
        self._abandoned.set()
        self._closing.set()
        self._thread = None
        self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._abandoned.is_set():
            report = _carry_out(task)
            if not self._closing.is_set():
                self._report(report)


def _carry_out(task: _Task) -> Callable[[], object]:
    """What is to be called on the other thread."""
    try:
        result = task.work()
    except StudioError as error:
        sentence = error.sentence
        return lambda: task.failed(sentence)
    except OSError as error:
        sentence = f"{error}."
        return lambda: task.failed(sentence)
    except Exception as error:  # noqa: BLE001 - raised again where it is seen
        mistake = error
        return lambda: _fail_loudly(task, mistake)
    return lambda: task.done(result)


def _fail_loudly(task: _Task, mistake: Exception) -> None:
    task.failed(f"The program made a mistake: {type(mistake).__name__}: {mistake}.")
    raise mistake
