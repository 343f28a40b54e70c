"""One look that a process carries out, and the rolls that it has brought."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.events import Augmented, AugmentedSample, RunEvent, Warned
from studio.core.outcome import RunOutcome
from studio.engine import Run
from studio.ui.engine_bridge import EngineBridge


@dataclass(frozen=True, eq=False)
class Roll:
    """The samples of one draw; their files lie below `folder`, which nobody needs after the `last` roll."""

    folder: Path
    samples: tuple[AugmentedSample, ...]
    last: bool


class LookJob(QObject):
    """Lives on the GUI thread until its process has ended."""

    rolled = Signal(object)
    """A `Roll`, as soon as its files are there."""
    warned = Signal(str)
    ended = Signal(object)
    """The `RunOutcome`; nothing comes after it."""

    def __init__(self, folder: Path, run: Run, parent: QObject) -> None:
        super().__init__(parent)
        self.folder = folder
        self.run = run
        self.rolls = 0
        """How many have come."""
        self._bridge = EngineBridge(self)
        self._bridge.events.connect(self._receive)
        self._bridge.ended.connect(self._end)
        self._bridge.watch(run)

    def drop(self) -> None:
        """End the process; nothing is told any more."""
        self.blockSignals(True)
        self.run.kill()

    def close(self) -> None:
        """End the process and the thread that hears it."""
        self.drop()
        self._bridge.shutdown()

    def _receive(self, events: list[RunEvent]) -> None:
        for event in events:
            if isinstance(event, Augmented):
                self.rolls += 1
                self.rolled.emit(Roll(self.folder, tuple(event.samples), last=event.roll == event.rolls))
            elif isinstance(event, Warned):
                self.warned.emit(event.sentence)

    def _end(self, outcome: RunOutcome) -> None:
        self.ended.emit(outcome)
        self.deleteLater()
