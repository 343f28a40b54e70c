"""Which part of a view has the keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget


def hand_focus_on(view: QWidget, stack: QStackedWidget, table: QWidget) -> None:
    """`view` gives the keyboard to its table, or to what its stack shows in the table's place."""

    def choose(_place: int = 0) -> None:
        shown = stack.currentWidget() or table
        view.setFocusProxy(table if shown is table or shown.isAncestorOf(table) else shown)
        focused = view.window().focusWidget()
        if focused is not None and shown.isAncestorOf(focused):
            view.setFocus()

    stack.currentChanged.connect(choose)
    choose()
