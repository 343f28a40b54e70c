"""What a pen's pressure does to brush and eraser; shown once a pen has been used here."""

from __future__ import annotations

from typing import ClassVar, Final

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from studio.ui.label.buttons import icon_button
from studio.ui.label.choices import BRUSH_TOOLS, Choices, ToolName
from studio.ui.label.options.base import ToolOptions
from studio.ui.theme import theme

_SHARES: Final = (0, 10, 20, 35, 50, 75)
"""Per cent of the brush's size that the lightest touch may paint with."""


class PenOptions(ToolOptions):
    """A button that turns pressure on and off; its menu says how thin the lightest touch is."""

    tools: ClassVar[frozenset[ToolName]] = BRUSH_TOOLS

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(choices, parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.follows = icon_button("The pen's pressure makes the brush smaller or larger", icon_size=18)
        self.follows.setAccessibleName("Follow the pen's pressure")
        self.follows.setCheckable(True)
        self.follows.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.shares: dict[int, QAction] = {}
        self.follows.setMenu(self._make_menu())
        self.row.addWidget(self.follows)
        self.follows.clicked.connect(choices.brush.follow_pressure)
        choices.brush.changed.connect(self._show)
        theme().changed.connect(self._dress)
        self._show()
        self._dress()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        for percent in _SHARES:
            action = QAction(f"The lightest touch paints {percent} % of the size", menu, checkable=True)
            action.triggered.connect(lambda _=False, share=percent / 100: self.choices.brush.set_smallest_share(share))
            group.addAction(action)
            menu.addAction(action)
            self.shares[percent] = action
        return menu

    def _show(self) -> None:
        brush = self.choices.brush
        self.follows.setVisible(brush.pen_was_seen)
        self.follows.setChecked(brush.follows_pressure)
        share = round(brush.smallest_share * 100)
        if share in self.shares:
            self.shares[share].setChecked(True)

    def _dress(self) -> None:
        self.follows.setIcon(theme().icon("pressure"))
