"""What a class key or a click on a class does: to the item that is shown, or to all selected ones as one action."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QSettings, QTimer, Signal

from studio.core.counting import counted
from studio.core.document import TagsDocument
from studio.core.errors import StudioError
from studio.core.settings import Task
from studio.core.tags import NONE_OF_THEM, Tags, ids_of
from studio.store.many_tags import tags_beside
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.queueing.trail import QueueTrail
from studio.ui.label.tagging.action_history import Action, ActionHistory
from studio.ui.label.tagging.going_on import GoingOn
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

_ADVANCE_KEY: Final = "label/tags/advance"
_AT_ONCE: Final = 300
"""As many items are changed without a thread: it takes a few milliseconds."""
_BUSY: Final = "The items before are still being labelled."

Change = Callable[[Tags | None], Tags | None]


class Mark(enum.Enum):
    """Whether the shown item, or the selected ones, have a class."""

    NONE = 0
    SOME = 1
    ALL = 2


class Tagging(QObject):
    """Acts on the selected items where several are selected, else on the shown one."""

    changed = Signal()
    """Other tags or other items are what `mark` speaks of."""
    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        items: ItemsPanel,
        showing: ItemShowing,
        trail: QueueTrail,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._items = items
        self._showing = showing
        self._trail = trail
        self._going_on = GoingOn(session, items, trail)
        self.is_multi = session.settings.task is Task.MULTI_LABEL
        self._advances = str(QSettings().value(_ADVANCE_KEY, True)).lower() == "true"
        self._work = WorkQueue("tags", self)
        self._history = ActionHistory(self._head)
        self._counts: dict[int, int] = {}
        self._total = 0
        self.is_busy = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._count)
        showing.document_changed.connect(self._document_changed)
        items.list.selectionModel().selectionChanged.connect(lambda *_: self._soon.start())
        items.model.modelReset.connect(self._soon.start)
        session.item_opened.connect(self._history.opened)

    def close(self) -> None:
        self._soon.stop()
        self._work.close()

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def document(self) -> TagsDocument | None:
        document = self._showing.document
        return document if isinstance(document, TagsDocument) else None

    @property
    def usage(self) -> str:
        """How items are labelled, in a few words."""
        none = " · {tag_none}: none of them" if self.is_multi else ""
        return f"A class's key or a click gives it{none} · {{tag_clear}}: clear · {{tag_find}}: find a class"

    @property
    def number(self) -> int:
        """How many items the next key acts on."""
        return self._total if self._total > 1 else 1

    def mark(self, class_id: int) -> Mark:
        if self._total > 1:
            having = self._counts.get(class_id, 0)
            return Mark.ALL if having == self._total else Mark.SOME if having else Mark.NONE
        tags = self.document.tags if self.document is not None else None
        return Mark.ALL if class_id in ids_of(tags) else Mark.NONE

    @property
    def advances(self) -> bool:
        """Whether choosing the only class of an item goes on to the next one."""
        return self._advances and not self.is_multi

    def set_advances(self, advances: bool) -> None:
        if advances != self._advances:
            self._advances = advances
            QSettings().setValue(_ADVANCE_KEY, advances)
            self.changed.emit()

    # -- what a person does -------------------------------------------------------------------------------------------

    def press(self, class_id: int) -> None:
        """Choose the class, or with several tags an item add it or take it away; where only some of the selected items
        have it, all of them get it."""
        name = next((c.name for c in self._session.settings.classes if c.id == class_id), str(class_id))
        if not self.is_multi:
            self._apply(lambda _tags: Tags((class_id,)), f"choosing {name}", f"are {name} now", moves_on=True)
        elif self.mark(class_id) is Mark.ALL:
            self._apply(
                lambda tags: (tags or NONE_OF_THEM).without_class(class_id), f"removing {name}", f"are no longer {name}"
            )
        else:
            self._apply(lambda tags: (tags or NONE_OF_THEM).with_class(class_id), f"adding {name}", f"are {name} now")

    def accept(self, tags: Tags, what: str) -> None:
        """Give the shown item these, and go on as after a choice."""
        if self.is_busy:
            self.said.emit(_BUSY)
        elif self.document is not None:
            self._apply_to_one(self.document, lambda _tags: tags, what, moves_on=True)

    def say_none(self) -> None:
        """None of the classes applies."""
        self._apply(lambda _tags: NONE_OF_THEM, "none of them", "have none of the classes now")

    def clear(self) -> None:
        """Take back whatever was said."""
        self._apply(lambda _tags: None, "clearing the label", "are unlabelled again")

    def undo(self) -> bool:
        """Take the last action back as a whole, where it was on other items than the shown one too and nothing was done
        since; says whether that was so. It shows the item again, and then the action before may follow. A step that was
        taken on other items too, but can no longer be taken back there, is taken back on the shown one in words."""
        if self.is_busy:
            return False
        action = self._history.to_undo(self._session.current_item)
        if action is None:
            return self._undo_here_alone()
        self._carry_out(len(action.edits), lambda tags: tags.undo(action.edits), partial(self._undid, action))
        return True

    def _undo_here_alone(self) -> bool:
        document = self.document
        others = self._history.others(document.item.id) if document is not None else 0
        if document is None or not others:
            return False
        try:
            document.undo()
        except StudioError as error:
            self.failed.emit(error.sentence)
        else:
            stay = f"{others:,} other items stay" if others > 1 else "1 other item stays"
            self.said.emit(f"Taken back on this item only; {stay} as {'they are' if others > 1 else 'it is'}.")
        return True

    def redo(self) -> bool:
        """Do the action again that `undo` took back."""
        action = self._history.to_redo(self._session.current_item) if not self.is_busy else None
        if action is not None:
            self._carry_out(len(action.edits), lambda tags: tags.redo(action.edits), partial(self._redid, action))
        return action is not None

    # -- how it is done -----------------------------------------------------------------------------------------------

    def _apply(self, change: Change, what: str, told: str, *, moves_on: bool = False) -> None:
        ids = self._items.selected_ids()
        if self.is_busy:
            self.said.emit(_BUSY)
        elif len(ids) > 1:
            self._apply_to_many(ids, change, what, told)
        elif self.document is not None:
            self._apply_to_one(self.document, change, what, moves_on=moves_on)

    def _apply_to_one(self, document: TagsDocument, change: Change, what: str, *, moves_on: bool) -> None:
        item, advances, before = document.item.id, moves_on and self.advances, document.tags
        self._history.forget_undone()
        try:
            did = document.replace(change(document.tags), what)
        except StudioError as error:
            self.failed.emit(error.sentence)
            return
        if advances:
            self._move_on(item, {item: document.head} if did else {}, was_labelled=before is not None)

    def _move_on(self, item: int, edits: Mapping[int, int], *, was_labelled: bool) -> None:
        """The action leads to another item; where it changed nothing, the one before it does."""
        with self._history.moving_on():
            sentence = self._going_on.leave(item, was_labelled=was_labelled)
        shown = self._session.current_item
        if sentence:
            self.said.emit(sentence)
        if shown is None or shown == item:
            return
        if edits:
            self._history.add(Action(edits, item, shown))
        else:
            self._history.lead_on(shown)

    def _head(self, item: int) -> int:
        document = self.document
        return (
            document.head
            if document is not None and document.item.id == item
            else self._session.store.journal.head(item)
        )

    def _apply_to_many(self, ids: Sequence[int], change: Change, what: str, told: str) -> None:
        shown = self._session.current_item
        assert shown is not None
        self._history.forget_undone()

        def done(edits: dict[int, int]) -> None:
            if edits:
                self._history.add(Action(edits, shown, shown))
            same = f", {len(ids) - len(edits):,} of them were before" if len(edits) < len(ids) else ""
            self._many_changed(list(edits), f"{len(ids):,} items {told}{same} ({{undo}} takes it back).")

        self._carry_out(
            len(ids),
            lambda tags: tags.replace({i: change(now) for i, now in tags.of(ids).items()}, what),
            done,
        )

    def _carry_out(self, number: int, work: Callable[..., object], done: Callable[..., None]) -> None:
        """Here where it is quick, else on a thread with a connection of its own; nothing else is labelled meanwhile."""
        if number <= _AT_ONCE:
            try:
                result = work(self._session.store.tags)
            except StudioError as error:
                self.failed.emit(error.sentence)
            else:
                done(result)
            return
        self.is_busy = True
        self.said.emit(f"Labelling {counted(number, 'item')}…")
        self._session.store.tags.settle()
        self._work.do(partial(tags_beside, self._session.store.root, work), partial(self._came, done), self._broke)

    def _came(self, done: Callable[..., None], result: object) -> None:
        self.is_busy = False
        self._session.store.tags.follow()
        done(result)

    def _broke(self, sentence: str) -> None:
        self.is_busy = False
        self.failed.emit(sentence)

    def _many_changed(self, ids: list[int], sentence: str) -> None:
        if ids:
            self._session.items_changed.emit(ids)
        self._count()
        self.said.emit(sentence)

    def _undid(self, action: Action, ids: list[int]) -> None:
        self._history.undid()
        if action.before != action.shown:
            with self._trail.kept():
                self._session.open_item(action.before)
            self._many_changed(ids, "The class of this item was taken back.")
        else:
            self._many_changed(ids, f"Taken back on {counted(len(ids), 'item')}.")

    def _redid(self, action: Action, ids: list[int]) -> None:
        self._history.redid()
        self._many_changed(ids, f"Done again on {counted(len(ids), 'item')}." if len(ids) > 1 else "Done again.")
        if action.before != action.shown:
            with self._trail.kept():
                self._session.open_item(action.shown)

    # -- following ----------------------------------------------------------------------------------------------------

    def _document_changed(self) -> None:
        if self._total > 1:
            self._soon.start()
        self.changed.emit()

    def _count(self) -> None:
        """How many of the selected items have each class."""
        ids = self._items.selected_ids()
        self._total = len(ids)
        if len(ids) <= 1:
            self.changed.emit()
        elif len(ids) <= _AT_ONCE:
            self._counted(len(ids), self._session.store.tags.counts(ids))
        else:
            work = partial(tags_beside, self._session.store.root, lambda tags: tags.counts(ids))
            self._work.do(work, partial(self._counted, len(ids)), self.failed.emit)

    def _counted(self, total: int, counts: dict[int, int]) -> None:
        if total == self._total:
            self._counts = counts
            self.changed.emit()
