"""What a person can ask of a page: plain actions, each with a name, a key, an icon and a place in a menu."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from studio.ui.theme import theme


class PageActions(QObject):
    """The page says what they do and when they can be used. Icons follow the theme."""

    def __init__(self, menu: str, parent: QObject) -> None:
        super().__init__(parent)
        self._menu = menu
        theme().changed.connect(self._dress)

    @property
    def all(self) -> list[QAction]:
        return self.findChildren(QAction)

    def add(self, name: str, text: str, icon: str, keys: str, tip: str) -> QAction:
        """`icon` and `keys` may be empty; the tip names the keys."""
        action = QAction(text, self)
        action.setObjectName(name)
        action.setProperty("menu", self._menu)
        action.setProperty("icon_name", icon)
        if keys:
            action.setShortcut(QKeySequence(keys))
            tip = f"{tip} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
        action.setToolTip(tip)
        self._dress_one(action)
        return action

    def _dress(self) -> None:
        for action in self.all:
            self._dress_one(action)

    @staticmethod
    def _dress_one(action: QAction) -> None:
        if action.property("icon_name"):
            action.setIcon(theme().icon(action.property("icon_name")))
