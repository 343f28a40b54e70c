"""The actions of the Region menu: what can be done to a region or a class as a whole, and what is locked."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QAction

from studio.core.region_wishes import RegionOperation
from studio.ui.label.choices import Choices
from studio.ui.label.page_actions import PageActions
from studio.ui.label.region_editing import RegionEditing
from studio.ui.label.sequence_editing import SequenceEditing

MENU: Final = "Region"

_OPERATIONS: Final = (
    ("grow", "Grow", "the Region", "the Whole Class", "Up", RegionOperation.GROW),
    ("shrink", "Shrink", "the Region", "the Whole Class", "Down", RegionOperation.SHRINK),
    ("smooth", "Smooth", "the Region", "the Whole Class", "S", RegionOperation.SMOOTH),
    ("fill_holes", "Fill Holes", "of the Region", "of the Whole Class", "B", RegionOperation.FILL_HOLES),
    ("specks", "Remove Specks", "of the Class", "of All Classes", "K", RegionOperation.REMOVE_SPECKS),
    ("replace", "Give the Current Class", "to the Region", "to the Whole Class", "G", RegionOperation.REPLACE),
)
"""Name, words, what it is about without and with Shift, and the key that goes with Alt."""

_PART_OF: Final = {
    RegionOperation.FILL_HOLES: "clean",
    RegionOperation.REMOVE_SPECKS: "clean",
    RegionOperation.REPLACE: "replace",
}
"""The part of the menu, where it is not that of growing and shrinking."""


class RegionActions:
    def __init__(
        self, actions: PageActions, choices: Choices, editing: RegionEditing, sequence: SequenceEditing
    ) -> None:
        self._choices = choices
        self._sequence = sequence
        for name, text, region, whole, key, operation in _OPERATIONS:
            actions.begin(_PART_OF.get(operation, "size"))
            for what, ending, shift in ((region, "", ""), (whole, "_all", "Shift+")):
                actions.add(
                    f"{name}{ending}",
                    f"{text} {what}",
                    f"Alt+{shift}{key}",
                    lambda operation=operation, shift=shift: editing.ask(operation, whole=bool(shift)),
                    menu=MENU,
                )
        add = actions.add
        actions.begin("frames")
        add("copy_label", "Copy the Label of the Frame Before", "Alt+C", sequence.copy, menu=MENU, icon="copy")
        add(
            "copy_label_over",
            "Copy It over Everything",
            "Alt+Shift+C",
            lambda: sequence.copy(everything=True),
            menu=MENU,
        )
        add("copy_class", "Copy the Class under the Cursor", "Alt+X", lambda: sequence.copy(one_class=True), menu=MENU)
        add("interpolate", "Interpolate between Two Frames", "J", sequence.interpolate, menu=MENU)
        actions.begin("locks")
        self.lock = actions.add(
            "lock_class", "Lock the Current Class", "Ctrl+L", self._toggle_lock, menu=MENU, checkable=True
        )
        self.only_unlabelled: QAction = actions.add(
            "only_unlabelled",
            "Paint over Unlabelled Only",
            "Ctrl+U",
            lambda: choices.locks.set_only_unlabelled(self.only_unlabelled.isChecked()),
            menu=MENU,
            checkable=True,
        )
        choices.locks.changed.connect(self._show_locks)
        choices.class_changed.connect(self._show_locks)
        self._show_locks()

    def close(self) -> None:
        """End the threads."""
        self._sequence.close()

    def _toggle_lock(self) -> None:
        self._choices.locks.toggle(self._choices.class_id)

    def _show_locks(self, *_: object) -> None:
        self.lock.setChecked(self._choices.locks.is_locked(self._choices.class_id))
        self.only_unlabelled.setChecked(self._choices.locks.only_unlabelled)
