"""Watches over the loss of single steps. All begin anew with every stage, whose loss compares with no other's."""

from __future__ import annotations

import math
from typing import ClassVar, Final

from studio.core.cards.watch import Watch
from studio.core.events import Finished, RunEvent, StageStarted, Started, Step, WentBack
from studio.core.outcome import OutcomeKind

SETTLING: Final = 10
"""Steps after which a stage's smoothed loss is worth reading."""

A_LITTLE: Final = 0.04
"""The smoothed loss has risen where it is above its lowest value by more than this share of it, and its noise."""

SMOOTHING: Final = 0.98
"""How much of the mean each step of `Step.smoothed` keeps."""

NOISE_MEMORY: Final = 0.95
NOISE_WIDTHS: Final = 5.0
"""So many standard deviations lie hardly ever between the lowest of many noisy values and any other of them."""

TOO_MUCH: Final = 2.0
"""A rise to more than this many times the lowest value is no little one."""

CLEARLY_LOWER: Final = 0.92

LONG_ENOUGH: Final = 150
"""Steps of a stage whose smoothed loss, a mean over some fifty of them, would show a hill."""

MAYBE: Final = 0.02
"""A rise by this share may be one; only without it is it said that a loss never rose."""

STILL_STEPS: Final = 100
STILL_SHARE: Final = 0.02
SPIKE: Final = 4.0
SPIKES: Final = 3
SPIKE_STEPS: Final = 200


class _StageWatch(Watch):
    """Calls `step` with every step of a stage and `stage_over` at its end; `begin` sets a stage's own numbers."""

    hears: ClassVar[frozenset[type]] = frozenset({Step, Started, WentBack, StageStarted, Finished})

    def __init__(self) -> None:
        self.begin()

    def see(self, event: RunEvent) -> bool:
        if isinstance(event, Step):
            return self.step(event)
        if isinstance(event, (Started, WentBack)):
            self.begin()
        elif isinstance(event, StageStarted) or _is_finished(event):
            holds = self.stage_over()
            self.begin()
            return holds
        return False

    def begin(self) -> None:
        raise NotImplementedError

    def step(self, step: Step) -> bool:
        raise NotImplementedError

    def stage_over(self) -> bool:
        return False


class _Shape(_StageWatch):
    """How the smoothed loss of a stage moves while its rate does."""

    def begin(self) -> None:
        self.seen = 0
        self.lowest = math.inf
        self.highest_since = 0.0
        self.last = math.inf
        self.first_rate = self.top_rate = 0.0
        self.has_risen = self.may_have_risen = False
        self.first = math.inf
        self.last_raw = math.nan
        self.squares = 0.0

    def take(self, step: Step) -> None:
        self.seen += 1
        rate, loss = step.lrs[-1], step.smoothed
        is_rising = rate > self.top_rate
        self.first_rate = self.first_rate or rate
        self.top_rate = max(rate, self.top_rate)
        self.last = loss
        self._hear_noise(step.loss)
        if self.seen <= SETTLING:
            self.first = loss
            return
        if is_rising and loss > self.lowest + max(A_LITTLE * self.lowest, NOISE_WIDTHS * self._noise()):
            self.has_risen = True
        self.may_have_risen = self.may_have_risen or (is_rising and loss > (1 + MAYBE) * self.lowest)
        if self.has_risen:
            self.highest_since = max(self.highest_since, loss)
        else:
            self.lowest = min(self.lowest, loss)

    def _hear_noise(self, loss: float) -> None:
        """From step to step a loss changes by its noise, whatever its trend: by twice its variance in the mean."""
        square = (loss - self.last_raw) ** 2 / 2
        self.last_raw = loss
        if math.isfinite(square):
            self.squares = NOISE_MEMORY * self.squares + (1 - NOISE_MEMORY) * square

    def _noise(self) -> float:
        """The standard deviation of the smoothed loss were there no trend: of a weighted mean of `seen` values."""
        variance = self.squares / (1 - NOISE_MEMORY ** max(self.seen - 1, 1))
        kept = SMOOTHING**self.seen
        return math.sqrt(variance * (1 - SMOOTHING) / (1 + SMOOTHING) * (1 + kept) / (1 - kept))


class RoseThenFell(_Shape):
    """The loss rose a little while the rate did, and then fell clearly below what it had been."""

    def step(self, step: Step) -> bool:
        self.take(step)
        was_little = self.highest_since <= TOO_MUCH * self.lowest
        return self.has_risen and was_little and step.smoothed < CLEARLY_LOWER * self.lowest


class OnlyFell(_Shape):
    """A stage is over whose rate rose and fell, and the loss fell all the way."""

    def step(self, step: Step) -> bool:
        self.take(step)
        return False

    def stage_over(self) -> bool:
        had_a_peak = self.top_rate > 2 * self.first_rate
        fell = self.last < CLEARLY_LOWER * self.first and self.last <= (1 + A_LITTLE) * self.lowest
        return self.seen >= LONG_ENOUGH and had_a_peak and fell and not self.may_have_risen


class StandsStill(_StageWatch):
    """For a hundred steps the smoothed loss stays where it is."""

    def begin(self) -> None:
        self.seen = 0
        self.lowest, self.highest = math.inf, -math.inf

    def step(self, step: Step) -> bool:
        self.seen += 1
        if self.seen <= 2 * SETTLING:
            return False
        self.lowest, self.highest = min(self.lowest, step.smoothed), max(self.highest, step.smoothed)
        if self.seen < 2 * SETTLING + STILL_STEPS:
            return False
        return self.highest - self.lowest < STILL_SHARE * abs(self.highest)


class LossSpikes(_StageWatch):
    """Three times within some hundred steps one batch's loss is far above the mean of those before it."""

    def begin(self) -> None:
        self.seen = 0
        self.mean = 0.0
        self.spikes: list[int] = []

    def step(self, step: Step) -> bool:
        self.seen += 1
        before, self.mean = self.mean, step.smoothed
        if self.seen <= SETTLING or step.loss <= SPIKE * before:
            return False
        self.spikes = [*self.spikes, step.step][-SPIKES:]
        return len(self.spikes) == SPIKES and self.spikes[-1] - self.spikes[0] <= SPIKE_STEPS


def _is_finished(event: RunEvent) -> bool:
    return isinstance(event, Finished) and event.outcome is OutcomeKind.FINISHED
