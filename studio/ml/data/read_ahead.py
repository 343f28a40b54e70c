"""Reading on threads of its own: what somebody waits for first, everything else meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_LOOK_UP_SECONDS: Final = 0.1


@dataclass(eq=False, slots=True)
class Reading:
    """One thing to read. `work` puts it where it belongs; an error of it ends the whole reading."""

    work: Callable[[], None]
    begun: bool = False
    done: bool = False


class ReadAhead:
    """Carries out readings in the order they were added, each once; `want` and `wait_for` bring some to the front."""

    def __init__(self, threads: int) -> None:
        self._count = threads
        self._threads: list[threading.Thread] = []
        self._wanted: deque[Reading] = deque()
        self._others: deque[Reading] = deque()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._closed = False
        self._waits = 0

    def add(self, readings: Iterable[Reading]) -> None:
        """Carry these out when nothing else is wanted, from the second `wait_for` on: what is done with the first batch
        has the machine for itself, so that a run takes its first step soon."""
        with self._changed:
            self._others.extend(readings)
            self._changed.notify_all()

    def want(self, readings: Sequence[Reading]) -> None:
        """Say that these are waited for soon."""
        coming = [reading for reading in readings if not reading.begun]
        if coming:
            with self._changed:
                self._wanted.extend(coming)
                self._begin()

    def wait_for(self, readings: Sequence[Reading], look_up: Callable[[], None], *, alone: bool = False) -> None:
        """Return when these are done; the calling thread takes part in them, and calls `look_up` every now and then,
        which may raise to give up. `alone` takes back what else was wanted and does not count as a wait. Raises
        the error of any reading, also of one that was not asked for."""
        if alone:
            self._take_back()
        self.want(readings)
        if not alone:
            self._note_wait()
        for reading in readings:
            if self._claim(reading):
                self._carry_out(reading)
                look_up()
        while not all(reading.done for reading in readings):
            with self._changed:
                self._changed.wait_for(lambda: self._error or all(r.done for r in readings), _LOOK_UP_SECONDS)
            self._raise_error()
            look_up()
        self._raise_error()

    def close(self) -> None:
        """Drop what has not begun, and wait for the rest."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _take_back(self) -> None:
        with self._changed:
            self._wanted.clear()

    def _note_wait(self) -> None:
        with self._changed:
            self._waits += 1
            self._changed.notify_all()

    def _begin(self) -> None:
        if not self._threads and not self._closed:
            self._threads = [
                threading.Thread(target=self._read_all, name=f"read-ahead-{number}", daemon=True)
                for number in range(self._count)
            ]
            for thread in self._threads:
                thread.start()
        self._changed.notify_all()

    def _read_all(self) -> None:
        while (reading := self._next()) is not None:
            self._carry_out(reading)

    def _next(self) -> Reading | None:
        """Wait for a reading that nobody has begun; None when there is nothing more to do for anybody."""
        with self._changed:
            while not self._closed and self._error is None:
                queue = self._wanted or (self._others if self._waits > 1 else self._wanted)
                if not queue:
                    self._changed.wait()
                elif not (reading := queue.popleft()).begun:
                    reading.begun = True
                    return reading
        return None

    def _claim(self, reading: Reading) -> bool:
        with self._changed:
            free = not reading.begun and self._error is None
            reading.begun = reading.begun or free
        return free

    def _carry_out(self, reading: Reading) -> None:
        try:
            reading.work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()
            return
        with self._changed:
            reading.done = True
            self._changed.notify_all()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
