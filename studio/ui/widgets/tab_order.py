"""The order in which Tab goes through the parts of a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def set_tab_order(parts: Sequence[QWidget]) -> None:
    """Tab goes through what each part holds before it goes on to the next part."""
    held = [widget for part in parts for widget in (part, *part.findChildren(QWidget))]
    reached = [w for w in held if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.window() is parts[0].window()]
    for widget, following in pairwise(reached):
        QWidget.setTabOrder(widget, following)
