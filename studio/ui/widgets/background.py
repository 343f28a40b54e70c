"""Work off the GUI thread whose newest wish comes first: what a person scrolled past need not be done."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

from PySide6.QtCore import QCoreApplication, QObject, Signal


class Background(QObject):
    """A few threads that do the most recently asked job first.

    `done(key, result)` and `failed(key, error)` arrive on the thread that this object lives on. At most `waiting` jobs
    are kept; the oldest wishes are dropped, and may be asked again. The threads start with the first job and end with
    `close`, with this object, or with the application.
    """

    done = Signal(object, object)
    failed = Signal(object, object)

    def __init__(self, name: str, *, threads: int = 1, waiting: int = 256, parent: QObject | None = None) -> None:
        super().__init__(parent)
        mailbox = _Mailbox()
        mailbox.done.connect(self._tell_done)
        mailbox.failed.connect(self._tell_failed)
        self._closed = False
        self._pool = _Pool(name, threads, waiting, mailbox)
        self.destroyed.connect(self._pool.close)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self._pool.close)

    def ask(self, key: Hashable, job: Callable[[], object]) -> None:
        """Do `job` soon; asking again for a key that still waits moves it to the front."""
        self._pool.ask(key, job)

    def keep_only(self, keys: Collection[Hashable]) -> None:
        """Drop every waiting job whose key is not among these; what is being done is finished."""
        self._pool.keep_only(keys)

    def hold(self, held: bool) -> None:
        """Begin no further job for now, or go on."""
        self._pool.hold(held)

    def close(self) -> None:
        """End the threads after the job each is in; nothing is reported any more, also of what is done already."""
        self._closed = True
        self._pool.close()

    def _tell_done(self, key: object, result: object) -> None:
        if not self._closed:
            self.done.emit(key, result)

    def _tell_failed(self, key: object, error: object) -> None:
        if not self._closed:
            self.failed.emit(key, error)


class _Mailbox(QObject):
    """What the threads emit on. It lives as long as they do, so that the `Background` may go at any moment."""

    done = Signal(object, object)
    failed = Signal(object, object)


class _Pool:
    """The threads of a `Background`, knowing nothing of Qt's object tree so that they may outlive it for a moment."""

    def __init__(self, name: str, threads: int, waiting: int, mailbox: _Mailbox) -> None:
        self._name = name
        self._count = threads
        self._limit = waiting
        self._mailbox = mailbox
        self._jobs: OrderedDict[Hashable, Callable[[], object]] = OrderedDict()
        self._doing: set[Hashable] = set()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._held = False

    def hold(self, held: bool) -> None:
        with self._changed:
            if held != self._held:
                self._held = held
                self._changed.notify_all()

    def ask(self, key: Hashable, job: Callable[[], object]) -> None:
        with self._changed:
            if self._closed or key in self._doing:
                return
            self._jobs[key] = job
            self._jobs.move_to_end(key)
            while len(self._jobs) > self._limit:
                self._jobs.popitem(last=False)
            if len(self._threads) < self._count:
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def keep_only(self, keys: Collection[Hashable]) -> None:
        with self._changed:
            for key in [key for key in self._jobs if key not in keys]:
                del self._jobs[key]

    def close(self, _gone: object = None) -> None:
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            key, job = taken
            try:
                result, report = job(), self._mailbox.done
            except Exception as error:  # noqa: BLE001 - whatever it is, the listener gets it and says so
                result, report = error, self._mailbox.failed
            with self._changed:
                self._doing.discard(key)
                closed = self._closed
            if not closed:
                report.emit(key, result)

    def _next(self) -> tuple[Hashable, Callable[[], object]] | None:
        with self._changed:
            while (not self._jobs or self._held) and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            key, job = self._jobs.popitem(last=True)
            self._doing.add(key)
            return key, job
