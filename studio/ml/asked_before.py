"""What a person had asked of a run before it was interrupted, as its events tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.events import EpochAdded, RateLowered, read_events
from studio.core.recipe import Stage
from studio.ml.callbacks.steering import with_epochs
from studio.ml.event_log import EVENTS_FILE


@dataclass(frozen=True)
class AskedBefore:
    """`stages` with the epochs that were added; all rates are divided by `rate_divisor`."""

    stages: list[Stage]
    rate_divisor: float = 1.0


def asked_before(folder: Path, stages: Sequence[Stage]) -> AskedBefore:
    """Also what was asked after the last checkpoint: a crash takes no answer back."""
    longer, divisor = list(stages), 1.0
    for event in read_events(folder / EVENTS_FILE):
        if isinstance(event, RateLowered):
            divisor = event.rate_divisor
        elif isinstance(event, EpochAdded) and event.stage < len(longer):
            longer[event.stage] = with_epochs(longer[event.stage], event.epochs)
    return AskedBefore(longer, divisor)
