"""Where pictures go in an export that has a folder for each split, and label files that are called like pictures."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.items import Item, Split
from studio.formats.exports import below
from studio.formats.listing import stem
from studio.formats.splits import FOLDER_SPLITS


class PicturePlaces:
    """Names below an export's folder, each given once. `folders` are those of the splits; without them everything lies
    together."""

    def __init__(self, folders: Mapping[Split, str] | None = None) -> None:
        self._folders = folders or {}
        self._taken: set[str] = set()
        self._stems: set[str] = set()

    def place(self, item: Item) -> str:
        """Where a picture goes. An item that is called after a folder of its split already, because it came from one,
        gets no second one. Raises BadInput."""
        name = str(below(item.name))
        folder = self._folders.get(item.split, "")
        if not folder:
            return name
        first, _, rest = name.partition("/")
        bare = rest if rest and FOLDER_SPLITS.get(first.lower()) is item.split else name
        chosen = f"{folder}/{bare if f'{folder}/{bare}' not in self._taken else name}"
        self._taken.add(chosen)
        return chosen

    def bare(self, place: str) -> str:
        """What its label file is called, without a suffix: the picture's full name where another picture has the same
        one but for the suffix."""
        short = stem(place)
        found = place if short in self._stems else short
        self._stems.add(short)
        return found
