"""Classes of whole items given right there in the grid: by the classes' own keys, or from a list with a filter."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut

from studio.core.deciding import GiveClass
from studio.core.settings import Task
from studio.ui.keyboard.bindings import key_bindings
from studio.ui.review.class_palette import ClassPalette, ClassRow, rows_of
from studio.ui.review.decisions import Decisions
from studio.ui.review.gallery import Gallery
from studio.ui.session import Session


class Relabelling(QObject):
    """Acts on the selected items, as one step. Where an item has one class, the next undecided item follows; several
    tags are given and taken in turn, so the items stay."""

    def __init__(
        self,
        session: Session,
        gallery: Gallery,
        decisions: Decisions,
        taken: Callable[[], Collection[str]],
        parent: QObject,
    ) -> None:
        """`taken` gives the keys that actions have, upper case; those stay the actions'."""
        super().__init__(parent)
        self._session = session
        self._gallery = gallery
        self._decisions = decisions
        self._taken = taken
        self._is_multi = session.settings.task is Task.MULTI_LABEL
        self.palette = ClassPalette(gallery.stack.parentWidget() or gallery, stays=self._is_multi)
        self.palette.chosen.connect(self.press)
        self.palette.closed.connect(gallery.take_focus)
        self._shortcuts: list[QShortcut] = []
        key_bindings().changed.connect(self.bind)
        session.settings_changed.connect(self.bind)

    def keys(self) -> dict[int, str]:
        """The classes' own keys by their id, but for those that an action has."""
        taken = self._taken()
        return {c.id: c.key for c in self._session.settings.classes if c.key and c.key.upper() not in taken}

    def bind(self) -> None:
        """Listen to the classes' keys, wherever items show."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = [self._shortcut(class_id, key) for class_id, key in self.keys().items()]

    def open_palette(self) -> None:
        items = self._gallery.selected()
        if items:
            self.palette.open(self._rows, len(items))

    def press(self, class_id: int) -> None:
        """Give the class to the selected items. Of several tags it is taken away where all of them have it."""
        items = self._gallery.selected()
        if not items:
            return
        if not self._is_multi:
            self._decisions.act(items, GiveClass(class_id=class_id, alone=True))
            self._gallery.go_on_after(items)
            return
        self._decisions.finish()
        having = self._session.store.tags.counts(items).get(class_id, 0)
        self._decisions.act(items, GiveClass(class_id=class_id, has=having < len(items)))

    def _rows(self) -> list[ClassRow]:
        items = self._gallery.selected()
        self._decisions.finish()
        return rows_of(self._session.settings.classes, self.keys(), self._session.store.tags.counts(items), len(items))

    def _shortcut(self, class_id: int, key: str) -> QShortcut:
        shortcut = QShortcut(QKeySequence(key), self._gallery.stack)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: self.press(class_id))
        return shortcut
