"""The running mean that the loss curves are drawn with."""

from __future__ import annotations

from typing import Final

BETA: Final = 0.98


class SmoothedLoss:
    """Exponentially weighted mean with bias correction, as in fastai: after one value it is that value."""

    def __init__(self, beta: float = BETA) -> None:
        self._beta = beta
        self._mean = 0.0
        self._count = 0

    @property
    def value(self) -> float:
        return self._mean / (1 - self._beta**self._count) if self._count else 0.0

    def add(self, loss: float) -> float:
        self._mean = self._beta * self._mean + (1 - self._beta) * loss
        self._count += 1
        return self.value

    def state(self) -> dict[str, float]:
        return {"mean": self._mean, "count": self._count}

    def load_state(self, state: dict[str, float]) -> None:
        self._mean, self._count = state["mean"], int(state["count"])
