"""Taking a class out of a project: what is labelled with it goes to another class, or is unlabelled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from studio.core.classes import UNLABELLED, LabelClass
from studio.core.counting import counted
from studio.core.edits import MaskEdit
from studio.core.errors import StudioError
from studio.core.protection import NOTHING_PROTECTED
from studio.core.raster import Rect
from studio.core.settings import TAG_TASKS, ProjectSettings
from studio.core.tags import Tags
from studio.core.tile_edits import edit_of_parts
from studio.core.tiles import TILE
from studio.store import Store
from studio.store.many_tags import ManyTags, tags_beside
from studio.ui.session import Session, Tone
from studio.ui.widgets.work_queue import WorkQueue

_AT_A_TIME: Final = 4
"""Masks that are read before they are changed together on the GUI thread."""


@dataclass(frozen=True)
class _Emptied:
    """What an item that stood at `head` gets in place of a class."""

    item: int
    edit: MaskEdit
    head: int


@dataclass
class _Removal:
    """A class on its way out. `into` is what its pixels or its tag become, `UNLABELLED` for nothing."""

    label_class: LabelClass
    into: int
    total: int
    done: int = 0

    @property
    def what(self) -> str:
        return f"removing {self.label_class.name}"


class ClassRemoval(QObject):
    """One class at a time. Every item that has it gets one edit, which undo takes back; only once no item has it any
    more the class goes from the list. Its id is never given to another class."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = WorkQueue("classes", self)
        self._removal: _Removal | None = None

    def close(self) -> None:
        """What is under way ends with the masks that it has begun; the class stays then."""
        self._work.abandon()

    def offer(self, menu: QMenu, label_class: LabelClass) -> None:
        """Add to a class's menu what this can do."""
        settings, count = self._session.settings, len(self._session.store.items_with_class(label_class.id))
        if count == 0:
            menu.addAction("Remove", partial(self.remove, label_class, UNLABELLED))
        else:
            remove = menu.addMenu("Remove")
            title = remove.addAction(f"{_items(count)} {'has' if count == 1 else 'have'} it:")
            title.setEnabled(False)
            remove.addAction("Leave unlabelled what it was", partial(self.remove, label_class, UNLABELLED))
            others = [c for c in settings.classes if c.id != label_class.id]
            if others:
                become = remove.addMenu("Give what it was to")
                for other in others:
                    become.addAction(_menu_text(other), partial(self.remove, label_class, other.id))
        if settings.retired:
            back = menu.addMenu("Bring back")
            for retired in settings.retired:
                back.addAction(_menu_text(retired), partial(self.bring_back, retired))

    def remove(self, label_class: LabelClass, into: int) -> None:
        """Take the class out of every item and then out of the project."""
        if self._removal is not None:
            name = self._removal.label_class.name
            self._session.say(f"{name} is still being removed; wait until that is done.", Tone.WARNING)
            return
        ids = self._session.store.items_with_class(label_class.id)
        removal = self._removal = _Removal(label_class, into, len(ids))
        if not ids:
            self._finish(removal)
        elif self._session.settings.task in TAG_TASKS:
            self._session.store.tags.settle()
            work = partial(_without_tag, ids=ids, class_id=label_class.id, into=into, what=removal.what)
            self._work.do(lambda: tags_beside(self._session.store.root, work), self._tags_done, self._fail)
            self._tell(removal)
        else:
            root = self._session.store.root
            for start in range(0, len(ids), _AT_A_TIME):
                chunk = ids[start : start + _AT_A_TIME]
                self._work.do(
                    partial(_emptied, root, chunk, label_class.id, into, removal.what),
                    partial(self._masks_read, len(chunk)),
                    self._fail,
                )
            self._tell(removal)

    def bring_back(self, retired: LabelClass) -> None:
        self._save(self._session.settings.with_class_again(retired.id))

    def _masks_read(self, number: int, emptied: Sequence[_Emptied]) -> None:
        removal = self._removal
        if removal is None:  # it failed before
            return
        try:
            changed = [e.item for e in emptied if self._session.store.carry_out(e.item, e.edit, e.head)]
        except StudioError as error:
            self._fail(error.sentence)
            return
        if changed:
            self._session.items_changed.emit(changed)
        removal.done += number
        self._tell(removal)
        if removal.done >= removal.total:
            self._finish(removal)

    def _tags_done(self, changed: list[int]) -> None:
        removal = self._removal
        assert removal is not None
        self._session.store.tags.follow()
        if changed:
            self._session.items_changed.emit(changed)
        self._finish(removal)

    def _finish(self, removal: _Removal) -> None:
        self._removal = None
        gone, left = removal.label_class, len(self._session.store.items_with_class(removal.label_class.id))
        if left:
            self._session.say(
                f"{_items(left)} changed meanwhile and still {'has' if left == 1 else 'have'} {gone.name}; "
                "remove it once more.",
                Tone.WARNING,
            )
            return
        if self._save(self._session.settings.without_class(gone.id)) and removal.total:
            names = {c.id: c.name for c in self._session.settings.classes}
            became = "were made " + names[removal.into] if removal.into in names else "were left unlabelled"
            self._session.say(f"{gone.name} is removed; {_items(removal.total)} that had it {became} there.", Tone.OK)

    def _fail(self, sentence: str) -> None:
        removal, self._removal = self._removal, None
        if removal is not None:
            self._session.say(f"{removal.label_class.name} is not removed: {sentence}", Tone.ERROR)

    def _tell(self, removal: _Removal) -> None:
        if removal.done < removal.total:
            self._session.say(f"Removing {removal.label_class.name}: {removal.done:,} of {_items(removal.total)}…")

    def _save(self, settings: ProjectSettings) -> bool:
        try:
            self._session.save_settings(settings)
        except StudioError as error:
            self._session.say(error.sentence, Tone.ERROR)
            return False
        return True


def _emptied(root: Path, ids: Sequence[int], class_id: int, into: int, what: str) -> list[_Emptied]:
    """For another thread: what these items get in place of a class. Raises BadMask, RegionTooLarge."""
    found: list[_Emptied] = []
    with Store.open(root) as store:
        for item_id in ids:
            head, mask = store.journal.head(item_id), store.read_mask(item_id)
            if mask is None:
                continue
            height, width = mask.shape
            bands = (Rect(0, y, width, min(TILE, height - y)) for y in range(0, height, TILE))
            parts = ((band, mask[band.slices] == class_id) for band in bands)
            edit = edit_of_parts(mask, parts, into, NOTHING_PROTECTED, what)
            if edit.patches:
                found.append(_Emptied(item_id, edit, head))
    return found


def _without_tag(tags: ManyTags, *, ids: Sequence[int], class_id: int, into: int, what: str) -> list[int]:
    """Give items another tag in place of a class, or none; where nothing is left nobody has said anything."""
    new: dict[int, Tags | None] = {}
    for item_id, now in tags.of(ids).items():
        rest = (now or Tags()).without_class(class_id)
        rest = rest if into == UNLABELLED else rest.with_class(into)
        new[item_id] = rest if rest.ids else None
    return list(tags.replace(new, what))


def _items(count: int) -> str:
    return counted(count, "item")


def _menu_text(label_class: LabelClass) -> str:
    return label_class.name.replace("&", "&&")
