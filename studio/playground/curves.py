"""Curves to fit: values over evenly spread places in [-1, 1], ready-made or drawn by hand; and their best line."""

from __future__ import annotations

import enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.playground.network import BLOCK, Floats

POINTS: Final = 3 * BLOCK
PLACES: Final[Floats] = np.linspace(-1, 1, POINTS)
HIGHEST: Final = 1.15
"""A curve stays between this and its negative."""


class Curve(enum.StrEnum):
    LINE = "line"
    STEP = "step"
    BUMP = "bump"
    SINE = "sine"
    ZIGZAG = "zigzag"


def values_of(curve: Curve) -> Floats:
    """(POINTS,) values in [-1, 1]."""
    x = PLACES
    match curve:
        case Curve.LINE:
            return 0.8 * x
        case Curve.STEP:
            return np.where(x < 0, -0.7, 0.7)
        case Curve.BUMP:
            return 1.5 * np.exp(-((x / 0.3) ** 2)) - 0.6
        case Curve.SINE:
            return 0.85 * np.sin(2 * np.pi * x)
        case Curve.ZIGZAG:
            return 0.85 * (2 / np.pi) * np.arcsin(np.sin(4 * np.pi * x))


def best_line(y: Floats) -> tuple[Floats, float]:
    """The line of least squares through (POINTS,) values, and its mean squared error."""
    slope, offset = np.polynomial.polynomial.polyfit(PLACES, y, 1)[::-1]
    line = slope * PLACES + offset
    return line, float(np.mean((line - y) ** 2))


_NO_WIDTH: Final = 1e-9
"""Below it a stroke goes straight up or down."""


def draw_stroke(y: Floats, start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """The curve with a stroke of the mouse from one (x, y) to another; every place that it passes gets its height."""
    (x0, y0), (x1, y1) = sorted((start, end))
    first, last = (round((np.clip(x, -1, 1) + 1) / 2 * (POINTS - 1)) for x in (x0, x1))
    drawn = y.copy()
    share = (PLACES[first : last + 1] - x0) / (x1 - x0) if x1 - x0 > _NO_WIDTH else np.ones(last + 1 - first)
    drawn[first : last + 1] = np.clip(y0 + (y1 - y0) * np.clip(share, 0, 1), -HIGHEST, HIGHEST)
    return drawn


def borders(y: Floats) -> int:
    """How often the values change their sign: as a classifier, how many borders the curve has."""
    signs: NDArray[np.bool_] = y > 0
    return int((signs[1:] != signs[:-1]).sum())
