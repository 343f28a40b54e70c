"""TensorBoard's files beside a run that goes on: they are opened before it starts, and never stand in its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.core.atomic import why
from studio.core.events import RunEvent, Warned
from studio.store import RunRecord

Hear = Callable[[RunEvent], None]


def require_tensorboard_for(folder: Path | None) -> None:
    """Raises MissingPackage where files in a folder are asked for and the package is not there."""
    if folder is not None:
        from studio.ml.tensorboard_files import require_tensorboard

        require_tensorboard()


@contextmanager
def written_beside(record: RunRecord, folder: Path | None, warn: Callable[[Warned], None]) -> Iterator[Hear]:
    """Whatever the given function hears goes into the run's folder below `folder`, if there is one. What cannot be
    written later is told by one warning, and then no more is written.

    Raises MissingPackage, CannotWrite, both before the first event.
    """
    if folder is None:
        yield lambda event: None
        return
    from studio.ml.tensorboard_files import event_files

    files = event_files(folder / record.id, record.folder, record.spec)
    hear = _Contained(files.__enter__(), folder / record.id, warn)
    try:
        yield hear
    finally:
        hear.close(lambda: files.__exit__(None, None, None))


class _Contained:
    def __init__(self, hear: Hear, folder: Path, warn: Callable[[Warned], None]) -> None:
        self._hear = hear
        self._folder = folder
        self._warn = warn
        self._is_deaf = False

    def __call__(self, event: RunEvent) -> None:
        if not self._is_deaf:
            self._try(lambda: self._hear(event))

    def close(self, close: Callable[[], object]) -> None:
        self._try(close)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever another package's writer raises, the run goes on
            if self._is_deaf:
                return
            self._is_deaf = True
            reason = why(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            self._warn(
                Warned(
                    time=time.time(),
                    sentence=f"TensorBoard's files in {self._folder} cannot be written on ({reason}); the run goes on "
                    "without them, and `studio tensorboard` writes them into another folder afterwards.",
                )
            )
