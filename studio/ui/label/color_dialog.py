"""Asking for a colour without holding up the work."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QWidget


def ask_for_color(parent: QWidget, title: str, color: str, chosen: Callable[[str], object]) -> QColorDialog:
    """Show a colour dialog beside the work; `chosen` gets `#rrggbb` when a person agrees to one."""
    dialog = QColorDialog(QColor(color), parent)
    dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
    dialog.setWindowTitle(title)
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.colorSelected.connect(lambda picked: chosen(picked.name()))
    dialog.show()
    return dialog
