"""What is done to all selected items of the list: their split, and whether they take part."""

from __future__ import annotations

from collections.abc import Callable

from studio.core.items import Split
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.page_actions import PageActions


class SelectionActions:
    """The same as the list's own menu has, for the keyboard and the palette; `tell` says what was done."""

    def __init__(self, actions: PageActions, items: ItemsPanel, tell: Callable[[str], object]) -> None:
        self._items = items
        self._tell = tell
        add = actions.add
        add("select_all_items", "Select all items", "Ctrl+A", items.select_all, menu="Edit")
        for number, split in enumerate(Split, start=1):
            text, key = f"Move selected items to {split}", f"Ctrl+Alt+{number}"
            add(f"move_to_{split}", text, key, lambda split=split: self._move(split), menu="Edit")
        add("leave_out", "Leave out selected items", "Ctrl+Alt+L", lambda: self._leave_out(True), menu="Edit")
        add("take_back_in", "Take selected items back in", "Ctrl+Alt+I", lambda: self._leave_out(False), menu="Edit")

    def _move(self, split: Split) -> None:
        self._items.move_selected(split)
        self._tell(f"{self._what()} in {split} now.")

    def _leave_out(self, left_out: bool) -> None:
        self._items.leave_out_selected(left_out)
        self._tell(f"{self._what()} {'left out of every run' if left_out else 'back in'} now.")

    def _what(self) -> str:
        number = len(self._items.selected_ids())
        return "This item is" if number == 1 else f"{number:,} items are"
