"""Taking a class out of a project: what is labelled with it goes to another class, or is unlabelled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

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
    changed: int = 0
    failed: bool = False

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
        session.items_changed.connect(self._see_whether_one_is_back)

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
            self.offer_back(menu.addMenu("Bring back"))

    @property
    def has_removed(self) -> bool:
        """Whether there is a class that could be brought back."""
        return bool(self._session.settings.retired)

    def pop_up_removed(self, widget: QWidget, position: QPoint) -> None:
        """A menu at this place of a widget, where a class was removed."""
        if self.has_removed:
            menu = QMenu(widget)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.offer_back(menu.addMenu("Bring back"))
            menu.popup(widget.mapToGlobal(position))

    def offer_back(self, menu: QMenu) -> None:
        """Make a menu of the classes that were removed."""
        menu.clear()
        for retired in self._session.settings.retired:
            menu.addAction(_menu_text(retired), partial(self.bring_back, retired))

    def remove(self, label_class: LabelClass, into: int) -> None:
        """Take the class out of every item and then out of the project."""
        if self._removal is not None:
            name = self._removal.label_class.name
            self._session.say(f"{name} is still being removed; wait until that is done.", Tone.WARNING)
            return
        store = self._session.store
        ids = store.items_with_class(label_class.id)
        removal = _Removal(label_class, into, len(ids))
        if self._session.settings.task in TAG_TASKS:
            try:
                store.tags.settle()
            except StudioError as error:
                self._session.say(f"{label_class.name} is not removed: {error.sentence}", Tone.ERROR)
                return
        self._removal = removal
        if not ids:
            self._finish(removal)
        elif self._session.settings.task in TAG_TASKS:
            work = partial(_without_tag, ids=ids, class_id=label_class.id, into=into, what=removal.what)
            done, failed = partial(self._tags_done, removal), partial(self._fail, removal)
            self._work.do(lambda: tags_beside(store.root, work), done, failed)
            self._tell(removal)
        else:
            for start in range(0, len(ids), _AT_A_TIME):
                chunk = ids[start : start + _AT_A_TIME]
                self._work.do(
                    partial(_emptied, store.root, chunk, removal),
                    partial(self._masks_read, removal, len(chunk)),
                    partial(self._fail, removal),
                )
            self._tell(removal)

    def bring_back(self, retired: LabelClass) -> None:
        self._save(self._session.settings.with_class_again(retired.id))

    def _see_whether_one_is_back(self, _ids: list[int]) -> None:
        """A label that has a removed class again, by undo or out of its history, brings the class back."""
        if self._removal is not None:
            return
        for retired in self._session.settings.retired:
            count = len(self._session.store.items_with_class(retired.id))
            if count and self._save(self._session.settings.with_class_again(retired.id)):
                has = f"{_items(count)} {'has' if count == 1 else 'have'} it again"
                self._session.say(f"The class {retired.name} is back, because {has}.")

    def _masks_read(self, removal: _Removal, number: int, emptied: Sequence[_Emptied]) -> None:
        if removal.failed:
            return
        changed: list[int] = []
        try:
            for each in emptied:
                if self._session.store.carry_out(each.item, each.edit, each.head):
                    changed.append(each.item)
        except StudioError as error:
            self._fail(removal, error.sentence)
        removal.changed += len(changed)
        if changed:
            self._session.items_changed.emit(changed)
        if removal.failed:
            return
        removal.done += number
        self._tell(removal)
        if removal.done >= removal.total:
            self._finish(removal)

    def _tags_done(self, removal: _Removal, changed: list[int]) -> None:
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

    def _fail(self, removal: _Removal, sentence: str) -> None:
        """What waits behind it finds that it failed and does nothing; another class may be removed from now on."""
        if removal.failed:
            return
        removal.failed, self._removal = True, None
        name = removal.label_class.name
        so_far = (
            f" {_items(removal.changed)} had lost it by then; undo there brings it back." if removal.changed else ""
        )
        self._session.say(f"{name} is not removed: {sentence}{so_far}", Tone.ERROR)

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


def _emptied(root: Path, ids: Sequence[int], removal: _Removal) -> list[_Emptied]:
    """For another thread: what these items get in place of a class; nothing once the removal failed. Raises BadMask,
    RegionTooLarge."""
    found: list[_Emptied] = []
    if removal.failed:
        return found
    with Store.open(root) as store:
        for item_id in ids:
            head, mask = store.journal.head(item_id), store.read_mask(item_id)
            if mask is None:
                continue
            height, width = mask.shape
            bands = (Rect(0, y, width, min(TILE, height - y)) for y in range(0, height, TILE))
            parts = ((band, mask[band.slices] == removal.label_class.id) for band in bands)
            edit = edit_of_parts(mask, parts, removal.into, NOTHING_PROTECTED, removal.what)
            if edit.patches:
                found.append(_Emptied(item_id, edit, head))
    return found


def _without_tag(tags: ManyTags, *, ids: Sequence[int], class_id: int, into: int, what: str) -> list[int]:
    """Give items another tag in place of a class, or none; where nothing is left nobody has said anything."""

    def changed(now: Tags | None) -> Tags | None:
        if now is None or class_id not in now.ids:
            return now
        rest = now.without_class(class_id)
        rest = rest if into == UNLABELLED else rest.with_class(into)
        return rest if rest.ids else None

    return list(tags.change(ids, changed, what))


def _items(count: int) -> str:
    return counted(count, "item")


def _menu_text(label_class: LabelClass) -> str:
    return label_class.name.replace("&", "&&")
