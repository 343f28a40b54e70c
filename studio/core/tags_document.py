"""Open tags: choosing, adding and clearing them as edits."""

from __future__ import annotations

from studio.core.edits import Edit, TagsEdit
from studio.core.history import History, Journal, JournaledDocument
from studio.core.signals import Signal
from studio.core.tags import NONE_OF_THEM, Tags


class TagsDocument(JournaledDocument):
    """The classes of an item as a person gives them. Changes between `begin` and `commit` are one edit; others are one
    each. It needs nothing of the picture or the text itself, so that an item can be tagged whatever it is."""

    def __init__(self, tags: Tags | None, journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[()] = Signal()
        self._tags = tags
        self._before = tags
        self._what: str | None = None
        self._refused = False

    @property
    def tags(self) -> Tags | None:
        """None: nobody has said anything. Empty: none of the classes applies."""
        return self._tags

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    @property
    def refused(self) -> TagsEdit | None:
        return TagsEdit(self._what, self._before, self._tags) if self._refused and self._what is not None else None

    def begin(self, what: str) -> None:
        """Open an edit. One that is still open is committed first; one that the journal could not take is carried
        on."""
        if self._refused:
            return
        self.commit()
        self._what = what
        self._before = self._tags

    def choose(self, class_id: int) -> bool:
        """Make this the only class. Returns whether that changes anything."""
        return self._become(Tags((class_id,)), "choosing a class")

    def toggle(self, class_id: int) -> bool:
        """Add the class, or take it away; taking the last one away says “none of them”."""
        now = self._tags or NONE_OF_THEM
        what = "removing a tag" if class_id in now.ids else "adding a tag"
        return self._become(now.toggled(class_id), what)

    def set_none(self) -> bool:
        """Say that none of the classes applies."""
        return self._become(NONE_OF_THEM, "none of them")

    def clear(self) -> bool:
        """Take back whatever was said: the item is unlabelled again."""
        return self._become(None, "clearing the label")

    def replace(self, tags: Tags | None, what: str) -> bool:
        """Take over other tags as one edit; returns whether anything changed."""
        self.begin(what)
        self._become(tags, what)
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit brings it
        along.
        """
        if self._what is None:
            return False
        differs = self._tags != self._before
        if differs:
            self._refused = True
            edit = TagsEdit(self._what, self._before, self._tags)
            self._history = self._journal.commit(self.item.id, edit, self.head)
        self._refused = False
        self._what = None
        self._before = self._tags
        if differs:
            self.history_changed.emit()
        return differs

    def cancel(self) -> None:
        """Close the edit as if it had never been begun."""
        if self._what is not None:
            self._show(self._before)
            self._refused = False
            self._what = None

    def adopt(self, edit: TagsEdit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as one of many items at once."""
        self._history = history
        self._show(edit.new)
        self._before = self._tags
        self.history_changed.emit()

    def _follow(self, edit: Edit, *, back: bool) -> None:
        assert isinstance(edit, TagsEdit)
        self._show(edit.old if back else edit.new)
        self._before = self._tags

    def _become(self, tags: Tags | None, what: str) -> bool:
        if tags == self._tags:
            return False
        alone = self._what is None
        if alone:
            self.begin(what)
        self._show(tags)
        if alone:
            self.commit()
        return True

    def _show(self, tags: Tags | None) -> None:
        if tags != self._tags:
            self._tags = tags
            self.changed.emit()
