"""A worker's standard error: kept beside the run, and its end in memory to explain a crash."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path
from typing import Final

LOG_FILE: Final = "worker.log"

_TAIL_BYTES: Final = 64 * 1024
_CHUNK_BYTES: Final = 64 * 1024


class WorkerLog:
    """Appends what a stream says to the run's `worker.log` and remembers the end of it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG_FILE
        self._tail = b""

    @property
    def tail(self) -> str:
        """The last 64 KiB at most."""
        return self._tail.decode("utf-8", errors="replace")

    def keep(self, stream: BufferedReader) -> OSError | None:
        """Read `stream` to its end. Returns what kept the file from being written; the stream is read all the same,
        so that the worker never waits for somebody to listen."""
        problem: OSError | None = None
        with stream:
            try:
                with self._path.open("ab", buffering=0) as file:
                    while chunk := self._next(stream):
                        file.write(chunk)
            except OSError as error:
                problem = error
                while self._next(stream):
                    pass
        return problem

    def _next(self, stream: BufferedReader) -> bytes:
        chunk = stream.read1(_CHUNK_BYTES)
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        return chunk
