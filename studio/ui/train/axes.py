"""Axes that label batches, losses and learning rates as people write them."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import math
from typing import Any, Final

import pyqtgraph as pg

from studio.ui.train.log_ticks import FARTHEST, log_ticks, number_text
from studio.ui.train.rates import rate_text

_LABEL_ROOM: Final = {"left": 20.0, "bottom": 52.0}
"""Pixels along the axis that a label takes, its distance from the next included."""


class NumberAxis(pg.AxisItem):
    """In powers of ten it names few numbers, none over another."""

    whole = False
    """Whether only whole numbers are named."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N803 - pyqtgraph's names
        if not self.logMode:
            return super().tickValues(minVal, maxVal, size)
        low, high = sorted((minVal, maxVal))
        gap = (high - low) * _LABEL_ROOM[self.orientation] / max(size, 1.0)
        ticks = log_ticks(low, high, gap=gap, whole=self.whole)
        return [(1.0, [math.log10(tick) for tick in ticks])]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        if not self.logMode:
            return super().tickStrings(values, scale, spacing)
        return [number_text(10.0 ** min(float(value), FARTHEST)) for value in values]


class WholeAxis(NumberAxis):
    """Labels whole numbers only."""

    whole = True

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N803 - pyqtgraph's names
        levels = super().tickSpacing(minVal, maxVal, size)
        return [(max(1.0, round(spacing)), offset) for spacing, offset in levels if spacing >= 1] or [(1.0, 0.0)]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return super().tickStrings(values, scale, spacing)
        return [f"{float(value):,.0f}" for value in values]


class RateAxis(NumberAxis):
    """5e-4 rather than 0.0005."""

    def __init__(self) -> None:
        super().__init__("left")

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return super().tickStrings(values, scale, spacing)
        return [rate_text(value) if value > 0 else "0" if value == 0 else "" for value in values]
