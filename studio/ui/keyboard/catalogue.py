"""What the window can do right now: its own actions and the shown page's, each with its place in the menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence


@dataclass(frozen=True, slots=True)
class Entry:
    """An action and the menu in which it stands."""

    action: QAction
    menu: str

    @property
    def text(self) -> str:
        return plain_text(self.action)

    @property
    def keys(self) -> str:
        """All of its keys as the desktop writes them, the first one being the main one."""
        return ", ".join(shown_keys(self.action.shortcuts()))

    @property
    def told(self) -> str:
        """All of it, in words."""
        return f"{self.text}, {self.menu} menu" + (f", {self.keys}" if self.keys else "")


class Catalogue:
    """`find` gives (menu, action) pairs in menu order; it is asked anew each time, because pages come and go."""

    def __init__(
        self,
        find: Callable[[], Sequence[tuple[str, QAction]]],
        find_others: Callable[[], Mapping[str, str]] = dict[str, str],
    ) -> None:
        """`find_others` gives the key that what is no action has now, by what a sentence calls it."""
        self._find = find
        self.other_keys = find_others

    @property
    def entries(self) -> list[Entry]:
        """Every action that has a name, once."""
        seen: set[QAction] = set()
        entries: list[Entry] = []
        for menu, action in self._find():
            if action.objectName() and action not in seen:
                seen.add(action)
                entries.append(Entry(action, menu))
        return entries


def plain_text(action: QAction) -> str:
    """The action's text without mnemonics and dots."""
    return action.text().replace("&", "").rstrip("…")


def shown_keys(sequences: Sequence[QKeySequence]) -> list[str]:
    return [sequence.toString(QKeySequence.SequenceFormat.NativeText) for sequence in sequences]
