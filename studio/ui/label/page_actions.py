"""Everything the Label page can do, as actions with keys: for its buttons, for the menu bar, for the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.ui.label.choices import TOOLS_OF, Choices, ToolName
from studio.ui.theme import theme

MENU: Final = "menu"
"""The property that names an action's menu."""

PART: Final = "part"
"""The property that names an action's part of its menu; a line parts it from the others."""

TOOL_KEYS: Final = {
    ToolName.BRUSH: ("Brush", "B"),
    ToolName.ERASER: ("Eraser", "E"),
    ToolName.POLYGON: ("Polygon", "P"),
    ToolName.LASSO: ("Lasso", "L"),
    ToolName.RECTANGLE: ("Rectangle", "R"),
    ToolName.ELLIPSE: ("Ellipse", "C"),
    ToolName.FILL: ("Fill", "G"),
    ToolName.REGION: ("Modify region", "M"),
    ToolName.WAND: ("Wand", "W"),
    ToolName.SCISSORS: ("Scissors", "S"),
    ToolName.GRABCUT: ("Cut out", "K"),
    ToolName.SUPERPIXELS: ("Superpixels", "X"),
    ToolName.PICK: ("Pick class", "I"),
    ToolName.POINT: ("Point", "P"),
    ToolName.TEMPLATE: ("Template", "T"),
    ToolName.HAND: ("Hand", "H"),
}

_PART_OF: Final = {
    ToolName.BRUSH: "strokes",
    ToolName.POLYGON: "outlines",
    ToolName.FILL: "regions",
    ToolName.PICK: "looking",
    ToolName.POINT: "points",
}
"""The tools with which a new part of their menu begins."""

Keys = str | QKeySequence.StandardKey | Sequence[str]


class PageActions(QObject):
    """Makes actions that work while the keyboard is anywhere on `page`; `all` has them in menu order."""

    def __init__(self, page: QWidget, choices: Choices) -> None:
        super().__init__(page)
        self._page = page
        self._choices = choices
        self._icons: list[tuple[QAction, str]] = []
        self._part = ""
        self.all: list[QAction] = []
        self.tools: dict[ToolName, QAction] = {}
        theme().changed.connect(self._dress)

    def begin(self, part: str) -> None:
        """What is added from now on belongs together, and to what was added to `part` before."""
        self._part = part

    def add(
        self,
        name: str,
        text: str,
        keys: Keys,
        slot: Callable[[], object],
        *,
        menu: str,
        icon: str | None = None,
        checkable: bool = False,
    ) -> QAction:
        """An action called `name`; its tool tip names the first of its keys."""
        action = QAction(text, self._page, checkable=checkable)
        action.setObjectName(name)
        action.setProperty(MENU, menu)
        action.setProperty(PART, self._part)
        sequences = _sequences(keys)
        action.setShortcuts(sequences)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shown = sequences[0].toString(QKeySequence.SequenceFormat.NativeText) if sequences else ""
        action.setToolTip(f"{text} ({shown})" if shown else text)
        if icon is not None:
            action.setIcon(theme().icon(icon))
            self._icons.append((action, icon))
        action.triggered.connect(lambda _checked=False: slot())
        self._page.addAction(action)
        self.all.append(action)
        return action

    def add_tools(self) -> None:
        """One checkable action a tool; exactly the tool in use is checked."""
        group = QActionGroup(self)
        for tool in TOOLS_OF[self._choices.task]:
            self.begin(_PART_OF.get(tool, self._part))
            text, key = TOOL_KEYS[tool]
            action = self.add(
                f"tool_{tool}",
                text,
                key,
                lambda tool=tool: self._choices.choose_tool(tool),
                menu="Tools",
                icon=str(tool),
                checkable=True,
            )
            group.addAction(action)
            self.tools[tool] = action
        self._choices.tool_changed.connect(self._check_tool)
        self._check_tool(self._choices.tool)

    def drop(self, names: Collection[str]) -> None:
        """Take actions away that say nothing in this project: from the menus, the keyboard and the palette."""
        for action in [action for action in self.all if action.objectName() in names]:
            self.all.remove(action)
            self._page.removeAction(action)
            action.setShortcuts([])

    @property
    def reserved_keys(self) -> frozenset[str]:
        """The single characters that actions have, which a class therefore cannot have."""
        keys = (sequence.toString() for action in self.all for sequence in action.shortcuts())
        return frozenset(key.upper() for key in keys if len(key) == 1)

    def _check_tool(self, tool: str) -> None:
        self.tools[ToolName(tool)].setChecked(True)

    def _dress(self) -> None:
        for action, icon in self._icons:
            action.setIcon(theme().icon(icon))


def _sequences(keys: Keys) -> list[QKeySequence]:
    if isinstance(keys, QKeySequence.StandardKey):
        return QKeySequence.keyBindings(keys)[:1]  # the others are keys that few keyboards have
    if isinstance(keys, str):
        return [QKeySequence(keys)] if keys else []
    return [QKeySequence(key) for key in keys]
