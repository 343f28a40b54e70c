"""The actions that change how picture and label are seen."""

from __future__ import annotations

from PySide6.QtGui import QAction

from studio.ui.label.page_actions import PageActions
from studio.ui.label.view_choices import ViewChoices


class ViewActions:
    """Each is a tick in the View menu that follows its choice."""

    def __init__(self, actions: PageActions, choices: ViewChoices) -> None:
        self._choices = choices
        self._ticks: dict[str, QAction] = {}
        parts = (
            ("outline", "Outlines only", "Shift+O", "outline"),
            ("alone", "Chosen class alone", "Alt+O", "alone-class"),
            ("rulers", "Rulers", "Ctrl+R", "ruler"),
        )
        for name, text, keys, icon in parts:
            actions.begin("label" if name != "rulers" else "picture")
            self._ticks[name] = actions.add(
                f"view_{name}", text, keys, lambda name=name: self._flip(name), menu="View", icon=icon, checkable=True
            )
        actions.begin("picture")
        actions.add("reset_look", "The picture as it is", "Alt+0", choices.reset_look, menu="View")
        choices.changed.connect(self._show)
        self._show()

    def _flip(self, name: str) -> None:
        self._choices.set(**{name: not getattr(self._choices.seen, name)})

    def _show(self) -> None:
        for name, action in self._ticks.items():
            action.setChecked(bool(getattr(self._choices.seen, name)))
