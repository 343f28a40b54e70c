"""What every open item has: its place in the journal, what undo and redo would do, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from studio.core.edits import Edit
from studio.core.items import Item
from studio.core.signals import Signal


@dataclass(frozen=True, slots=True)
class History:
    """Where an item stands in its journal. `head` is the edit it shows (0: none); `undo_text` and `redo_text` say what
    undo would take back and redo bring again, None where there is nothing."""

    item: Item
    head: int = 0
    undo_text: str | None = None
    redo_text: str | None = None
    is_labelled: bool = False


@dataclass(frozen=True, slots=True)
class Leap:
    """From one state of an item to another: what changes, and the edits that are taken back on the way, newest first,
    each with the one before it (0: the empty beginning), and those brought again, oldest first."""

    head: int
    target: int
    edit: Edit
    taken_back: tuple[tuple[int, int], ...] = ()
    brought: tuple[int, ...] = ()


class Journal(Protocol):
    """What a document needs of the store. Each call returns only once the disk has the change.

    `head` is the edit that the document shows; a journal raises ChangedElsewhere where the item has moved on. `leap`
    is all edits on the way from one state to another as one; None when no way leads there.
    """

    def commit(self, item_id: int, edit: Edit, head: int) -> History: ...

    def undo(self, item_id: int, head: int) -> tuple[Edit, History] | None: ...

    def redo(self, item_id: int, head: int) -> tuple[Edit, History] | None: ...

    def leap(self, head: int, target: int) -> Leap | None: ...

    def jump(self, item_id: int, leap: Leap) -> History: ...


class JournaledDocument:
    """What mask and points have in common: the item, its place in the journal, and who to tell."""

    def __init__(self, journal: Journal, history: History) -> None:
        self.history_changed: Signal[()] = Signal()
        self._journal = journal
        self._history = history

    @property
    def item(self) -> Item:
        """The item as of the last change, its revision and state included."""
        return self._history.item

    @property
    def head(self) -> int:
        return self._history.head

    @property
    def is_labelled(self) -> bool:
        return self._history.is_labelled

    @property
    def refused(self) -> Edit | None:
        """The edit that the journal could not take and that is still open; None where there is none."""
        raise NotImplementedError

    @property
    def can_undo(self) -> bool:
        return self._history.undo_text is not None

    @property
    def can_redo(self) -> bool:
        return self._history.redo_text is not None

    @property
    def undo_text(self) -> str:
        """What undo would take back, such as “brush stroke”; empty when there is nothing."""
        return self._history.undo_text or ""

    @property
    def redo_text(self) -> str:
        return self._history.redo_text or ""

    def commit(self) -> bool:
        """Close the edit that is open, if one is; returns whether the journal has a new one."""
        raise NotImplementedError

    def undo(self) -> Edit | None:
        """Take the last edit back (an open one is committed first); None when there is none."""
        self.commit()
        return self._step(self._journal.undo(self.item.id, self.head), back=True)

    def redo(self) -> Edit | None:
        """Bring the edit again that undo took back last; None when there is none."""
        self.commit()
        return self._step(self._journal.redo(self.item.id, self.head), back=False)

    def go_to(self, target: int, leap: Leap | None = None) -> Edit | None:
        """Show the item as it was after the edit `target` (0: the empty beginning), as so many undos and redos would;
        an open edit is committed first. Returns what changed, None when there is no way.

        `leap` is the way there, where the caller has it from `Journal.leap` for the present head.
        """
        if self.commit() or leap is None:
            leap = self._journal.leap(self.head, target)
        if leap is None:
            return None
        return self._step((leap.edit, self._journal.jump(self.item.id, leap)), back=False)

    def _step(self, step: tuple[Edit, History] | None, *, back: bool) -> Edit | None:
        if step is None:
            return None
        edit, self._history = step
        self._follow(edit, back=back)
        self.history_changed.emit()
        return edit

    def _follow(self, edit: Edit, *, back: bool) -> None:
        """Change what is shown as `edit` says, or the other way round."""
        raise NotImplementedError

    def note(self, history: History) -> None:
        """Take over what the store says about the item, such as another state, and tell who listens."""
        self._history = history
        self.history_changed.emit()
