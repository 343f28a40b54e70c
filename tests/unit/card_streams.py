"""What runs said, written down as event streams: for each trigger of a card runs that deal it and runs that do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from studio.core.cards import Trigger
from studio.core.events import (
    Concern,
    EpochEnd,
    Failed,
    Finished,
    LrFound,
    LrSuggestion,
    Metric,
    RunEvent,
    StageStarted,
    Started,
    Step,
    Warned,
    WentBack,
)
from studio.core.outcome import OutcomeKind
from studio.core.schedules import Constant, OneCycle, Schedule

Stream = list[RunEvent]

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=60.0)
STOPPED = Finished(outcome=OutcomeKind.STOPPED, seconds=60.0)


def started(*, purpose: str = "train", train: int = 400, valid: int = 100, resumed_at: int = 0) -> Started:
    return Started(
        purpose=purpose,
        device="CPU",
        precision="float32",
        weights="From ImageNet.",
        parameters=11_000_000,
        train_items=train,
        valid_items=valid,
        steps=200,
        epochs=4,
        resumed_at=resumed_at,
    )


def stage(number: int = 0, *, frozen: bool = False, height: int = 96, width: int = 128) -> StageStarted:
    return StageStarted(stage=number, epochs=4, height=height, width=width, batch_size=8, frozen=frozen)


def steps(losses: Sequence[float], *, schedule: Schedule | None = None, raw: Sequence[float] | None = None) -> Stream:
    """A stage's steps with these smoothed losses; `raw` losses where they are others."""
    moves = schedule or OneCycle()
    return [
        Step(
            step=number,
            epoch=1,
            loss=raw[number - 1] if raw is not None else smoothed,
            smoothed=smoothed,
            lrs=[1e-4 * rate, 1e-3 * rate],
            momentum=0.9,
            images_per_second=50.0,
            seconds_left=10.0,
        )
        for number, smoothed in enumerate(losses, 1)
        for rate in (moves.rate_at((number - 1) / len(losses)),)
    ]


def epochs(
    pairs: Iterable[tuple[float, float]],
    *,
    metrics: Sequence[float] = (),
    better: int = 1,
    missed: Sequence[Sequence[str]] = (),
) -> Stream:
    """Ends of epochs with these (train, valid) losses, main metrics and classes that no prediction had."""
    return [
        EpochEnd(
            epoch=number,
            step=50 * number,
            train_loss=train,
            valid_loss=valid,
            metrics=[Metric("accuracy", metrics[number - 1] if metrics else 0.5, better, "valid")],
            seconds=10.0,
            never_predicted=tuple(missed[number - 1]) if missed else (),
        )
        for number, (train, valid) in enumerate(pairs, 1)
    ]


def found(rules: Sequence[str] = ("valley", "steep")) -> LrFound:
    return LrFound(suggestions=[LrSuggestion(rule, 1e-3) for rule in rules], stopped="diverged")


def falling(count: int = 200, *, start: float = 2.0, end: float = 0.5) -> list[float]:
    return [end + (start - end) * math.exp(-4 * i / count) for i in range(count)]


def hill(height: float, *, count: int = 200, at: float = 0.2) -> list[float]:
    """A falling loss with a hill of this share of it while the rate of a one-cycle stage still rises."""
    return [loss * (1 + height * math.exp(-(((i / count - at) / 0.06) ** 2))) for i, loss in enumerate(falling(count))]


def noisy(losses: Sequence[float], *, noise: float, seed: int = 0) -> Stream:
    """Steps whose raw losses vary by this share, smoothed as a run smooths them."""
    random = np.random.default_rng(seed)
    raw = [loss * math.exp(random.normal(0, noise)) for loss in losses]
    mean, smoothed = 0.0, list[float]()
    for number, loss in enumerate(raw, 1):
        mean = 0.98 * mean + 0.02 * loss
        smoothed.append(mean / (1 - 0.98**number))
    return steps(smoothed, raw=raw)


def good_pairs(count: int = 4) -> list[tuple[float, float]]:
    """Losses that fall and then stand, as of a run about which there is nothing to say."""
    return [(1.0 / n, 1.02 / n if n < count else 1.02 / (n - 1)) for n in range(1, count + 1)]


def warned(about: str) -> Warned:
    return Warned(sentence="Mind this.", about=about)


def failed(kind: OutcomeKind) -> Failed:
    return Failed(outcome=kind, sentence="It ended.")


