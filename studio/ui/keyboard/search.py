"""How well a name fits what somebody typed: all its letters in order, best at the starts of words."""

from __future__ import annotations

from typing import Final

_WORD_START: Final = 8
_IN_A_ROW: Final = 5
_NOWHERE: Final = -2


def fit(typed: str, name: str) -> int | None:
    """The higher the better; None where a letter of `typed` is missing. Blanks in `typed` do not count."""
    name = name.casefold()
    best = {_NOWHERE: 0}  # by the place of the last letter found: the most that the letters so far can gain
    for letter in typed.replace(" ", "").casefold():
        places = [place for place, other in enumerate(name) if other == letter]
        best = {place: gain for place in places if (gain := _gain_at(place, name, best)) is not None}
    return max(best.values(), default=None)


def _gain_at(place: int, name: str, before: dict[int, int]) -> int | None:
    """The most that a letter found at `place` can bring the gain to."""
    gains = [gain + (_IN_A_ROW if last == place - 1 else 0) for last, gain in before.items() if last < place]
    starts_word = place == 0 or not name[place - 1].isalnum()
    return 1 + (_WORD_START if starts_word else 0) + max(gains) if gains else None
