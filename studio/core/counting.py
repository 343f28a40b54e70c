"""Numbers with what they count, as a person writes them: 1 image, 2,000 images."""

from __future__ import annotations

from typing import Final

_HISSING: Final = ("s", "x", "sh", "tch")


def counted(number: int, one: str, many: str = "") -> str:
    """`number` and `one`, or its plural where it is not 1; `many` where the plural is more than one word's ending, such
    as `images have`."""
    return f"{number:,} {one if number == 1 else many or plural(one)}"


def plural(one: str) -> str:
    """The regular plural of a noun: classes, entries, images."""
    if one.endswith(_HISSING):
        return f"{one}es"
    if one.endswith("y") and one[-2:-1] not in "aeiou":
        return f"{one[:-1]}ies"
    return f"{one}s"
