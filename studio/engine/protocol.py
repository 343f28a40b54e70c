"""What every engine can do, whether the run is a process here, a job on a cluster or a script in a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from studio.core.events import RunEvent
from studio.core.outcome import RunOutcome


class Run(Protocol):
    """A recipe being carried out.

    One thread reads (`take` or `events`); any thread may call the rest. The requests return at once and do nothing on a
    run that has ended. No request has a hidden timeout: a run that does not obey `stop` goes on until someone calls
    `kill`, and that is the person's choice.
    """

    @property
    def folder(self) -> Path:
        """The run's folder, absolute."""
        ...

    @property
    def outcome(self) -> RunOutcome | None:
        """How the run ended: None while it goes on, final by the time that the events end."""
        ...

    def take(self, timeout: float | None = None) -> list[RunEvent] | None:
        """Everything said since the last call, oldest first; waits up to `timeout` seconds (None: as long as it takes)
        for the first of it and returns an empty list when nothing came. None: the run has ended and all was taken."""
        ...

    def events(self) -> Iterator[RunEvent]:
        """Each event as it comes, until the run has ended. Blocks."""
        ...

    def stop(self) -> None:
        """Finish the batch, keep what was learnt, and end."""
        ...

    def pause(self) -> None:
        """Wait after the batch, and give the processor back, until `resume`."""
        ...

    def resume(self) -> None: ...

    def lower_rate(self, divisor: float = 3.0) -> None:
        """Divide every rate by `divisor`, above 1, from the next batch to the end of the run; said as `RateLowered`."""
        ...

    def add_epoch(self) -> None:
        """Train the stage that is going one epoch longer; said as `EpochAdded`."""
        ...

    def let_go(self) -> None:
        """Let the run go on when the engine is closed, and the program ended."""
        ...

    def kill(self) -> None:
        """End at once; what was learnt since the last checkpoint is lost."""
        ...

    def wait(self, timeout: float | None = None) -> RunOutcome | None:
        """Wait up to `timeout` seconds for the end; None when it has not come."""
        ...


class Engine(Protocol):
    def submit(self, folder: Path, *, resume: bool = False, reserve_cores: int = 0, device: str = "auto") -> Run:
        """Carry out the recipe in `folder`, a run's folder as the store makes it. Returns at once.

        `resume` goes on from the folder's last checkpoint; `reserve_cores` are left to the window; `device` is auto,
        cpu, cuda or mps. A run that cannot even start is a run whose outcome says so.
        """
        ...

    def propose(self, folder: Path, *, reserve_cores: int = 0, device: str = "auto") -> Run:
        """Carry out the `job.json` in `folder`: each item that has a proposal becomes a `Proposed` event. Returns at
        once. `stop` ends it after the item it is at; what was proposed by then stays."""
        ...

    def warm(self) -> None:
        """Get ready in the background, so that the next run starts sooner. Returns at once."""
        ...

    def close(self) -> None:
        """End everything that this engine started; runs get the time to write a checkpoint."""
        ...
