"""Many small faults of one file, told in few sentences: one for each kind of fault, naming some of the places."""

from __future__ import annotations

from pathlib import Path

from studio.formats.listing import name_some


class Complaints:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, list[str]] = {}

    def add(self, place: str, why: str) -> None:
        """`place` is such as `annotation 17`; `why` what is wrong with it."""
        self._places.setdefault(why, []).append(place)

    @property
    def sentences(self) -> list[str]:
        return [f"{self._path}: {name_some(places)}: {why}; left out." for why, places in self._places.items()]
