"""Edits of labels that review makes: journaled, taken back and brought again, with an open document that follows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from studio.core.arrays import Mask
from studio.core.document import Document, History, MaskDocument, PointsDocument, TagsDocument
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.points import Points
from studio.store.journal import Journal

_TAKING_BACK: Final = "prediction taken back"

Change = tuple[Edit, History]
"""An edit that was journaled, and where the item stands with it."""


class LabelChanges:
    """`current_mask` of an item, None without a label; `open_document` where the item is open in the window."""

    def __init__(
        self,
        journal: Journal,
        current_mask: Callable[[int], Mask | None],
        open_document: Callable[[int], Document | None],
    ) -> None:
        self._journal = journal
        self._current_mask = current_mask
        self._open_document = open_document
        self._untold: list[tuple[Document, int, list[Change]]] | None = None

    @contextmanager
    def told_at_the_end(self) -> Generator[None]:
        """Open documents follow what happens meanwhile when it is over, and not at all where that fails."""
        untold: list[tuple[Document, int, list[Change]]] = []
        self._untold = untold
        try:
            yield
        finally:
            self._untold = None
        for document, item_id, edits in untold:
            self.tell(document, item_id, edits)

    def make(self, item_id: int, edit: Edit, head: int) -> Change:
        """Journal an edit that was worked out while the item stood at `head`. Raises ChangedElsewhere, CannotWrite."""
        return edit, self._journal.commit(item_id, edit, head)

    def take_back(self, item_id: int, made: int) -> list[Change]:
        """Undo an edit; what was changed by hand since then stays."""
        head = self._journal.head(item_id)
        if head == made:
            undone = self._journal.undo(item_id, head)
            assert undone is not None
            return [(undone[0].inverse(_TAKING_BACK), undone[1])]
        return self._follow_up(item_id, self._journal.edit(made).inverse(_TAKING_BACK))

    def bring_again(self, item_id: int, made: int) -> list[Change]:
        """Make again what `take_back` took back."""
        return self._follow_up(item_id, self._journal.edit(made))

    def go(self, item_id: int, start: int | None, target: int | None) -> list[Change]:
        """Lead an item from the state after one edit to that after another, as so many undos and redos would; nothing
        where it stands elsewhere by now, or no way leads there."""
        if start is None or target is None or self._journal.head(item_id) != start:
            return []
        leap = self._journal.leap(start, target)
        return [] if leap is None else [(leap.edit, self._journal.jump(item_id, leap))]

    def differs(self, item_id: int, since: int) -> bool:
        """Whether the label is another one now than at an edit of the item; also where no way leads back to that."""
        head = self._journal.head(item_id)
        if head == since:
            return False
        leap = self._journal.leap(since, head)
        match leap.edit if leap is not None else None:
            case None:
                return True
            case MaskEdit(patches=patches):
                return bool(patches)
            case PointsEdit(old=old, new=new):
                return old.by_key() != new.by_key()
            case TagsEdit(old=old, new=new):
                return old != new

    def settled(self, item_id: int) -> Document | None:
        """The document that is open, with what was being drawn in the journal."""
        document = self._open_document(item_id)
        if document is not None:
            document.commit()
        return document

    def tell(self, document: Document | None, item_id: int, edits: list[Change]) -> None:
        """Let an open document follow what was journaled."""
        if document is None:
            return
        if self._untold is not None:
            self._untold.append((document, item_id, edits))
            return
        for edit, history in edits:
            match document, edit:
                case (MaskDocument(), MaskEdit()):
                    document.adopt(edit, history)
                case (PointsDocument(), PointsEdit()):
                    document.adopt(edit, history)
                case (TagsDocument(), TagsEdit()):
                    document.adopt(edit, history)
                case _:
                    pass
        document.note(self._journal.history(item_id))

    def _follow_up(self, item_id: int, edit: Edit) -> list[Change]:
        """Journal `edit` on top of whatever the label is by now: only pixels, points and tags that are as the edit knew
        them change."""
        if isinstance(edit, MaskEdit):
            now = self._current_mask(item_id)
            assert now is not None
            edit = edit.onto(now)
            nothing_left = not edit.patches
        elif isinstance(edit, TagsEdit):
            edit = edit.onto(self._journal.tags(item_id))
            nothing_left = edit.old == edit.new
        else:
            edit = edit.onto(self._journal.points(item_id) or Points())
            nothing_left = edit.old == edit.new
        return [] if nothing_left else [self.make(item_id, edit, self._journal.head(item_id))]
