"""Ids for what is exported: those that things had in their source, and free numbers for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Numbers:
    """Ids are taken one after the other; which numbers are free is known only when all are taken, so that a new thing
    never takes a number that a later one had. Until then a new thing has a `Pending` one."""

    def __init__(self) -> None:
        self._taken: set[object] = set()
        self._free = 1

    def take(self, wanted: object) -> object:
        """`wanted` where it is an id that nothing has yet, else a pending one."""
        if isinstance(wanted, int | str) and not isinstance(wanted, bool) and wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        return Pending()

    def settle(self, entries: Iterable[dict[str, Any]], key: str) -> None:
        """Give the pending ids of the entries their numbers."""
        for entry in entries:
            entry[key] = self.settled(entry[key])

    def settled(self, number: object) -> object:
        if not isinstance(number, Pending):
            return number
        if number.number is None:
            while self._free in self._taken:
                self._free += 1
            self._taken.add(self._free)
            number.number = self._free
        return number.number


class Pending:
    """An id that has no number yet."""

    number: int | None = None
