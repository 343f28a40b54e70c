"""Which key gives which class, also where there are more classes than digits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from string import ascii_uppercase

from studio.core.classes import LabelClass


def tag_keys(classes: Sequence[LabelClass], taken: Collection[str]) -> dict[int, str]:
    """A key by class id: the class's own one, else a letter of its name, else any letter; none that is `taken` (upper
    case) and none twice. Classes beyond that have no key and are found by their letters."""
    keys: dict[int, str] = {}
    used = {key.upper() for key in taken}
    for label_class in classes:
        own = label_class.key.upper()
        if own and own not in used:
            keys[label_class.id] = own
            used.add(own)
    for label_class in classes:
        if label_class.id in keys:
            continue
        wanted = [*label_class.name.upper(), *ascii_uppercase]
        letter = next((sign for sign in wanted if sign in ascii_uppercase and sign not in used), None)
        if letter is not None:
            keys[label_class.id] = letter
            used.add(letter)
    return keys
