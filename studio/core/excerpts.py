"""The parts of a text around what matters in it, where the whole has no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from studio.core.token_places import Place

_AROUND: Final = (240, 120, 60, 30)
"""Signs before and behind a place that are shown with it, as many as there is room for."""

_TO_A_SPACE: Final = 15
"""So many signs further an excerpt may go, so as not to begin or end within a word."""


def excerpts(text: str, places: Sequence[Place], *, room: int) -> list[Place]:
    """Parts of `text`, in its order and apart from each other, with about `room` signs at most: its beginning, where
    that holds all `places`; else what is around them, around the first ones rather than the last."""
    if len(text) <= room or all(end <= room for _, end in places):
        return [(0, min(len(text), room))]
    for around in _AROUND:
        parts = _parts(text, places, around)
        if _signs(parts) <= room:
            return parts
    for count in range(len(places) - 1, 0, -1):
        parts = _parts(text, places[:count], _AROUND[-1])
        if _signs(parts) <= room:
            return parts
    return _parts(text, places[:1], _AROUND[-1])


def _signs(parts: Sequence[Place]) -> int:
    return sum(end - start for start, end in parts)


def _parts(text: str, places: Sequence[Place], around: int) -> list[Place]:
    parts: list[Place] = []
    for start, end in sorted(places):
        first, last = _word_start(text, max(0, start - around)), _word_end(text, min(len(text), end + around))
        if parts and first <= parts[-1][1] + 1:
            parts[-1] = parts[-1][0], max(last, parts[-1][1])
        else:
            parts.append((first, last))
    return parts


def _word_start(text: str, place: int) -> int:
    for start in range(place, max(0, place - _TO_A_SPACE), -1):
        if text[start - 1].isspace():
            return start
    return 0 if place <= _TO_A_SPACE else place


def _word_end(text: str, place: int) -> int:
    for end in range(place, min(len(text), place + _TO_A_SPACE)):
        if text[end].isspace():
            return end
    return len(text) if place + _TO_A_SPACE >= len(text) else place
