"""Texts that name keys: they say the keys that an action has now, which the person may have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.ui.keyboard.bindings import key_bindings
from studio.ui.widgets.elided_label import SEPARATOR

_TIP: Final = "keyed_tip"
"""The property that keeps a tool tip as it was written."""

_NAMED: Final = re.compile(r"\{(\w+)\}")
_BRACKETED: Final = re.compile(r" \([^()]*\{(\w+)\}[^()]*\)")


def key_of(action: QAction) -> str:
    """The main key of an action as people know it; empty where it has none."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def set_keyed_tip(widget: QWidget, text: str) -> None:
    """A tool tip that names actions in braces, for the `KeyedTexts` of the page on which the widget comes to be."""
    widget.setProperty(_TIP, text)


class KeyedTexts(QObject):
    """Texts name an action by its object name in braces, as in "Brush size ({smaller_brush} and {larger_brush})". What
    is in brackets, or between two of the dots that part a usage, goes when an action in it has no key; elsewhere the
    action's own text stands for the key."""

    def __init__(self, page: QWidget, actions: Iterable[QAction]) -> None:
        super().__init__(page)
        self._page = page
        self._actions = {action.objectName(): action for action in actions}
        key_bindings().changed.connect(self.refresh)
        self.refresh()

    def fill(self, text: str) -> str:
        """`text` with keys in place of the names that are actions'."""
        parts = text.split(SEPARATOR)
        if len(parts) > 1:
            parts = [part for part in parts if not any(self._lacks_key(name) for name in _NAMED.findall(part))]
        kept = _BRACKETED.sub(
            lambda found: "" if self._bracket_lacks_key(found[0]) else found[0], SEPARATOR.join(parts)
        )
        return _NAMED.sub(lambda found: self._said(found[1], found[0]), kept)

    def refresh(self) -> None:
        """Say all tool tips anew."""
        for widget in self._page.findChildren(QWidget):
            text = widget.property(_TIP)
            if isinstance(text, str):
                widget.setToolTip(self.fill(text))

    def _bracket_lacks_key(self, bracket: str) -> bool:
        return any(self._lacks_key(name) for name in _NAMED.findall(bracket))

    def _lacks_key(self, name: str) -> bool:
        return name in self._actions and not key_of(self._actions[name])

    def _said(self, name: str, written: str) -> str:
        if name not in self._actions:
            return written
        return key_of(self._actions[name]) or f"“{self._actions[name].text()}”"
