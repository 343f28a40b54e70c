"""Buttons in a row of which one is down: what a part of a page shows."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import TypeVar

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton

Tab = TypeVar("Tab", bound=enum.Enum)


class TabRow(QHBoxLayout):
    """Left-aligned; more may be added behind."""

    def __init__(self, buttons: Iterable[QPushButton]) -> None:
        super().__init__()
        self.setSpacing(0)
        group = QButtonGroup(self)
        for button in buttons:
            group.addButton(button)
            self.addWidget(button)
        self.addStretch(1)


def tab_buttons(tabs: type[Tab], chosen: Callable[[Tab], object]) -> dict[Tab, QPushButton]:
    """A button for each, named by its value; `chosen` hears which one a person pressed."""
    last = len(tabs) - 1
    buttons: dict[Tab, QPushButton] = {}
    for number, tab in enumerate(tabs):
        button = QPushButton(tab.value)
        button.setObjectName(f"tab_{tab.name.lower()}")
        button.setCheckable(True)
        button.setProperty("segment", "first" if number == 0 else "last" if number == last else "middle")
        button.clicked.connect(lambda _=False, tab=tab: chosen(tab))
        buttons[tab] = button
    return buttons
