"""Lines that keep to round angles."""

from __future__ import annotations

from math import atan2, cos, pi, sin

from studio.core.raster import XY


def at_round_angle(origin: XY, point: XY, *, degrees: float = 45) -> XY:
    """The place nearest to `point` that lies from `origin` at a multiple of so many degrees."""
    dx, dy = point[0] - origin[0], point[1] - origin[1]
    step = degrees * pi / 180
    angle = round(atan2(dy, dx) / step) * step
    along = dx * cos(angle) + dy * sin(angle)
    return origin[0] + along * cos(angle), origin[1] + along * sin(angle)