def went_back() -> WentBack:
    return WentBack(sentence="Back.", step=60, to_step=50, rate_divisor=3.0, returns=1, most_returns=3)


def spiky(places: Sequence[int], *, count: int = 150, height: float = 6.0) -> Stream:
    smoothed = falling(count)
    raw = [height * loss if number in places else loss for number, loss in enumerate(smoothed, 1)]
    return steps(smoothed, raw=raw)


BEGIN: Stream = [started(), stage()]

DEALS: dict[Trigger, list[Stream]] = {
    Trigger.OUT_OF_MEMORY: [
        [*BEGIN, *steps(falling(5)), warned(Concern.MEMORY)],
        [*BEGIN, failed(OutcomeKind.OUT_OF_MEMORY)],
    ],
    Trigger.NO_NUMBER: [[*BEGIN, *steps(falling(5)), went_back()], [*BEGIN, failed(OutcomeKind.DIVERGED)]],
    Trigger.CLASS_NEVER_PREDICTED: [
        [
            *BEGIN,
            *epochs([(1, 1), (0.9, 0.95), (0.8, 0.9), (0.7, 0.8)], missed=[("car",), (), ("car", "bike"), ("bike",)]),
        ],
    ],
    Trigger.TOO_GOOD: [[*BEGIN, *epochs([(0.2, 0.1)], metrics=[0.997])]],
    Trigger.FORGETS: [[*BEGIN, *steps(falling(5)), warned(Concern.FORGETTING)]],
    Trigger.VALID_PARTS: [[*BEGIN, *epochs([(1.0, 1.0), (0.7, 0.8), (0.5, 0.9), (0.3, 1.1)])]],
    Trigger.GREAT_RATE: [[*BEGIN, *steps(hill(0.6))]],
    Trigger.LOSS_SPIKES: [[*BEGIN, *spiky([40, 80, 120])]],
    Trigger.STANDS_STILL: [[*BEGIN, *steps([1.1 + 0.005 * math.sin(i) for i in range(140)])]],
    Trigger.RATE_FOUND_FROZEN: [[started(purpose="lr-find"), stage(frozen=True), found()]],
    Trigger.RATE_FOUND_UNFROZEN: [[started(purpose="lr-find"), stage(), found()]],
    Trigger.STOPPED_EARLY: [[*BEGIN, *epochs(good_pairs()), warned(Concern.EARLY_STOP)]],
    Trigger.ONLY_HEAD: [[started(), stage(frozen=True), stage(1, frozen=True), *epochs(good_pairs()), FINISHED]],
    Trigger.METRIC_JUMPS: [
        [started(valid=12), stage(), *epochs(good_pairs(4), metrics=[0.6, 0.7, 0.62, 0.71])],
    ],
    Trigger.VALID_BELOW_TRAIN: [[*BEGIN, *epochs([(1.0, 0.9), (0.8, 0.6), (0.7, 0.5)])]],
    Trigger.ONLY_FELL: [
        [*BEGIN, *steps(falling()), *epochs(good_pairs()), FINISHED],
        [*BEGIN, *steps(falling()), stage(1)],
    ],
    Trigger.LAST_EPOCH_BEST: [[*BEGIN, *epochs([(1.0, 1.0), (0.8, 0.9), (0.6, 0.8)]), FINISHED]],
    Trigger.ONE_SIZE: [[*BEGIN, *epochs(good_pairs()), FINISHED]],
    Trigger.FEW_LABELS: [[started(train=12)]],
}
"""What must be dealt for at the last event of the stream, or before it."""

