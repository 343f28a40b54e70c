"""The line under the grid: a button for each decision, and the way on to a fine-tuning."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QToolButton

from studio.ui.review.actions import ReviewActions
from studio.ui.review.fine_tune import FineTuneBar

_WORDS: Final = {
    "review_accept": "Accept",
    "review_region": "Region",
    "review_class": "Class",
    "review_label_right": "Label right",
    "review_edit": "Edit",
    "review_leave_out": "Leave out",
    "review_note": "Ask",
}
"""What buttons say, from left to right."""


class DecidingBar(QFrame):
    """Decisions and fine-tuning have a line each, or share one where there is room for both."""

    def __init__(self, actions: ReviewActions, fine_tune: FineTuneBar) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setMinimumWidth(1)  # else one long line would keep the window from getting narrower
        self._fine_tune = fine_tune
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._rows.setContentsMargins(12, 7, 12, 7)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        for name in (name for name in _WORDS if name in actions):
            self._buttons.addWidget(_button(actions[name], with_text=True))
        self._buttons.addSpacing(10)
        for name in ("review_undo", "review_redo"):
            self._buttons.addWidget(_button(actions[name], with_text=False))
        self._buttons.addStretch(1)
        self._rows.addLayout(self._buttons, 1)
        self._rows.addWidget(fine_tune)

    def give_room(self, width: int) -> None:
        """Lay both out for a bar of `width` pixels."""
        margins = self._rows.contentsMargins()
        room = width - margins.left() - margins.right()
        beside = room - self._buttons.sizeHint().width() - self._rows.spacing()
        wide = beside >= self._fine_tune.unfolded_width
        self._rows.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._fine_tune.give_room(beside if wide else room)


def _button(action: QAction, *, with_text: bool) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setObjectName(f"{action.objectName()}_button")
    button.setAccessibleName(action.text())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if with_text:
        action.setIconText(f"{_WORDS[action.objectName()]}  {action.shortcut().toString()}")
    style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if with_text else Qt.ToolButtonStyle.ToolButtonIconOnly
    button.setToolButtonStyle(style)
    return button
