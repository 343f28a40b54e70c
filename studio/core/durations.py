"""How long something takes, in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """40 s, 3 min, 2 h 5 min: as exact as an estimate can be; its spaces do not break."""
    if seconds < 90:
        return f"{max(1, round(seconds) if seconds < 10 else 5 * round(seconds / 5))}\u00a0s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes}\u00a0min"
    return f"{minutes // 60}\u00a0h {minutes % 60}\u00a0min"