DOES_NOT: dict[Trigger, list[Stream]] = {
    Trigger.OUT_OF_MEMORY: [
        [*BEGIN, warned(""), warned("a word of a later program"), failed(OutcomeKind.CRASHED), FINISHED],
    ],
    Trigger.NO_NUMBER: [[*BEGIN, *steps(hill(3.0)), failed(OutcomeKind.OUT_OF_MEMORY)]],
    Trigger.CLASS_NEVER_PREDICTED: [
        [*BEGIN, *epochs([(1, 1), (0.9, 0.95), (0.8, 0.9)], missed=[("car", "bike"), (), ("car",)])],
        [*BEGIN, *epochs([(1, 1), (0.9, 0.95)], missed=[("car",), ("bike",)])],
    ],
    Trigger.TOO_GOOD: [
        [*BEGIN, *epochs([(0.5, 0.4), (0.2, 0.1)], metrics=[0.9, 0.999])],
        [*BEGIN, *epochs([(0.5, 0.4)], metrics=[0.995], better=-1)],
    ],
    Trigger.FORGETS: [[*BEGIN, warned(Concern.MEMORY), warned(Concern.EARLY_STOP)]],
    Trigger.VALID_PARTS: [
        [*BEGIN, *epochs([(1.0, 1.0), (0.7, 0.8), (0.5, 0.9), (0.3, 0.7), (0.2, 0.9)])],
        [*BEGIN, *epochs([(1.0, 1.0), (0.7, 0.8), (0.9, 0.9), (1.1, 1.1)])],
        [*BEGIN, *epochs([(1.0, 0.5)]), stage(1, height=192), *epochs([(0.9, 0.9), (0.8, 0.8), (0.7, 0.8)])],
    ],
    Trigger.GREAT_RATE: [
        [*BEGIN, *steps(falling())],
        [*BEGIN, *steps(hill(3.0))],
        [*BEGIN, *steps(hill(0.6, at=0.6))],
        [*BEGIN, *steps(hill(0.6)[:43])],
        [*BEGIN, *steps(hill(0.6, at=0.15), schedule=Constant())],
    ],
    Trigger.LOSS_SPIKES: [
        [*BEGIN, *spiky([40, 80])],
        [*BEGIN, *spiky([2, 4, 6])],
        [*BEGIN, *spiky([1, 250, 290], count=300)],
    ],
    Trigger.STANDS_STILL: [[*BEGIN, *steps(falling(140))], [*BEGIN, *steps([1.0] * 100), stage(1), *steps([1.0] * 60)]],
    Trigger.RATE_FOUND_FROZEN: [
        [started(purpose="lr-find"), stage(), found()],
        [started(purpose="lr-find"), stage(frozen=True), found(())],
    ],
    Trigger.RATE_FOUND_UNFROZEN: [[started(purpose="lr-find"), stage(frozen=True), found()], [*BEGIN, FINISHED]],
    Trigger.STOPPED_EARLY: [[*BEGIN, warned(Concern.MEMORY), STOPPED]],
    Trigger.ONLY_HEAD: [
        [started(), stage(frozen=True), *epochs(good_pairs()), stage(1), FINISHED],
        [started(), stage(frozen=True), STOPPED],
        [started(purpose="lr-find"), stage(frozen=True), found(), FINISHED],
    ],
    Trigger.METRIC_JUMPS: [
        [started(valid=500), stage(), *epochs(good_pairs(4), metrics=[0.6, 0.7, 0.62, 0.71])],
        [started(valid=12), stage(), *epochs(good_pairs(4), metrics=[0.6, 0.7, 0.62, 0.63])],
        [started(valid=12), stage(), *epochs(good_pairs(4), metrics=[0.6, 0.605, 0.601, 0.606])],
    ],
    Trigger.VALID_BELOW_TRAIN: [
        [*BEGIN, *epochs([(1.0, 0.9), (0.8, 0.6), (0.5, 0.5), (0.4, 0.3)])],
        [*BEGIN, *epochs([(1.0, 0.7), (0.8, 0.6)])],
        [*BEGIN, *epochs([(0.5, 0.0), (0.4, 0.0)])],
    ],
    Trigger.ONLY_FELL: [
        [*BEGIN, *steps(hill(0.6)), FINISHED],
        [*BEGIN, *steps(falling(), schedule=Constant()), FINISHED],
        [*BEGIN, *steps(falling(100)), FINISHED],
        [*BEGIN, *steps(falling()), STOPPED],
        [*BEGIN, *steps([*falling(180), *(2.0 for _ in range(20))]), FINISHED],
    ],
    Trigger.LAST_EPOCH_BEST: [
        [*BEGIN, *epochs(good_pairs()), FINISHED],
        [*BEGIN, *epochs([(1.0, 1.0), (0.6, 0.6)]), FINISHED],
        [*BEGIN, *epochs([(1.0, 1.0), (0.8, 0.9), (0.6, 0.8)]), STOPPED],
    ],
    Trigger.ONE_SIZE: [
        [*BEGIN, stage(1, height=192, width=256), FINISHED],
        [started(), stage(height=720, width=960), FINISHED],
        [started(), stage(height=1, width=500), FINISHED],
        [started(), stage(frozen=True), FINISHED],
    ],
    Trigger.FEW_LABELS: [[started(train=21)], [started(purpose="lr-find", train=5)]],
}
"""What comes near and must not be dealt for."""
