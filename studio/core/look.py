"""How a picture is shown: channel, range, brightness, contrast and gamma. The picture itself is never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

STRONGEST_CONTRAST: Final = 4.0
"""Slope at the middle for a contrast of 1; its inverse for -1."""

LEAST_GAMMA: Final = 0.2
MOST_GAMMA: Final = 5.0

_LEAST_RANGE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Look:
    """`channel` None shows colours (the first three channels), otherwise that channel in grey. `low` and `high` are the
    values, as shares of the picture's whole range, that become black and white. `brightness` and `contrast` lie in
    [-1, 1]; `gamma` above 1 lightens the dark parts."""

    channel: int | None = None
    low: float = 0.0
    high: float = 1.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 1.0

    @property
    def is_plain(self) -> bool:
        """Whether an 8-bit colour picture looks as it is."""
        return self == Look()

    def table(self, entries: int) -> npt.NDArray[np.uint8]:
        """What each of `entries` equally spaced values becomes, (entries,) uint8, never falling."""
        values = np.linspace(0.0, 1.0, entries)
        values = np.clip((values - self.low) / max(self.high - self.low, _LEAST_RANGE), 0.0, 1.0)
        values **= 1.0 / min(max(self.gamma, LEAST_GAMMA), MOST_GAMMA)
        values = (values - 0.5) * STRONGEST_CONTRAST**self.contrast + 0.5 + self.brightness
        return np.rint(np.clip(values, 0.0, 1.0) * 255).astype(np.uint8)


def full_range(values: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, share: float = 0.005) -> tuple[float, float]:
    """The values between which all but `share` of the smallest and the largest lie, at least 1 apart."""
    flat = values.reshape(-1)
    if flat.size == 0:
        return 0.0, 1.0
    low, high = (float(np.quantile(flat[:: max(1, flat.size // 1_000_000)], at)) for at in (share, 1 - share))
    return low, max(high, low + 1)
