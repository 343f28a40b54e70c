"""What every watch over a run's events has."""

from __future__ import annotations

from typing import ClassVar

from studio.core.events import RunEvent


class Watch:
    """Sees a run's events in order and keeps a few numbers of them, never the events."""

    hears: ClassVar[frozenset[type]] = frozenset()
    """The kinds of event that it wants to see; of the others it would say no."""

    @property
    def detail(self) -> str:
        """What the condition holds for, such as names of classes; mostly there is nothing to say."""
        return ""

    def see(self, event: RunEvent) -> bool:
        """Take the run's next event; whether the condition holds with it. A constant amount of work."""
        raise NotImplementedError
