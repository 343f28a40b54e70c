"""Keys that a person has changed: kept in the program's settings, given to actions wherever they are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QAction, QKeySequence
from shiboken6 import isValid

_GROUP: Final = "keys"
_DEFAULTS: Final = "default_keys"
"""The property in which an action keeps the keys that it came with."""


class KeyBindings(QObject):
    """An action's `objectName` is the name under which its keys are kept. An empty list means: none."""

    changed = Signal()
    """Some action has other keys now."""

    def __init__(self) -> None:
        super().__init__()
        self._adopted: list[QAction] = []
        """Those of pages that are not shown, too."""

    def adopt(self, actions: Iterable[QAction]) -> None:
        """Give new actions the keys that the person chose for them; each remembers its own ones."""
        settings = QSettings()
        settings.beginGroup(_GROUP)
        chosen = set(settings.allKeys())
        were_given = False
        self._adopted = [action for action in self._adopted if isValid(action)]
        for action in actions:
            if action.property(_DEFAULTS) is None:
                action.setProperty(_DEFAULTS, _portable(action.shortcuts()))
                self._adopted.append(action)
                if action.objectName() in chosen:
                    self._give(action, _read(settings.value(action.objectName())))
                    were_given = True
        if were_given:
            self.changed.emit()

    def choose(self, action: QAction, keys: Sequence[QKeySequence], others: Iterable[QAction]) -> list[QAction]:
        """Let `action` have these keys; `others` that had one of them lose it and are returned."""
        robbed = self._rob(action, keys, others)
        self._keep(action, keys)
        self.changed.emit()
        return robbed

    def reset(self, action: QAction, others: Iterable[QAction]) -> list[QAction]:
        """Back to the keys that the action came with; `others` that have one of them lose it and are returned."""
        keys = defaults_of(action)
        robbed = self._rob(action, keys, others)
        QSettings().remove(f"{_GROUP}/{action.objectName()}")
        self._give(action, keys)
        self.changed.emit()
        return robbed

    def reset_all(self) -> None:
        """Every action, whatever page it is on, has the keys again that it came with."""
        QSettings().remove(_GROUP)
        for action in self._adopted:
            if isValid(action):
                self._give(action, defaults_of(action))
        self.changed.emit()

    def is_changed(self, action: QAction) -> bool:
        return _portable(action.shortcuts()) != _portable(defaults_of(action))

    def _rob(self, action: QAction, keys: Sequence[QKeySequence], others: Iterable[QAction]) -> list[QAction]:
        robbed: list[QAction] = []
        for other in others:
            left = [mine for mine in other.shortcuts() if not any(_clash(mine, key) for key in keys)]
            if other is not action and len(left) < len(other.shortcuts()):
                self._keep(other, left)
                robbed.append(other)
        return robbed

    def _keep(self, action: QAction, keys: Sequence[QKeySequence]) -> None:
        QSettings().setValue(f"{_GROUP}/{action.objectName()}", _portable(keys))
        self._give(action, keys)

    @staticmethod
    def _give(action: QAction, keys: Sequence[QKeySequence]) -> None:
        """Also in the tool tip, whose end in brackets names the main key."""
        action.setShortcuts(list(keys))
        text, bracket, _old = action.toolTip().rpartition(" (")
        name = text if bracket else action.toolTip()
        main = keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
        action.setToolTip(f"{name} ({main})" if main else name)


@cache
def key_bindings() -> KeyBindings:
    """The application's one set of keys."""
    return KeyBindings()


def defaults_of(action: QAction) -> list[QKeySequence]:
    """The keys that the action came with."""
    kept = action.property(_DEFAULTS)
    return [QKeySequence(key) for key in kept] if isinstance(kept, list) else action.shortcuts()


def _clash(one: QKeySequence, other: QKeySequence) -> bool:
    no_match = QKeySequence.SequenceMatch.NoMatch
    return one.matches(other) != no_match or other.matches(one) != no_match


def _portable(keys: Sequence[QKeySequence]) -> list[str]:
    return [key.toString(QKeySequence.SequenceFormat.PortableText) for key in keys]


def _read(stored: object) -> list[QKeySequence]:
    """Qt's settings give one-element lists back as the element, and empty ones as None."""
    if stored is None or stored == "":
        return []
    listed = stored if isinstance(stored, list) else [stored]
    return [QKeySequence(str(key)) for key in listed if key]
