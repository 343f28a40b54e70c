"""The order in which people expect names: frame2 before frame10, whatever the case."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"0*(\d+)")


def natural_key(name: str) -> str:
    """A text whose plain order is the natural order of `name`: each number led by its length."""
    return _NUMBER.sub(_length_first, name.lower())


def _length_first(number: re.Match[str]) -> str:
    digits = number[1]
    return f"{chr(48 + len(digits))}{digits}"
