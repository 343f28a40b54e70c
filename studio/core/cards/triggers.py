"""After what a card is dealt. Each trigger has a watch that sees a run's events one by one and keeps a few numbers."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

from studio.core.cards.epoch_watches import (
    MetricJumps,
    NeverPredicted,
    TooGood,
    ValidBelowTrain,
    ValidParts,
)
from studio.core.cards.loss_watches import LossSpikes, OnlyFell, RoseThenFell, StandsStill
from studio.core.cards.run_watches import (
    FewLabels,
    LastEpochBest,
    NoNumber,
    OneSize,
    OnlyHead,
    OutOfMemory,
    RateFound,
    WarnedOf,
)
from studio.core.cards.watch import Watch
from studio.core.events import Concern


class Trigger(enum.StrEnum):
    """In the order of their weight: of two that fit the same event, the card of the earlier one is dealt first."""

    OUT_OF_MEMORY = "out-of-memory"
    NO_NUMBER = "no-number"
    CLASS_NEVER_PREDICTED = "class-never-predicted"
    TOO_GOOD = "too-good"
    FORGETS = "forgets"
    VALID_PARTS = "valid-parts-from-train"
    GREAT_RATE = "rose-then-fell"
    LOSS_SPIKES = "loss-spikes"
    STANDS_STILL = "stands-still"
    RATE_FOUND_FROZEN = "rate-found-frozen"
    RATE_FOUND_UNFROZEN = "rate-found-unfrozen"
    STOPPED_EARLY = "stopped-early"
    ONLY_HEAD = "only-head-trained"
    METRIC_JUMPS = "metric-jumps"
    VALID_BELOW_TRAIN = "valid-below-train"
    ONLY_FELL = "only-fell"
    LAST_EPOCH_BEST = "last-epoch-best"
    ONE_SIZE = "one-size"
    FEW_LABELS = "few-labels"


WATCHES: Final[dict[Trigger, Callable[[], Watch]]] = {
    Trigger.OUT_OF_MEMORY: OutOfMemory,
    Trigger.NO_NUMBER: NoNumber,
    Trigger.CLASS_NEVER_PREDICTED: NeverPredicted,
    Trigger.TOO_GOOD: TooGood,
    Trigger.FORGETS: lambda: WarnedOf(Concern.FORGETTING),
    Trigger.VALID_PARTS: ValidParts,
    Trigger.GREAT_RATE: RoseThenFell,
    Trigger.LOSS_SPIKES: LossSpikes,
    Trigger.STANDS_STILL: StandsStill,
    Trigger.RATE_FOUND_FROZEN: lambda: RateFound(frozen=True),
    Trigger.RATE_FOUND_UNFROZEN: lambda: RateFound(frozen=False),
    Trigger.STOPPED_EARLY: lambda: WarnedOf(Concern.EARLY_STOP),
    Trigger.ONLY_HEAD: OnlyHead,
    Trigger.METRIC_JUMPS: MetricJumps,
    Trigger.VALID_BELOW_TRAIN: ValidBelowTrain,
    Trigger.ONLY_FELL: OnlyFell,
    Trigger.LAST_EPOCH_BEST: LastEpochBest,
    Trigger.ONE_SIZE: OneSize,
    Trigger.FEW_LABELS: FewLabels,
}
