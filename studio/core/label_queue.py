"""What to label next: the unlabelled items that a run's model would learn most from, in their order."""

from __future__ import annotations

from typing import Final

import msgspec

QUEUE_PLACES: Final = 30
"""How many items are queued where nobody says how many."""


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """`uncertainty` 0 (sure) – 1; None where no model was asked."""

    item: int
    uncertainty: float | None = None


class QueueWish(msgspec.Struct, frozen=True, kw_only=True):
    """What the queue shall be: at most so many `places`, found with `seed`. `known` are pictures or texts that are
    labelled already. `at_random` asks no model which ones: what the choice is to be compared with."""

    places: int = QUEUE_PLACES
    seed: int = 0
    known: tuple[str, ...] = ()
    at_random: bool = False
