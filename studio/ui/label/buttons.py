"""Buttons of actions, set up the same way everywhere: small ones with an icon, and ones with a word."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton


def icon_button(tip: str, *, icon_size: int = 18) -> QToolButton:
    """A flat button with a tool tip, which is its name for a screen reader too; the icon is the caller's to set."""
    button = QToolButton()
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setIconSize(QSize(icon_size, icon_size))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def action_button(action: QAction, *, side: int | None = None, icon_size: int = 18) -> QToolButton:
    """A button for an action: reached by Tab, while a click leaves the keyboard where it is."""
    button = icon_button(action.text(), icon_size=icon_size)
    button.setDefaultAction(action)
    if side is not None:
        button.setFixedSize(side, side)
    return button


def words_button(action: QAction, text: str, *, primary: bool = False) -> QPushButton:
    """A button for an action, with a shorter text; it follows the action and leaves the keyboard to the canvas."""
    button = QPushButton(text)
    button.setObjectName(f"{action.objectName()}_button")
    button.setProperty("primary", primary)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())

    action.changed.connect(follow)
    follow()
    return button
