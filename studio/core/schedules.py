"""How a stage's learning rate and momentum move from its first step to its last; the formulas of fastai 2.8.

A position is a share of the stage: step i of T, counted from 0, is made at i / T (`fastai/callback/schedule.py`), so a
stage's last step is one step short of the end.
"""

from __future__ import annotations

import math

import msgspec


class _Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    def rate_at(self, position: float) -> float:
        """The rate as a share of the stage's peak."""
        raise NotImplementedError

    def momentum_at(self, position: float) -> float:
        """The decay of the first moment (Adam's beta1)."""
        raise NotImplementedError


class OneCycle(_Schedule, frozen=True, kw_only=True, tag="one-cycle"):
    """Cosine from peak / `div` to the peak at `pct_start`, then to peak / `div_final`; `momenta` at these three places
    (Smith 2018)."""

    pct_start: float = 0.25
    div: float = 25.0
    div_final: float = 1e5
    momenta: tuple[float, float, float] = (0.95, 0.85, 0.95)

    def __post_init__(self) -> None:
        _require_share("pct_start", self.pct_start)
        _require_divisor("div", self.div)
        _require_divisor("div_final", self.div_final)
        for momentum in self.momenta:
            _require_momentum(momentum)

    def rate_at(self, position: float) -> float:
        return _two_cosines(position, self.pct_start, 1 / self.div, 1.0, 1 / self.div_final)

    def momentum_at(self, position: float) -> float:
        return _two_cosines(position, self.pct_start, *self.momenta)


class FlatCosine(_Schedule, frozen=True, kw_only=True, tag="flat-cosine"):
    """The peak until `pct_start`, then cosine to peak / `div_final`."""

    pct_start: float = 0.75
    div_final: float = 1e5
    momentum: float = 0.9

    def __post_init__(self) -> None:
        _require_share("pct_start", self.pct_start)
        _require_divisor("div_final", self.div_final)
        _require_momentum(self.momentum)

    def rate_at(self, position: float) -> float:
        return _two_cosines(position, self.pct_start, 1.0, 1.0, 1 / self.div_final)

    def momentum_at(self, position: float) -> float:
        return self.momentum


class Constant(_Schedule, frozen=True, kw_only=True, tag="constant"):
    """The peak from the first step to the last."""

    momentum: float = 0.9

    def __post_init__(self) -> None:
        _require_momentum(self.momentum)

    def rate_at(self, position: float) -> float:
        return 1.0

    def momentum_at(self, position: float) -> float:
        return self.momentum


Schedule = OneCycle | FlatCosine | Constant


def _two_cosines(position: float, turn: float, start: float, middle: float, end: float) -> float:
    """From `start` to `middle` at the position `turn`, then to `end` at 1, each half a cosine."""
    if position < turn:
        return _cosine(start, middle, position / turn)
    return _cosine(middle, end, (position - turn) / (1 - turn)) if turn < 1 else middle


def _cosine(start: float, end: float, share: float) -> float:
    return start + (1 + math.cos(math.pi * (1 - share))) * (end - start) / 2


def _require_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is a share of the stage, and {value:g} is not between 0 and 1")


def _require_divisor(name: str, value: float) -> None:
    if not 1 <= value < math.inf:
        raise ValueError(f"{name} divides the peak rate, and {value:g} is not 1 or more")


def _require_momentum(value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"a momentum of {value:g} is not 0 or more and below 1")
