"""A curve on a plot that costs what its pixels cost, however many points it has."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportIncompatibleMethodOverride=false, reportCallIssue=false, reportArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg

from studio.ui.train.decimation import decimated

_EMPTY = np.empty(0)


class PlotLine(pg.PlotDataItem):
    """`full_x` and `full_y` are all points; pyqtgraph gets those of the visible part, thinned to the screen."""

    def __init__(self, *, antialias: bool) -> None:
        super().__init__(connect="finite", antialias=antialias)
        self.full_x, self.full_y = _EMPTY, _EMPTY
        self._bounds: dict[tuple[int, bool], tuple[float, float] | tuple[None, None]] = {}
        self._visible: tuple[float, float, int] | None = None

    def show_points(self, x: np.ndarray, y: np.ndarray) -> None:
        """All points, each (n,) float64, `x` ascending."""
        self.full_x, self.full_y = x, y
        self._bounds.clear()
        self.thin()

    def show_part(self, low: float, high: float, columns: int) -> None:
        """The part of the x axis, in its own unit, that is seen in so many columns of pixels. Smooth edges cost most of
        a line's time and hide what lies beside each other in two columns."""
        if self.opts["antialias"]:
            columns = max(columns // 2, 1)
        if self._visible != (low, high, columns):
            self._visible = (low, high, columns)
            self.thin()

    def thin(self) -> None:
        """Hand on what is to be drawn."""
        if self._visible is None or not len(self.full_x):
            self.setData(self.full_x, self.full_y)
            return
        low, high, columns = self._visible
        self.setData(*decimated(self.full_x, self.full_y, low=low, high=high, columns=columns, log=self._log(0)))

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Any = None) -> Any:  # noqa: N803 - pyqtgraph's name
        """Of all points, not of those that are drawn, so that a plot which follows its curves sees them grow."""
        key = (ax, self._log(ax))
        if key not in self._bounds:
            self._bounds[key] = _bounds(self.full_y if ax else self.full_x, log=self._log(ax))
        return self._bounds[key]

    def _log(self, axis: int) -> bool:
        return bool(self.opts["logMode"][axis])


def _bounds(values: np.ndarray, *, log: bool) -> tuple[float, float] | tuple[None, None]:
    """Least and greatest, as powers of ten on a logarithmic axis, which leaves out what is not above 0."""
    shown = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(shown):
        return None, None
    low, high = float(shown.min()), float(shown.max())
    return (float(np.log10(low)), float(np.log10(high))) if log else (low, high)
