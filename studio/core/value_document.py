"""What open points and open tags have in common: the label is one value, and an edit is that before and after."""

from __future__ import annotations

from typing import Generic, TypeVar

from studio.core.edits import Edit
from studio.core.history import History, Journal, JournaledDocument
from studio.core.signals import Signal

Value = TypeVar("Value")


class ValueDocument(JournaledDocument, Generic[Value]):
    """Changes between `begin` and `commit` are one edit; others are one each."""

    def __init__(self, value: Value, journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[()] = Signal()
        self._value = value
        self._before = value
        self._what: str | None = None
        self._refused = False
        self._since: tuple[Value] | None = None
        """The value when a refused edit was carried on; None where none was."""

    def _edit(self, what: str, old: Value, new: Value) -> Edit:
        raise NotImplementedError

    def _ends(self, edit: Edit) -> tuple[Value, Value]:
        """The values before and after."""
        raise NotImplementedError

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    @property
    def refused(self) -> Edit | None:
        return self._edit(self._what, self._before, self._value) if self._refused and self._what is not None else None

    def begin(self, what: str) -> None:
        """Open an edit, such as “drag”. One that is still open is committed first; one that the journal could not take
        is carried on."""
        if self._refused:
            self._since = (self._value,)
            return
        self.commit()
        self._what = what
        self._before = self._value

    def replace(self, value: Value, what: str) -> bool:
        """Take over another value as one edit; returns whether anything changed."""
        self.begin(what)
        self._become(value, what)
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit brings it
        along.
        """
        if self._what is None:
            return False
        differs = self._value != self._before
        if differs:
            self._refused = True
            edit = self._edit(self._what, self._before, self._value)
            self._history = self._journal.commit(self.item.id, edit, self.head)
        self._refused = False
        self._what = self._since = None
        self._before = self._value
        if differs:
            self.history_changed.emit()
        return differs

    def cancel(self) -> None:
        """Close the edit as if it had never been begun. Of one that carries on what the journal could not take only
        what came since it was begun goes; what was refused before stays."""
        if self._since is not None:
            self._show(*self._since)
            self._since = None
        elif self._what is not None:
            self._show(self._before)
            self._refused = False
            self._what = None

    def adopt(self, edit: Edit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as an accepted prediction or one of many items."""
        self._history = history
        self._show(self._ends(edit)[1])
        self._before = self._value
        self.history_changed.emit()

    def _follow(self, edit: Edit, *, back: bool) -> None:
        old, new = self._ends(edit)
        self._show(old if back else new)
        self._before = self._value

    def _become(self, value: Value, what: str) -> bool:
        """Whether that changes anything."""
        if value == self._value:
            return False
        alone = self._what is None
        if alone:
            self.begin(what)
        self._show(value)
        if alone:
            self.commit()
        return True

    def _show(self, value: Value) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit()
