"""The keys that pick a class, or give it to the item where whole items are labelled."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from studio.ui.keyboard.bindings import key_bindings
from studio.ui.label.label_actions import LabelActions
from studio.ui.label.tagging.keys import tag_keys
from studio.ui.session import Session


class ClassKeys(QObject):
    """The classes' own keys; one that an action has stays the action's."""

    changed = Signal()
    """Other keys pick the classes now."""

    def __init__(self, session: Session, actions: LabelActions, take: Callable[[int], object], page: QWidget) -> None:
        """`take` is given the class id when its key is pressed anywhere on `page`."""
        super().__init__(page)
        self._session = session
        self._actions = actions
        self._take = take
        self._page = page
        self._shortcuts: list[QShortcut] = []
        key_bindings().changed.connect(self.bind)
        self.bind()

    def by_id(self) -> dict[int, str]:
        """Classes of whole items get letters, too, because they are given by nothing but keys."""
        classes, taken = self._session.settings.classes, self._actions.reserved_keys
        if self._actions.tagging is not None:
            return tag_keys(classes, taken)
        return {c.id: c.key for c in classes if c.key and c.key.upper() not in taken}

    def by_name(self) -> dict[str, str]:
        """The same by what a sentence calls the class."""
        names = {c.id: f"The class {c.name}" for c in self._session.settings.classes}
        return {names[class_id]: key for class_id, key in self.by_id().items()}

    def bind(self) -> None:
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = [self._shortcut(class_id, key) for class_id, key in self.by_id().items()]
        self.changed.emit()

    def _shortcut(self, class_id: int, key: str) -> QShortcut:
        shortcut = QShortcut(QKeySequence(key), self._page)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: self._take(class_id))
        return shortcut
