"""Labelling actions that follow each other over several items, to be taken back and done again as wholes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

_REMEMBERED: Final = 200
"""As many actions can be taken back one after the other."""
_TOGETHER: Final = 20
"""Of as many actions it is known which items they were on, once they can no longer be taken back as wholes."""


@dataclass(frozen=True)
class Action:
    """Its edits by item, the item that showed when it was done, and the one that shows since."""

    edits: Mapping[int, int]
    before: int
    shown: int


class ActionHistory:
    """Each action begins at the item to which the one before has led. It counts only where the person still stands
    there and nothing was done on that item itself since: that comes first."""

    def __init__(self, head: Callable[[int], int]) -> None:
        """`head` says at which edit an item stands."""
        self._head = head
        self._done: deque[tuple[Action, int]] = deque(maxlen=_REMEMBERED)
        """With the head of the item that shows since."""
        self._undone: deque[tuple[Action, int]] = deque(maxlen=_REMEMBERED)
        """With the head of the item that showed when it was done."""
        self._together: deque[Mapping[int, int]] = deque(maxlen=_TOGETHER)
        self._is_moving = False

    def add(self, action: Action) -> None:
        if len(action.edits) > 1:
            self._together.append(action.edits)
        self._done.append((action, self._head(action.shown)))

    def lead_on(self, shown: int) -> None:
        """The last action leads to another item now."""
        if self._done:
            last, _ = self._done.pop()
            self.add(replace(last, shown=shown))

    def forget_undone(self) -> None:
        """Something else is done now."""
        self._undone.clear()

    def to_undo(self, item: int | None) -> Action | None:
        """What undo means while `item` shows, where that is more than the item's own last step."""
        action, head = self._done[-1] if self._done else (None, 0)
        return action if action is not None and action.shown == item and self._head(action.shown) == head else None

    def to_redo(self, item: int | None) -> Action | None:
        action, head = self._undone[-1] if self._undone else (None, 0)
        return action if action is not None and action.before == item and self._head(action.before) == head else None

    def others(self, item: int) -> int:
        """How many other items the action was on that the item's last step belongs to."""
        head = self._head(item)
        return next((len(edits) - 1 for edits in reversed(self._together) if edits.get(item) == head), 0)

    def undid(self) -> None:
        """What `to_undo` said was taken back."""
        action, _ = self._done.pop()
        self._undone.append((action, self._head(action.before)))

    def redid(self) -> None:
        """What `to_redo` said was done again."""
        self.add(self._undone.pop()[0])

    @contextmanager
    def moving_on(self) -> Iterator[None]:
        """An item that is opened meanwhile is where the action leads, and no going elsewhere."""
        self._is_moving = True
        try:
            yield
        finally:
            self._is_moving = False

    def opened(self, item: int) -> None:
        """Whoever goes to another item means that one from now on."""
        if self._is_moving:
            return
        if self._done and self._done[-1][0].shown != item:
            self._done.clear()
        if self._undone and self._undone[-1][0].before != item:
            self._undone.clear()
