"""Combo boxes of the bar over the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from studio.core.classes import LabelClass

_ICON: Final = 12
_WIDEST: Final = 190


class ChoiceBox(QComboBox):
    """A click does not take the keyboard from the items, Tab does; then the arrow keys go through the entries."""

    chosen = Signal()
    """An entry of the open list was chosen, with the mouse or Enter; the keys may go to the items."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._is_open = False
        self._was_open = False
        """Whether the list closed just now, and no key or wheel came to the box since."""
        self.activated.connect(self._tell)

    def showPopup(self) -> None:
        self._is_open = True
        super().showPopup()

    def hidePopup(self) -> None:
        super().hidePopup()
        self._was_open, self._is_open = self._is_open, False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._was_open = False
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._was_open = False
        super().wheelEvent(event)

    def _tell(self) -> None:
        """Qt tells of an entry that is chosen from the list after that is closed, and of any other entry alike."""
        if self._was_open:
            self._was_open = False
            self.chosen.emit()


def make_combo(name: str, accessible: str, entries: Sequence[tuple[str, object]]) -> ChoiceBox:
    """`entries` are words and what they stand for."""
    combo = ChoiceBox()
    combo.setObjectName(name)
    combo.setAccessibleName(accessible)
    combo.setToolTip(accessible)
    combo.setMaximumWidth(_WIDEST)
    for words, value in entries:
        combo.addItem(words[:1].upper() + words[1:], value)
    return combo


def add_classes(combo: QComboBox, classes: Sequence[LabelClass]) -> None:
    """Those that are not void, each with its colour, standing for their ids."""
    for label_class in classes:
        if not label_class.void:
            combo.addItem(_swatch(label_class.color), label_class.name, label_class.id)


def choose(combo: QComboBox, value: object) -> None:
    """The entry that stands for `value`; the first one where there is none."""
    combo.setCurrentIndex(max(0, combo.findData(value)) if value is not None else 0)


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(_ICON, _ICON)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
