"""Trains a network on a curve step by step, and says how it stands in a snapshot that nothing changes any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.playground.curves import PLACES, best_line
from studio.playground.network import BLOCK, Activation, Adam, CurveNetwork, Floats, NetworkSize

MOST_STEPS: Final = 20_000
"""After so many without a change nobody is watching; training rests."""

_CHECK: Final[Floats] = np.linspace(-1, 1, 12 * BLOCK)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`output` (POINTS,), `contributions` (units, POINTS) of the last hidden layer. `pieces` are counted for ReLU only,
    `bends` are the first layer's. `diverged`: a loss was no number, or far too large to come back."""

    size: NetworkSize
    step: int
    error: float
    line_error: float
    target: Floats
    line: Floats
    output: Floats
    contributions: Floats
    bends: Floats
    pieces: int
    silent: int
    is_resting: bool
    diverged: bool


class CurveTraining:
    """`rate` is Adam's. A new curve is learnt from the weights that are there; `restart` begins with others."""

    def __init__(self, size: NetworkSize, target: Floats, *, rate: float, seed: int = 0) -> None:
        self.target = target
        self.restart(size, rate=rate, seed=seed)

    def restart(self, size: NetworkSize, *, rate: float, seed: int = 0) -> None:
        self.size = size
        self.network = CurveNetwork(size, seed=seed)
        self._optimizer = Adam(self.network.parameters, rate=rate)
        self.step = 0
        self._steps_left = MOST_STEPS
        self.diverged = False

    def learn(self, target: Floats) -> None:
        """Go on with another curve."""
        self.target = target
        self._steps_left = MOST_STEPS

    def set_rate(self, rate: float) -> None:
        self._optimizer.rate = rate
        self._steps_left = MOST_STEPS

    @property
    def is_resting(self) -> bool:
        return self.diverged or self._steps_left <= 0

    def advance(self, steps: int) -> None:
        """Make so many steps, fewer where training comes to rest."""
        for _ in range(steps):
            if self.is_resting:
                return
            loss, gradients = self.network.gradients(PLACES, self.target)
            if not loss < 1e12:
                self.diverged = True
                return
            self._optimizer.step(gradients)
            self.step += 1
            self._steps_left -= 1

    def snapshot(self) -> Snapshot:
        line, line_error = best_line(self.target)
        output = self.network(PLACES)
        is_relu = self.size.activation is Activation.RELU
        return Snapshot(
            size=self.size,
            step=self.step,
            error=float(np.mean((output - self.target) ** 2)),
            line_error=line_error,
            target=self.target,
            line=line,
            output=output,
            contributions=self.network.contributions(PLACES),
            bends=self.network.bends(),
            pieces=self.network.pieces(_CHECK) if is_relu else 0,
            silent=self.network.silent(PLACES) if is_relu else 0,
            is_resting=self.is_resting,
            diverged=self.diverged,
        )
