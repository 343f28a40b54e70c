"""Where the tokens of a document stand in its text, for showing which of them matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from studio.core.tokens import MARKS, REPEATED_SIGN, REPEATED_WORD

Place = tuple[int, int]
"""[start, end) in signs."""

_REACH: Final = 40
"""How far behind the last token the next one is looked for: splitting drops tags and spaces, not sentences."""


def token_places(text: str, tokens: Sequence[str]) -> list[Place | None]:
    """Of each token of `text`, which is as read; None of a mark, of the number that goes with one, and of what stands
    in the text in another way (`...` for `…`). A repeated sign or word is its first one."""
    low = _lower(text)
    found: list[Place | None] = []
    position = missed = 0
    for number, token in enumerate(tokens):
        place = None if _is_not_there(tokens, number) else low.find(token, position, position + _REACH + 2 * missed)
        if place is None:
            found.append(None)
        elif place < 0:
            missed += len(token) + 1
            found.append(None)
        else:
            found.append((place, place + len(token)))
            position = _behind(low, token, place) if number > 1 and _is_repeated(tokens, number) else place + len(token)
            missed = len(token)
    return found


def _is_not_there(tokens: Sequence[str], number: int) -> bool:
    before = tokens[number - 1] if number else ""
    return tokens[number] in MARKS or before in (REPEATED_SIGN, REPEATED_WORD)


def _is_repeated(tokens: Sequence[str], number: int) -> bool:
    return tokens[number - 2] in (REPEATED_SIGN, REPEATED_WORD)


def _behind(low: str, token: str, place: int) -> int:
    """Where its repetitions end."""
    end = place + len(token)
    while True:
        following = end + (len(low[end : end + _REACH]) - len(low[end : end + _REACH].lstrip()))
        if not low.startswith(token, following):
            return end
        end = following + len(token)


def _lower(text: str) -> str:
    """Sign by sign, since a few of them become two in lower case and would move all that follow."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
