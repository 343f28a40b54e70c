"""What a run said before anybody listened for cards: read and dealt for off the GUI thread, then joined to what it says
from then on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from studio.core.cards import Card, Dealer
from studio.core.events import Failed, RunEvent
from studio.engine import replay

_OVERLAP: Final = 50_000
"""Of the events that were read, so many of the last are kept; the next one that is said is rarely more than a few
back."""


class CaughtUp:
    """`dealt` are the cards for the events that were read, in the order in which they come."""

    def __init__(self, events: Sequence[RunEvent], dealt: list[Card]) -> None:
        self.dealt = dealt
        self.has_failed = any(isinstance(event, Failed) for event in events)
        self._last = list(events[-_OVERLAP:])
        self._to_skip: int | None = None

    def new_of(self, said: Sequence[RunEvent]) -> list[RunEvent]:
        """Those of the next events that are said which had not been written yet when the run was read."""
        if said and self._to_skip is None:
            places = range(len(self._last) - 1, -1, -1)
            place = next((place for place in places if self._last[place] == said[0]), len(self._last))
            self._to_skip = len(self._last) - place
            self._last = []
        to_skip = self._to_skip or 0
        if to_skip:
            self._to_skip = max(0, to_skip - len(said))
        return list(said[to_skip:])


def catch_up(run_folder: Path, dealer: Dealer) -> CaughtUp:
    """Show the dealer everything that the run has written so far."""
    events = list(replay(run_folder))
    return CaughtUp(events, [card for event in events for card in reversed(dealer.see(event))])
