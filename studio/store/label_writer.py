"""The thread that keeps label files up to date, behind the person who paints.

It is told item ids and nothing else: what to write it reads from the journal over its own connection. So a stroke never
waits for a picture to be copied or compressed, and what is still to do after a crash can be found in the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from studio.core.arrays import Mask
from studio.core.errors import LabelNotWritten, StudioError
from studio.core.signals import Signal
from studio.store.database import Database
from studio.store.label_files import LabelFiles

DEBOUNCE_SECONDS: Final = 0.7
_LONGEST_WAIT_SECONDS: Final = 5.0
_CATCH_UP_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 5.0


class LabelWriter:
    """Writes the label files of marked items after a moment of quiet, and again after a failure.

    `failed` and `noticed` are emitted on this thread.
    """

    def __init__(self, open_files: Callable[[], tuple[LabelFiles, Database]]) -> None:
        """`open_files` is called on the thread: it returns the files and the connection that they use."""
        self.failed: Signal[str] = Signal()
        self.noticed: Signal[str] = Signal()
        self._open_files = open_files
        self._wake = threading.Condition()
        self._due: dict[int, float] = {}
        self._found: set[int] = set()
        self._since: dict[int, float] = {}
        self._failures: dict[int, StudioError] = {}
        self._closing = False
        self._busy = False
        self._thread: threading.Thread | None = None

    def mark(self, item_id: int) -> None:
        """Say that an item's label file is behind; costs microseconds."""
        self._mark(item_id, DEBOUNCE_SECONDS, found=False)

    def catch_up(self, item_id: int) -> None:
        """Say that a label file was found behind when the project was opened: after a crash, or because another store
        is about to write it. There is time, and closing leaves it to whoever opens the project next."""
        self._mark(item_id, _CATCH_UP_SECONDS, found=True)

    def flush(self) -> None:
        """Wait until every marked file is written. Raises the error of the first that cannot be."""
        with self._wake:
            self._failures.clear()
            for item_id in self._due:
                self._due[item_id] = 0.0
            self._start()
            self._wake.notify_all()
            self._wake.wait_for(self._settled)
            failures = list(self._failures.values())
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Write what is marked, once more where it failed, and end the thread. What still cannot be written is found
        again when the project is opened the next time."""
        with self._wake:
            self._closing = True
            thread = self._thread
            for item_id in self._found:
                self._due.pop(item_id, None)
            self._wake.notify_all()
        if thread is not None:
            thread.join()

    def _mark(self, item_id: int, delay: float, *, found: bool) -> None:
        now = time.monotonic()
        with self._wake:
            since = self._since.setdefault(item_id, now)
            self._due[item_id] = min(now + delay, since + _LONGEST_WAIT_SECONDS)
            (self._found.add if found else self._found.discard)(item_id)
            self._start()
            self._wake.notify_all()

    def _start(self) -> None:
        if self._thread is None and self._due:
            self._thread = threading.Thread(target=self._work, name="label writer", daemon=True)
            self._thread.start()

    def _settled(self) -> bool:
        return self._thread is None or (not self._busy and all(i in self._failures for i in self._due))

    def _work(self) -> None:
        try:
            self._write_all()
        except Exception as cause:  # noqa: BLE001 - told like any failure, and raised by `flush`
            error = cause if isinstance(cause, StudioError) else LabelNotWritten(cause)
            with self._wake:
                self._failures.update(dict.fromkeys(self._due, error))
            self.failed.emit(error.sentence)
        finally:
            with self._wake:
                self._thread = None
                self._busy = False
                self._wake.notify_all()

    def _write_all(self) -> None:
        files, database = self._open_files()
        files.noticed.connect(self.noticed.emit)
        held: tuple[int, tuple[Mask, int]] | None = None
        try:
            while (item_id := self._next()) is not None:
                mine = held[1] if held is not None and held[0] == item_id else None
                held = None
                error: StudioError | None = None
                try:
                    shown = files.bring_up_to_date(item_id, mine)
                    held = (item_id, shown) if shown is not None else None
                    database.checkpoint()
                except StudioError as failure:
                    error = failure
                except Exception as mistake:  # noqa: BLE001 - told like any failure, and raised by `flush`
                    error = LabelNotWritten(mistake)
                self._done(item_id, error)
        finally:
            database.close()

    def _next(self) -> int | None:
        """The next item whose time has come; None when there is nothing more to do for good."""
        with self._wake:
            while True:
                if self._closing and not self._due:
                    return None
                now = time.monotonic()
                item_id = min(self._due, key=self._due.__getitem__, default=None)
                if item_id is not None and (self._due[item_id] <= now or self._closing):
                    del self._due[item_id]
                    self._since.pop(item_id, None)
                    self._busy = True
                    return item_id
                self._wake.wait(None if item_id is None else self._due[item_id] - now)

    def _done(self, item_id: int, error: StudioError | None) -> None:
        with self._wake:
            news = error is not None and item_id not in self._failures
            if error is None:
                self._failures.pop(item_id, None)
            else:
                self._failures[item_id] = error
                if not self._closing:
                    self._due.setdefault(item_id, time.monotonic() + _RETRY_SECONDS)
            self._busy = False
            self._wake.notify_all()
        if news and error is not None:
            self.failed.emit(error.sentence)
