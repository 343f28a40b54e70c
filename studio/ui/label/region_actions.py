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
    ("grow", "Grow", "the region", "the whole class", "Up", RegionOperation.GROW),
    ("shrink", "Shrink", "the region", "the whole class", "Down", RegionOperation.SHRINK),
    ("smooth", "Smooth", "the region", "the whole class", "S", RegionOperation.SMOOTH),
    ("fill_holes", "Fill holes", "of the region", "of the whole class", "B", RegionOperation.FILL_HOLES),
    ("specks", "Remove specks", "of the class", "of all classes", "K", RegionOperation.REMOVE_SPECKS),
    ("replace", "Give the current class", "to the region", "to the whole class", "G", RegionOperation.REPLACE),
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
        add("copy_label", "Copy the label of the frame before", "Alt+C", sequence.copy, menu=MENU, icon="copy")
        add(
            "copy_label_over",
            "Copy it over everything",
            "Alt+Shift+C",
            lambda: sequence.copy(everything=True),
            menu=MENU,
        )
        add("copy_class", "Copy the class under the cursor", "Alt+X", lambda: sequence.copy(one_class=True), menu=MENU)
        add("interpolate", "Interpolate between two frames", "J", sequence.interpolate, menu=MENU)
        actions.begin("locks")
        self.lock = actions.add(
            "lock_class", "Lock the current class", "Ctrl+L", self._toggle_lock, menu=MENU, checkable=True
        )
        self.only_unlabelled: QAction = actions.add(
            "only_unlabelled",
            "Paint over unlabelled only",
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
