"""Combo boxes of the bar over the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox

from studio.core.classes import LabelClass

_ICON: Final = 12
_WIDEST: Final = 190


def make_combo(name: str, accessible: str, entries: Sequence[tuple[str, object]]) -> QComboBox:
    """`entries` are words and what they stand for."""
    combo = QComboBox()
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
