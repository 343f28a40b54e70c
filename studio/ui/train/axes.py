"""Axes that label epochs and learning rates as people write them."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from typing import Any

import pyqtgraph as pg

from studio.ui.train.rates import rate_text


class EpochAxis(pg.AxisItem):
    """Labels whole numbers only."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: N803 - pyqtgraph's names
        levels = super().tickSpacing(minVal, maxVal, size)
        return [(max(1.0, round(spacing)), offset) for spacing, offset in levels if spacing >= 1] or [(1.0, 0.0)]


class RateAxis(pg.AxisItem):
    """5e-4 rather than 0.0005."""

    def __init__(self) -> None:
        super().__init__("left")

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [rate_text(10.0**value) if value.is_integer() else "" for value in map(float, values)]
        return [rate_text(value) if value > 0 else "0" if value == 0 else "" for value in values]
