"""The actions of projects whose labels are classes of whole items."""

from __future__ import annotations

from PySide6.QtGui import QAction

from studio.ui.label.page_actions import PageActions
from studio.ui.label.tagging.tagging import Tagging

FOR_PIXELS = (
    "fainter",
    "stronger",
    "view_outline",
    "view_alone",
    "next_view",
    "accept_here",
    "propose_here",
    "propose_next",
    "propose_all",
)
"""Actions that say nothing where a label has no place in the picture, or no model proposes it."""

FOR_PICTURES = ("fit", "actual_size", "zoom_in", "zoom_out", "overlay", "view_rulers", "reset_look", "tool_hand")
"""Actions that say nothing where there is no picture."""


class TagActions:
    """Also known by name to the panel, whose buttons they are."""

    def __init__(self, actions: PageActions, tagging: Tagging) -> None:
        add = actions.add
        self.none: QAction | None = None
        self.advance: QAction | None = None
        if tagging.is_multi:
            self.none = add("tag_none", "None of the classes", "0", tagging.say_none, menu="Label")
        self.clear = add("tag_clear", "Clear the label", ("Backspace", "Del"), tagging.clear, menu="Label")
        self.find = add("tag_find", "Find a class", "/", lambda: None, menu="Label", icon="search")
        if not tagging.is_multi:
            self.advance = add(
                "tag_advance",
                "Go to the next item after choosing",
                "Ctrl+Shift+N",
                lambda: tagging.set_advances(not tagging.advances),
                menu="Label",
                checkable=True,
            )
            tagging.changed.connect(lambda: self._show_advance(tagging.advances))
            self._show_advance(tagging.advances)

    def _show_advance(self, advances: bool) -> None:
        if self.advance is not None:
            self.advance.setChecked(advances)
